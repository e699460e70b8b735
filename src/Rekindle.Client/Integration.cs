namespace Rekindle.Client;

/// <summary>The operator's OAuth client at a provider in one environment.</summary>
public sealed record Integration
{
    /// <summary>Key within the environment: <c>google</c>, <c>google-calendar</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Key of the catalogue entry.</summary>
    public required string Provider { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Client id; empty: from the server's configuration.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Whether a client secret is stored. It can be written, never read.</summary>
    public bool ClientSecretSet { get; init; }

    /// <summary>Whether a private key is stored. It can be written, never read.</summary>
    public bool PrivateKeySet { get; init; }

    /// <summary>Whether credentials that the record lacks come from the server's configuration.</summary>
    public bool CredentialsFromConfiguration { get; init; }

    /// <summary>When the client secret ends, if the operator said so.</summary>
    public DateTimeOffset? SecretExpiresAt { get; init; }

    /// <summary>Scopes asked for when a purpose names none.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Purpose → its scopes.</summary>
    public IReadOnlyDictionary<string, Purpose> Purposes { get; init; } = new Dictionary<string, Purpose>();

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Where a finished connect flow may return to.</summary>
    public IReadOnlyList<string> AllowedReturnUrls { get; init; } = [];

    /// <summary>Questions on the connect form.</summary>
    public IReadOnlyList<ConnectField> ConnectFields { get; init; } = [];

    /// <summary>How its connections are treated.</summary>
    public required IntegrationPolicy Policy { get; init; }

    /// <summary><c>active</c>, <c>paused</c>, <c>misconfigured</c> or <c>suspect</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why, in words for the operator.</summary>
    public string? StateReason { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>The provider asked us to wait until then.</summary>
    public DateTimeOffset? ThrottledUntil { get; init; }

    /// <summary>When a misconfigured integration is tried next.</summary>
    public DateTimeOffset? NextProbeAt { get; init; }

    /// <summary>Until when budget and slots are raised; null: no recovery.</summary>
    public DateTimeOffset? RecoveryUntil { get; init; }

    /// <summary>Raised with every change of configuration.</summary>
    public int ConfigVersion { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>Scopes of a purpose.</summary>
public sealed record Purpose
{
    /// <summary>What the purpose needs.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Whether it needs a grant of its own even when another covers its scopes.</summary>
    public bool Separate { get; init; }
}
