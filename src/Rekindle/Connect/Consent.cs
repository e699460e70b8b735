using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What a sign-in brought: the tokens, and whose they are.</summary>
internal sealed record Consent
{
    /// <summary>The tokens, with the scopes that were granted.</summary>
    public required TokenAnswer Tokens { get; init; }

    /// <summary>When the request for them was sent: their life counts from here.</summary>
    public required DateTimeOffset SentAt { get; init; }

    /// <summary>When the person consented.</summary>
    public required DateTimeOffset GrantedAt { get; init; }

    /// <summary>Client id that it belongs to.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whose account it is; null: this provider has no way to tell.</summary>
    public ProviderAccount? Account { get; init; }

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>The connection as it was then; null: there was none.</summary>
    public ReplacedGrant? Beside { get; init; }
}
