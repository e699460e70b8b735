namespace Rekindle.Simulator.Personalities;

/// <summary>
/// How one simulated authorization server behaves: independent settings that compose. The named combinations are in
/// <see cref="Presets"/>.
/// </summary>
public sealed record Personality
{
    /// <summary>One sentence for people: what is peculiar about it.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Lifetime of an access token; null: it never expires. Default one hour.</summary>
    public TimeSpan? AccessTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time taken before each request to the token endpoint is processed. Default none.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>What a refresh is here.</summary>
    public RefreshKind RefreshKind { get; init; } = RefreshKind.RefreshToken;

    /// <summary>When a code exchange brings a refresh token.</summary>
    public RefreshTokenCondition RefreshTokenIssued { get; init; } = RefreshTokenCondition.Always;

    /// <summary>What a refresh does to refresh tokens, and what presenting an old one does.</summary>
    public RefreshTokenRules RefreshTokens { get; init; } = new();

    /// <summary>What happens to a refresh that comes while more than <see cref="EarliestRefresh"/> remains.</summary>
    public EarlyRefresh EarlyRefresh { get; init; } = EarlyRefresh.Allowed;

    /// <summary>A refresh is early while the newest access token lives longer than this.</summary>
    public TimeSpan EarliestRefresh { get; init; }

    /// <summary>Refreshes of one grant in a sliding window; null: no limit.</summary>
    public RefreshLimit? RefreshLimit { get; init; }

    /// <summary>Live grants of one user and client; the next one ends the oldest. Null: no limit.</summary>
    public int? GrantsPerUserAndClient { get; init; }

    /// <summary>Live access tokens of one grant; the next one ends the oldest. Null: no limit.</summary>
    public int? LiveAccessTokens { get; init; }

    /// <summary>How a revocation request spreads.</summary>
    public RevocationReach RevocationReach { get; init; } = RevocationReach.Grant;

    /// <summary>How a client may prove itself at the token endpoint.</summary>
    public ClientAuthentications ClientAuthentication { get; init; } = ClientAuthentications.Post | ClientAuthentications.Basic;

    /// <summary>How parameters of a token request may travel.</summary>
    public RequestFormats RequestFormat { get; init; } = RequestFormats.Form;

    /// <summary>Whether an authorization request without PKCE is refused. A challenge that was sent is always checked.</summary>
    public bool RequiresPkce { get; init; }

    /// <summary>Whether refreshes have a URL of their own; the token endpoint then refuses them.</summary>
    public bool SeparateRefreshEndpoint { get; init; }

    /// <summary>What stands beside the code, or the error, when the browser is sent back.</summary>
    public CallbackShape Callback { get; init; } = new();

    /// <summary>What the ID token says where <c>openid</c> was granted.</summary>
    public IdTokenShape IdToken { get; init; } = new();

    /// <summary>How long an authorization code lives. Default one minute.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What access tokens look like.</summary>
    public TokenLook AccessTokenLook { get; init; } = new("at-");

    /// <summary>What refresh tokens look like.</summary>
    public TokenLook RefreshTokenLook { get; init; } = new("rt-");

    /// <summary>The form of a successful token answer.</summary>
    public AnswerShape Answer { get; init; } = new();

    /// <summary>How refusals are worded.</summary>
    public ErrorDialect Errors { get; init; } = ErrorDialect.OAuth;
}

/// <summary>What a token looks like.</summary>
/// <param name="Prefix">Its first characters.</param>
/// <param name="Length">Its least length.</param>
/// <param name="Jwt">Whether it is a JWT that carries <c>exp</c>; the prefix is then not used.</param>
public sealed record TokenLook(string Prefix, int Length = 64, bool Jwt = false);

/// <summary>A rate the server enforces on each grant.</summary>
public sealed record RefreshLimit(int Refreshes, TimeSpan Window);

/// <summary>What a refresh is at a server.</summary>
public enum RefreshKind
{
    /// <summary>RFC 6749 §6: a refresh token is exchanged.</summary>
    RefreshToken,

    /// <summary>
    /// No refresh token exists: the access token is exchanged for a longer-lived one while it is valid, with
    /// <c>fb_exchange_token</c> (client authenticated) at the token endpoint or <c>ig_refresh_token</c> (not
    /// authenticated) at the refresh endpoint, by GET or POST.
    /// </summary>
    AccessToken,

    /// <summary>Nothing can be refreshed.</summary>
    None,
}

/// <summary>When a code exchange brings a refresh token.</summary>
public enum RefreshTokenCondition
{
    /// <summary>Each time.</summary>
    Always,

    /// <summary>When the scope <c>offline_access</c> was asked for.</summary>
    OfflineScope,

    /// <summary>
    /// When <c>access_type=offline</c> was sent, and then only at the user's first consent unless
    /// <c>prompt=consent</c> was sent too.
    /// </summary>
    OfflineParameter,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>What happens to a refresh that comes too early.</summary>
public enum EarlyRefresh
{
    /// <summary>It is served as any other.</summary>
    Allowed,

    /// <summary>It is refused with <see cref="TokenError.NotDueYet"/>; nothing changes.</summary>
    Refused,

    /// <summary>The same, still valid token pair comes back.</summary>
    SameToken,
}

/// <summary>How a revocation request spreads.</summary>
public enum RevocationReach
{
    /// <summary>A refresh token takes its grant with it; an access token dies alone.</summary>
    Token,

    /// <summary>Either token ends the grant.</summary>
    Grant,

    /// <summary>Either token ends every grant of this user to this client.</summary>
    UserAndClient,
}

/// <summary>How a client may prove itself.</summary>
[Flags]
public enum ClientAuthentications
{
    /// <summary>Public client: only the id is sent, no secret is asked for.</summary>
    None = 0,

    /// <summary>Id and secret as parameters.</summary>
    Post = 1,

    /// <summary>Basic header, both parts form-encoded (RFC 6749 §2.3.1).</summary>
    Basic = 2,

    /// <summary>Basic header, both parts as they are.</summary>
    BasicUnencoded = 4,
}

/// <summary>How parameters of a token request may travel.</summary>
[Flags]
public enum RequestFormats
{
    /// <summary>Nothing is accepted.</summary>
    None = 0,

    /// <summary>application/x-www-form-urlencoded body.</summary>
    Form = 1,

    /// <summary>JSON body.</summary>
    Json = 2,

    /// <summary>Query string.</summary>
    Query = 4,
}
