namespace Rekindle.Providers;

/// <summary>Whether a refresh brings a new refresh token.</summary>
public enum Rotation
{
    /// <summary>Never: the same refresh token lives on.</summary>
    Never,

    /// <summary>Now and then.</summary>
    Sometimes,

    /// <summary>Every time.</summary>
    Always,
}

/// <summary>What happens when a refresh token is presented again after it was used.</summary>
public enum ReuseKind
{
    /// <summary>Refused; may revoke the whole family. Also what an unknown rule counts as.</summary>
    Strict,

    /// <summary>Accepted for <see cref="ReuseRule.Grace"/> after its first use.</summary>
    Grace,

    /// <summary>Accepted until its successor is first used, at most for <see cref="ReuseRule.Grace"/>.</summary>
    UntilSuccessorUsed,

    /// <summary>Accepted at any time: the token does not rotate.</summary>
    Reusable,
}

/// <summary>The reuse rule of I7 and I8.</summary>
public sealed record ReuseRule(ReuseKind Kind, TimeSpan? Grace = null)
{
    /// <summary>What an unknown or assumed rule counts as.</summary>
    public static ReuseRule Strict { get; } = new(ReuseKind.Strict);

    /// <summary>Whether the same token may be sent again now, <paramref name="sinceFirstSend"/> after it first left.</summary>
    public bool AllowsRepeat(TimeSpan sinceFirstSend) => Kind switch
    {
        ReuseKind.Reusable => true,
        ReuseKind.Grace or ReuseKind.UntilSuccessorUsed => Grace is { } grace && sinceFirstSend < grace,
        _ => false,
    };
}

/// <summary>What a throttling answer, or a revocation, reaches.</summary>
public enum Reach
{
    /// <summary>This token only.</summary>
    Token,

    /// <summary>This connection.</summary>
    Connection,

    /// <summary>Every grant of this user to this client.</summary>
    UserAndClient,

    /// <summary>The whole integration.</summary>
    Integration,
}

/// <summary>A rate as the provider states it.</summary>
public sealed record RateFact(int Requests, TimeSpan Window);

/// <summary>
/// Lifetimes, rotation, reuse and caps. Each fact is null when nothing is known. Read it through the <c>Effective…</c>
/// members: they turn "unknown" and "assumed" into the careful answer (DESIGN §2).
/// </summary>
public sealed record ProviderLifecycle
{
    /// <summary>Documented lifetime of an access token, used when the answer carries none.</summary>
    public Fact<TimeSpan>? AccessTokenLifetime { get; init; }

    /// <summary>Whether an access token without expiry lives until revoked.</summary>
    public Fact<bool>? AccessTokenImmortal { get; init; }

    /// <summary>A refresh token dies when unused for this long.</summary>
    public Fact<TimeSpan>? RefreshTokenInactivity { get; init; }

    /// <summary>A refresh token dies after this long whatever happens.</summary>
    public Fact<TimeSpan>? RefreshTokenAbsolute { get; init; }

    /// <summary>Whether the absolute limit starts anew with each refresh (else at consent only).</summary>
    public Fact<bool>? RefreshExtendsAbsolute { get; init; }

    /// <summary>Whether refresh tokens rotate.</summary>
    public Fact<Rotation>? Rotation { get; init; }

    /// <summary>What a second presentation does.</summary>
    public Fact<ReuseRule>? Reuse { get; init; }

    /// <summary>Whether a refresh ends the previous access token at once.</summary>
    public Fact<bool>? RefreshKillsAccessToken { get; init; }

    /// <summary>A refresh is refused, or returns the same token, while more than this remains.</summary>
    public Fact<TimeSpan>? EarliestRefresh { get; init; }

    /// <summary>Least time between two refreshes of one grant.</summary>
    public Fact<TimeSpan>? MinimumInterval { get; init; }

    /// <summary>What a 429 is about.</summary>
    public Fact<Reach>? ThrottleScope { get; init; }

    /// <summary>What a revocation of one token reaches.</summary>
    public Fact<Reach>? RevocationScope { get; init; }

    /// <summary>Live grants per user and client; the next one ends the oldest. 1: purposes share one grant.</summary>
    public Fact<int>? GrantsPerUserAndClient { get; init; }

    /// <summary>Token-endpoint rate for the whole integration.</summary>
    public Fact<RateFact>? Rate { get; init; }

    /// <summary>The reuse rule to act on. Unknown or assumed: strict, unless rotation is known never to happen.</summary>
    public ReuseRule EffectiveReuse => Reuse is { IsKnown: true } reuse
        ? reuse.Value
        : Rotation is { IsKnown: true, Value: Providers.Rotation.Never } ? new ReuseRule(ReuseKind.Reusable) : ReuseRule.Strict;

    /// <summary>Whether a refresh may use up its refresh token, so that the answer must not be lost. Unknown: it may.</summary>
    public bool UsesUpRefreshTokens => EffectiveReuse.Kind != ReuseKind.Reusable;

    /// <summary>Whether a token without expiry may be taken for immortal.</summary>
    public bool EffectiveImmortal => AccessTokenImmortal is { IsKnown: true, Value: true };

    /// <summary>What a throttling answer pauses. Unknown: the whole integration.</summary>
    public Reach EffectiveThrottleScope => ThrottleScope is { IsKnown: true } scope ? scope.Value : Reach.Integration;

    /// <summary>
    /// Whether a person's new consent ends the client's grant before it, so that all purposes have to live on one grant. Also when
    /// that is only assumed: sharing a grant is the careful way.
    /// </summary>
    internal bool KeepsOneGrant => GrantsPerUserAndClient?.Value == 1;

    /// <summary>Whether revoking a token touches that token alone, as I5 demands before an orphan is revoked.</summary>
    public bool RevocationIsHarmless => RevocationScope is { Confidence: Confidence.Confirmed, Value: Reach.Token };
}

/// <summary>How the account behind a grant is found.</summary>
public sealed record IdentityRules
{
    /// <summary>Where the account's id comes from.</summary>
    public IdentitySource Source { get; init; } = IdentitySource.None;

    /// <summary>Path to the id in the claims or the answer; name of the callback's parameter.</summary>
    public string Path { get; init; } = "sub";

    /// <summary>Path to a name for people (an address, a login); null: none.</summary>
    public string? NamePath { get; init; }

    /// <summary>URL asked with the access token when the source is a request.</summary>
    public string? Url { get; init; }

    /// <summary>Scheme before the access token in the Authorization header.</summary>
    public string Scheme { get; init; } = "Bearer";
}

/// <summary>Where an account's id comes from.</summary>
public enum IdentitySource
{
    /// <summary>It cannot be found: reconnects cannot be checked.</summary>
    None,

    /// <summary>Claims of the ID token.</summary>
    IdToken,

    /// <summary>A request with the access token.</summary>
    Request,

    /// <summary>A field of the token answer.</summary>
    TokenAnswer,

    /// <summary>A query parameter of the callback (Shopify's <c>shop</c>, Intuit's <c>realmId</c>).</summary>
    Callback,
}
