namespace Rekindle.Providers;

/// <summary>
/// One entry of the catalogue: how one authorization server behaves. Data, read from YAML by
/// the catalogue; nothing in the engine asks for a provider by name.
/// </summary>
public sealed record ProviderDefinition
{
    /// <summary>Stable key, lower case with dashes: <c>google</c>, <c>ebay-sandbox</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Name shown to people.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Version of the entry; raised with every change of its facts.</summary>
    public int Version { get; init; } = 1;

    /// <summary>When the entry's facts were last checked as a whole.</summary>
    public DateOnly? VerifiedOn { get; init; }

    /// <summary>Where requests go.</summary>
    public required ProviderEndpoints Endpoints { get; init; }

    /// <summary>What the endpoint templates' placeholders may hold.</summary>
    public IReadOnlyList<ProviderVariable> Variables { get; init; } = [];

    /// <summary>How authorize, token, refresh and revocation requests are built.</summary>
    public RequestRules Requests { get; init; } = new();

    /// <summary>Where the values stand in a token answer.</summary>
    public ResponseRules Response { get; init; } = new();

    /// <summary>Where errors stand in an answer and what they mean.</summary>
    public ErrorRules Errors { get; init; } = new();

    /// <summary>Lifetimes, rotation, reuse, caps: each with its source.</summary>
    public ProviderLifecycle Lifecycle { get; init; } = new();

    /// <summary>How the account behind a grant is found.</summary>
    public IdentityRules Identity { get; init; } = new();

    /// <summary>The usual shape of its tokens: not met is a finding, never a refusal (D5).</summary>
    public TokenShape TokenShape { get; init; } = new();

    /// <summary>Addresses for people.</summary>
    public ProviderLinks Links { get; init; } = new();

    /// <summary>Scopes asked for when the integration names none; some providers require one.</summary>
    public IReadOnlyList<string> DefaultScopes { get; init; } = [];

    /// <summary>One plain sentence an operator should know before using it; null when there is none.</summary>
    public string? Note { get; init; }

    /// <summary>
    /// Whether plain http to this machine's own loopback addresses is allowed: for simulators and tests. Never written
    /// in an entry; comes from <see cref="ProviderCatalogueOptions.AllowInsecureEndpoints"/>.
    /// </summary>
    public bool AllowsInsecureEndpoints { get; init; }

    /// <summary>The issuer that answers and ID tokens must name; null: nothing is known of it.</summary>
    internal string? IssuerFor(IReadOnlyDictionary<string, string> variables) => Endpoints.Issuer switch
    {
        null => null,
        var template when UrlTemplate.Expand(template, this, variables) is UrlExpansion.Expanded(var url) => url.AbsoluteUri,

        // A value is missing or bad. No answer names this, so none is accepted.
        var template => template,
    };
}

/// <summary>URL templates; <c>{name}</c> stands for a <see cref="ProviderVariable"/>.</summary>
public sealed record ProviderEndpoints
{
    /// <summary>Authorization endpoint.</summary>
    public string? Authorize { get; init; }

    /// <summary>Token endpoint.</summary>
    public string? Token { get; init; }

    /// <summary>Where refreshes go when not to <see cref="Token"/>.</summary>
    public string? Refresh { get; init; }

    /// <summary>Where the access token of a code exchange is at once exchanged for a lasting one (Instagram); null: not needed.</summary>
    public string? Upgrade { get; init; }

    /// <summary>RFC 7009 revocation endpoint or the provider's own.</summary>
    public string? Revoke { get; init; }

    /// <summary>Issuer for the <c>iss</c> callback check (RFC 9207) and ID tokens; null: not checked.</summary>
    public string? Issuer { get; init; }

    /// <summary>OpenID discovery document; the generic <c>oidc</c> entry fills its endpoints from it.</summary>
    public string? Discovery { get; init; }
}

/// <summary>Addresses shown to people; null when unknown.</summary>
public sealed record ProviderLinks
{
    /// <summary>Provider's status page.</summary>
    public string? Status { get; init; }

    /// <summary>Where to ask the provider for help.</summary>
    public string? Support { get; init; }

    /// <summary>Where the app registration is managed.</summary>
    public string? AppConsole { get; init; }

    /// <summary>The documentation of its OAuth dialect.</summary>
    public string? Documentation { get; init; }
}

/// <summary>Usual beginnings of tokens.</summary>
public sealed record TokenShape
{
    /// <summary>Usual prefixes of access tokens.</summary>
    public IReadOnlyList<string> AccessTokenPrefixes { get; init; } = [];

    /// <summary>Usual prefixes of refresh tokens.</summary>
    public IReadOnlyList<string> RefreshTokenPrefixes { get; init; } = [];
}
