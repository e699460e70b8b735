using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>What an operator says about an integration. Null fields are left as they are, or take the default in a new one.</summary>
public sealed record IntegrationDraft
{
    /// <summary>Key of the catalogue entry.</summary>
    public string? Provider { get; init; }

    /// <summary>Name shown to people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Client id; empty: from configuration.</summary>
    public string? ClientId { get; init; }

    /// <summary>Client secret. The one before is kept until this one has worked.</summary>
    public Secret? ClientSecret { get; init; }

    /// <summary>Takes the client secret away: from configuration, or none.</summary>
    public bool RemovesClientSecret { get; init; }

    /// <summary>PEM private key for signed client authentication.</summary>
    public Secret? PrivateKey { get; init; }

    /// <summary>Takes the private key away.</summary>
    public bool RemovesPrivateKey { get; init; }

    /// <summary>When the client secret ends.</summary>
    public DateTimeOffset? SecretExpiresAt { get; init; }

    /// <summary>Scopes asked for when a purpose names none.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Purpose → its scopes.</summary>
    public IReadOnlyDictionary<string, PurposeRule>? Purposes { get; init; }

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>Where a finished connect flow may return to.</summary>
    public IReadOnlyList<string>? AllowedReturnUrls { get; init; }

    /// <summary>Questions on the connect form.</summary>
    public IReadOnlyList<Connect.ConnectField>? ConnectFields { get; init; }

    /// <summary>How its connections are treated; given the present policy, returns the wanted one.</summary>
    public Func<IntegrationPolicy, IntegrationPolicy>? Policy { get; init; }
}
