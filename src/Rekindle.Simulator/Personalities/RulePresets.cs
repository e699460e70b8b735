namespace Rekindle.Simulator.Personalities;

/// <summary>Each differs from <c>plain</c> in one rule about tokens and grants.</summary>
internal static class RulePresets
{
    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };

    public static IReadOnlyDictionary<string, Personality> All { get; } = new Dictionary<string, Personality>
    {
        ["plain"] = new() { Summary = "The refresh token never changes and is not repeated in the answer." },
        ["strict"] = new()
        {
            Summary = "Each refresh token works once; a second presentation ends the whole grant.",
            RefreshTokens = SingleUse with { ReuseEndsGrant = true },
        },
        ["single-use"] = new()
        {
            Summary = "Each refresh token works once, and a refresh ends the old access token; a second presentation is only refused.",
            RefreshTokens = SingleUse with { KillsAccessTokens = true },
        },
        ["grace"] = new()
        {
            Summary = "A used refresh token may be sent again for 30 minutes and brings the same successor.",
            RefreshTokens = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(30), RepeatsSuccessor = true },
        },
        ["leeway"] = new()
        {
            Summary = "A used refresh token may be sent again for 10 minutes; after that it counts as theft and ends the grant.",
            RefreshTokens = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(10), ReuseEndsGrant = true },
        },
        ["until-used"] = new()
        {
            Summary = "A used refresh token works until its successor is first used.",
            RefreshTokens = SingleUse with { Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30) },
        },
        ["stays-valid"] = new()
        {
            Summary = "Every refresh brings a new refresh token and the old ones keep working.",
            RefreshTokens = SingleUse with { Superseded = Superseded.StaysValid, Inactivity = TimeSpan.FromDays(90) },
        },
        ["sometimes"] = new()
        {
            Summary = "Every third refresh brings a new refresh token; the old one works for a day more.",
            RefreshTokens = new() { RotateEvery = 3, Superseded = Superseded.Grace, Grace = TimeSpan.FromDays(1) },
            Answer = new() { Unrotated = UnrotatedRefreshToken.Echoed },
        },
        ["too-early"] = new()
        {
            Summary = "Ten-minute tokens; a refresh is refused while more than 30 seconds remain.",
            AccessTokenLifetime = TimeSpan.FromMinutes(10),
            RefreshTokens = SingleUse,
            EarlyRefresh = EarlyRefresh.Refused,
            EarliestRefresh = TimeSpan.FromSeconds(30),
            Answer = new() { Expiry = ExpiryForm.SecondsAsText },
        },
        ["same-token"] = new()
        {
            Summary = "A refresh brings the same access token while more than an hour remains.",
            AccessTokenLifetime = TimeSpan.FromHours(6),
            EarlyRefresh = EarlyRefresh.SameToken,
            EarliestRefresh = TimeSpan.FromHours(1),
            Answer = new() { Unrotated = UnrotatedRefreshToken.Echoed },
        },
        ["rate-limited"] = new()
        {
            Summary = "Ten refreshes of one grant in ten minutes.",
            RefreshLimit = new(10, TimeSpan.FromMinutes(10)),
        },
        ["offline-scope"] = new()
        {
            Summary = "No refresh token unless the scope offline_access is asked for.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
        },
        ["no-refresh-token"] = new()
        {
            Summary = "Access tokens expire and there is no refresh token.",
            RefreshKind = RefreshKind.None,
            RefreshTokenIssued = RefreshTokenCondition.Never,
        },
        ["immortal"] = new()
        {
            Summary = "Access tokens never expire; there is no refresh token.",
            AccessTokenLifetime = null,
            RefreshKind = RefreshKind.None,
            RefreshTokenIssued = RefreshTokenCondition.Never,
        },
        ["one-grant"] = new()
        {
            Summary = "One live grant per user and client: a new consent ends the old grant.",
            RefreshTokens = SingleUse,
            GrantsPerUserAndClient = 1,
        },
        ["fixed-end"] = new()
        {
            Summary = "The grant ends seven days after the consent, however often it is refreshed.",
            RefreshTokens = new() { Absolute = TimeSpan.FromDays(7) },
            Answer = new() { RefreshTokenExpiryField = "refresh_token_expires_in" },
        },
        ["separate-refresh"] = new()
        {
            Summary = "Refreshes have a URL of their own.",
            SeparateRefreshEndpoint = true,
        },
    };
}
