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

    /// <summary>RFC 7009 revocation endpoint or the provider's own.</summary>
    public string? Revoke { get; init; }

    /// <summary>Issuer for the <c>iss</c> callback check (RFC 9207) and ID tokens; null: not checked.</summary>
    public string? Issuer { get; init; }

    /// <summary>OpenID discovery document; the generic <c>oidc</c> entry fills its endpoints from it.</summary>
    public string? Discovery { get; init; }
}

/// <summary>Where a variable's value comes from.</summary>
public enum VariableSource
{
    /// <summary>Set once by the operator on the integration.</summary>
    Integration,

    /// <summary>Asked on the connect form or given with the session.</summary>
    Connection,

    /// <summary>Query parameter of the callback (Zoho's <c>location</c>).</summary>
    Callback,

    /// <summary>Field of the token answer (Salesforce's <c>instance_url</c>).</summary>
    TokenAnswer,
}

/// <summary>
/// A placeholder in a URL template. One that reaches a host is an enumerated value or one DNS label under a suffix
/// that the template fixes; free hosts are set only by the operator (DESIGN §5).
/// </summary>
public sealed record ProviderVariable
{
    /// <summary>Name in the templates.</summary>
    public required string Name { get; init; }

    /// <summary>Label on the connect form.</summary>
    public string? Title { get; init; }

    /// <summary>Where the value comes from.</summary>
    public VariableSource Source { get; init; } = VariableSource.Connection;

    /// <summary>Name of the callback parameter or token-answer path; null: same as <see cref="Name"/>.</summary>
    public string? From { get; init; }

    /// <summary>Allowed values; empty: see <see cref="Kind"/>. A key may map to another inserted text (Zoho: eu → zoho.eu).</summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>What the value may look like when <see cref="Values"/> is empty.</summary>
    public VariableKind Kind { get; init; } = VariableKind.DnsLabel;

    /// <summary>Value used when none is given; null: required.</summary>
    public string? Default { get; init; }
}

/// <summary>What a variable's text may be.</summary>
public enum VariableKind
{
    /// <summary>One DNS label: letters, digits, inner hyphens, at most 63.</summary>
    DnsLabel,

    /// <summary>One path segment: letters, digits, dot, dash, underscore, at most 128; not a host.</summary>
    PathSegment,

    /// <summary>A host name; only with <see cref="VariableSource.Integration"/>.</summary>
    Host,
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
