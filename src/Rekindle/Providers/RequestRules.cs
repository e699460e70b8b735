namespace Rekindle.Providers;

/// <summary>How a client proves itself at the token endpoint.</summary>
public enum ClientAuthentication
{
    /// <summary>Id and secret as parameters of the body (RFC 6749 §2.3.1).</summary>
    Post,

    /// <summary>Basic header, id and secret form-encoded first, as RFC 6749 §2.3.1 asks.</summary>
    Basic,

    /// <summary>Basic header without form-encoding (Epic Games and others).</summary>
    BasicUnencoded,

    /// <summary>Id and secret in the query string.</summary>
    Query,

    /// <summary>Public client: only the id.</summary>
    None,

    /// <summary>RFC 7523 assertion signed with the integration's private key, sent as <c>client_assertion</c>.</summary>
    PrivateKeyJwt,

    /// <summary>A signed JWT sent as <c>client_secret</c> (Apple).</summary>
    JwtAsSecret,
}

/// <summary>Where parameters of a token request travel.</summary>
public enum ParameterFormat
{
    /// <summary>application/x-www-form-urlencoded body.</summary>
    Form,

    /// <summary>JSON body.</summary>
    Json,

    /// <summary>Query string; a POST then carries an empty form so that nothing is sent twice by the transport.</summary>
    Query,
}

/// <summary>What a refresh is at this provider.</summary>
public enum RefreshKind
{
    /// <summary>RFC 6749 §6: a refresh token is exchanged.</summary>
    RefreshToken,

    /// <summary>The access token itself is exchanged for a longer one before it expires (Meta, Instagram).</summary>
    AccessToken,

    /// <summary>Access tokens do not expire and cannot be refreshed.</summary>
    None,
}

/// <summary>Use of PKCE (RFC 7636).</summary>
public enum PkceUse
{
    /// <summary>S256 is sent; the provider ignores it at worst.</summary>
    Allowed,

    /// <summary>S256 is sent; the provider refuses without.</summary>
    Required,

    /// <summary>Must not be sent.</summary>
    Broken,
}

/// <summary>Which scopes a refresh asks for.</summary>
public enum ScopeOnRefresh
{
    /// <summary>None: RFC 6749 §6 then means "as granted".</summary>
    Omit,

    /// <summary>Those granted last time.</summary>
    SendGranted,
}

/// <summary>How authorize, token, refresh and revocation requests are built.</summary>
public sealed record RequestRules
{
    /// <summary>How the client proves itself.</summary>
    public ClientAuthentication ClientAuthentication { get; init; } = ClientAuthentication.Post;

    /// <summary>Where the parameters travel.</summary>
    public ParameterFormat Format { get; init; } = ParameterFormat.Form;

    /// <summary>HTTP method of a refresh: POST, or GET for the few.</summary>
    public string RefreshMethod { get; init; } = "POST";

    /// <summary>Format of a refresh when it differs from <see cref="Format"/>.</summary>
    public ParameterFormat? RefreshFormat { get; init; }

    /// <summary>What a refresh is.</summary>
    public RefreshKind RefreshKind { get; init; } = RefreshKind.RefreshToken;

    /// <summary>Value of <c>grant_type</c> in a refresh; empty: the parameter is not sent.</summary>
    public string RefreshGrantType { get; init; } = "refresh_token";

    /// <summary>Name of the parameter that carries the token in a refresh.</summary>
    public string RefreshTokenParameter { get; init; } = "refresh_token";

    /// <summary>
    /// Value of <c>grant_type</c> when the first access token is exchanged for a lasting one at
    /// <see cref="ProviderEndpoints.Upgrade"/>; otherwise that request looks like a refresh.
    /// </summary>
    public string? UpgradeGrantType { get; init; }

    /// <summary>Whether a refresh authenticates the client at all (Instagram's does not).</summary>
    public bool RefreshAuthenticatesClient { get; init; } = true;

    /// <summary>Standard parameter name → name at this provider (<c>client_id</c> → <c>client_key</c>).</summary>
    public IReadOnlyDictionary<string, string> ParameterNames { get; init; } = new Dictionary<string, string>();

    /// <summary>Variable whose value goes as <c>redirect_uri</c> in place of the callback's address (eBay's RuName); null: the address itself.</summary>
    public string? RedirectUriVariable { get; init; }

    /// <summary><c>aud</c> of a signed assertion; null: the endpoint the request goes to.</summary>
    public string? AssertionAudience { get; init; }

    /// <summary>Extra parameters of the authorization request. Here and below: one of a standard name replaces it, an empty value removes it.</summary>
    public IReadOnlyDictionary<string, string> AuthorizeParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Extra parameters of the code exchange.</summary>
    public IReadOnlyDictionary<string, string> TokenParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Extra parameters of a refresh.</summary>
    public IReadOnlyDictionary<string, string> RefreshParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Extra headers of every token request (<c>User-Agent</c>, <c>Notion-Version</c>).</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Between scopes: a space, or a comma for some.</summary>
    public string ScopeSeparator { get; init; } = " ";

    /// <summary>Parameter that carries the scopes at authorize (Slack user scopes: <c>user_scope</c>).</summary>
    public string ScopeParameter { get; init; } = "scope";

    /// <summary>Which scopes a refresh asks for.</summary>
    public ScopeOnRefresh ScopeOnRefresh { get; init; } = ScopeOnRefresh.Omit;

    /// <summary>Use of PKCE.</summary>
    public PkceUse Pkce { get; init; } = PkceUse.Allowed;

    /// <summary><c>response_mode</c> at authorize; null: the provider's default (query).</summary>
    public string? ResponseMode { get; init; }

    /// <summary>Whether every callback names its issuer in <c>iss</c> (RFC 9207): one without is then refused.</summary>
    public bool CallbackIssuer { get; init; }

    /// <summary>Whether the callback carries Shopify's <c>hmac</c> over its sorted query.</summary>
    public bool CallbackHmac { get; init; }

    /// <summary>HTTP method of a revocation: POST, or DELETE for the few.</summary>
    public string RevokeMethod { get; init; } = "POST";

    /// <summary>Format of a revocation when it differs from <see cref="Format"/>.</summary>
    public ParameterFormat? RevokeFormat { get; init; }

    /// <summary>Whether the token to revoke goes in the Authorization header, alone, instead of a parameter beside the client's credentials.</summary>
    public bool RevokeBearer { get; init; }

    /// <summary>Which token a revocation sends: <c>refresh_token</c> or <c>access_token</c>.</summary>
    public string RevokeToken { get; init; } = "refresh_token";

    /// <summary>Name of the parameter that carries the token in a revocation.</summary>
    public string RevokeTokenParameter { get; init; } = "token";

    /// <summary>How the client proves itself at revocation when it differs.</summary>
    public ClientAuthentication? RevokeAuthentication { get; init; }
}
