using System.Collections.ObjectModel;
using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>What a request needs of one connection: its opened tokens, scopes and URL variables.</summary>
public sealed record GrantMaterial
{
    /// <summary>The access token; null: none, or not needed.</summary>
    public Secret? AccessToken { get; init; }

    /// <summary>The refresh token; null: there is none.</summary>
    public Secret? RefreshToken { get; init; }

    /// <summary>
    /// The stored token could not be opened. The request is then built with a placeholder in its place, for the record
    /// only (D1).
    /// </summary>
    public bool DecryptFailed { get; init; }

    /// <summary>When the stored access token ends: tells an extended token from the same one handed back.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Scopes as granted last.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Values of the provider's URL variables: the integration's and the connection's.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
