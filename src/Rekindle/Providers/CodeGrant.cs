using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>What a callback brought and its exchange needs.</summary>
public sealed record CodeGrant
{
    /// <summary>The authorization code.</summary>
    public required Secret Code { get; init; }

    /// <summary>The same redirect address as in the authorization request.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>PKCE verifier; null: none was used.</summary>
    public Secret? CodeVerifier { get; init; }

    /// <summary>Values of the provider's URL variables, those from the callback included.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
