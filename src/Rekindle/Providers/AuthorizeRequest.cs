namespace Rekindle.Providers;

/// <summary>What one authorization request asks for.</summary>
public sealed record AuthorizeRequest
{
    /// <summary>Where the provider sends the browser back.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>Opaque state bound to the browser.</summary>
    public required string State { get; init; }

    /// <summary>PKCE S256 challenge; left out where the provider's entry says that PKCE is broken.</summary>
    public string? CodeChallenge { get; init; }

    /// <summary>Scopes asked for; empty: the provider's defaults.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Account the user is expected to sign in with; null: none.</summary>
    public string? LoginHint { get; init; }

    /// <summary>OpenID Connect nonce; null: none.</summary>
    public string? Nonce { get; init; }

    /// <summary>Parameters of this request only; they win over the provider's.</summary>
    public IReadOnlyDictionary<string, string> ExtraParameters { get; init; } = new Dictionary<string, string>();
}
