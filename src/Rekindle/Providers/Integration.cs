using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>The operator's OAuth client at a provider in one environment.</summary>
public sealed record Integration
{
    /// <summary>Row number, given by the store; hot tables refer to it.</summary>
    public int Id { get; init; }

    /// <summary>Environment it belongs to.</summary>
    public required string Environment { get; init; }

    /// <summary>Key within the environment: <c>google</c>, <c>google-calendar</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Key of the catalogue entry.</summary>
    public required string Provider { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Client id; empty: comes from configuration (E4).</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Client secret; null: none, or from configuration.</summary>
    public SealedSecret? ClientSecret { get; init; }

    /// <summary>The secret before a change, tried when the new one is refused.</summary>
    public SealedSecret? PreviousClientSecret { get; init; }

    /// <summary>PEM private key for signed client authentication.</summary>
    public SealedSecret? PrivateKey { get; init; }

    /// <summary>When the client secret ends, if the operator said so (F49).</summary>
    public DateTimeOffset? SecretExpiresAt { get; init; }

    /// <summary>Scopes asked for when a purpose names none.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Purpose → its scopes (A10).</summary>
    public IReadOnlyDictionary<string, PurposeRule> Purposes { get; init; } = new Dictionary<string, PurposeRule>();

    /// <summary>Values of the provider's URL variables that the operator sets (tenant, host).</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connections.Connection.Empty;

    /// <summary>Where a finished connect flow may return to: exact origins or URLs.</summary>
    public IReadOnlyList<string> AllowedReturnUrls { get; init; } = [];

    /// <summary>What a person is asked when connecting; answers become metadata of the connection.</summary>
    public IReadOnlyList<Connect.ConnectField> ConnectFields { get; init; } = [];

    /// <summary>How its connections are treated.</summary>
    public IntegrationPolicy Policy { get; init; } = new();

    /// <summary>Where it stands.</summary>
    public IntegrationState State { get; init; } = IntegrationState.Active;

    /// <summary>Why, in words for the operator.</summary>
    public string? StateReason { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>A provider's throttling pauses it until then; null: it does not.</summary>
    public DateTimeOffset? ThrottledUntil { get; init; }

    /// <summary>Next probe of a misconfigured integration.</summary>
    public DateTimeOffset? NextProbeAt { get; init; }

    /// <summary>Probes since it became misconfigured: 5 min → 1 h.</summary>
    public int Probes { get; init; }

    /// <summary>Raised with every change of credentials, variables or policy; evidence against another version does not count (F2).</summary>
    public int ConfigVersion { get; init; } = 1;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>What a secret of this integration is bound to.</summary>
    public SealContext SealContext(SecretKind kind) => new(Environment, Key, kind);
}

/// <summary>Scopes of a purpose.</summary>
/// <param name="Scopes">What the purpose needs.</param>
/// <param name="Separate">Whether it needs a grant of its own even when another covers its scopes.</param>
public sealed record PurposeRule(IReadOnlyList<string> Scopes, bool Separate = false);

/// <summary>Where an integration stands.</summary>
public enum IntegrationState
{
    /// <summary>Open.</summary>
    Active,

    /// <summary>Paused by the operator.</summary>
    Paused,

    /// <summary>Its client credentials or registration are wrong: halted, probed now and then.</summary>
    Misconfigured,

    /// <summary>Its provider does not answer: connections keep their place, and one of them is tried now and then (the breaker).</summary>
    Unavailable,

    /// <summary>Too many of its grants died at once: verdicts are held back (F1).</summary>
    Suspect,
}
