using System.Collections.Frozen;
using System.Text.Json;

namespace Rekindle.Simulator.Personalities;

/// <summary>
/// Named combinations of settings. The first group is named after the one thing in which each differs from
/// <c>plain</c>; the second gathers what one kind of provider is known for, dialect included. A preset is a starting
/// point: <c>Presets.All["strict"] with { AccessTokenLifetime = … }</c>.
/// </summary>
public static class Presets
{
    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };

    /// <summary>All of them by name.</summary>
    public static IReadOnlyDictionary<string, Personality> All { get; } =
        Rules().Concat(Shapes()).Concat(Providers()).ToFrozenDictionary(preset => preset.Name, preset => preset.Personality);

    private static IEnumerable<(string Name, Personality Personality)> Rules()
    {
        yield return ("plain", new() { Summary = "The refresh token never changes and is not repeated in the answer." });
        yield return ("strict", new()
        {
            Summary = "Each refresh token works once; a second presentation ends the whole grant.",
            RefreshTokens = SingleUse with { ReuseEndsGrant = true },
        });
        yield return ("single-use", new()
        {
            Summary = "Each refresh token works once, and a refresh ends the old access token; a second presentation is only refused.",
            RefreshTokens = SingleUse with { KillsAccessTokens = true },
        });
        yield return ("grace", new()
        {
            Summary = "A used refresh token may be sent again for 30 minutes and brings the same successor.",
            RefreshTokens = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(30), RepeatsSuccessor = true },
        });
        yield return ("leeway", new()
        {
            Summary = "A used refresh token may be sent again for 10 minutes; after that it counts as theft and ends the grant.",
            RefreshTokens = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(10), ReuseEndsGrant = true },
        });
        yield return ("until-used", new()
        {
            Summary = "A used refresh token works until its successor is first used.",
            RefreshTokens = SingleUse with { Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30) },
        });
        yield return ("stays-valid", new()
        {
            Summary = "Every refresh brings a new refresh token and the old ones keep working.",
            RefreshTokens = SingleUse with { Superseded = Superseded.StaysValid, Inactivity = TimeSpan.FromDays(90) },
        });
        yield return ("sometimes", new()
        {
            Summary = "Every third refresh brings a new refresh token; the old one works for a day more.",
            RefreshTokens = new() { RotateEvery = 3, Superseded = Superseded.Grace, Grace = TimeSpan.FromDays(1) },
            Answer = new() { Unrotated = UnrotatedRefreshToken.Echoed },
        });
        yield return ("too-early", new()
        {
            Summary = "Ten-minute tokens; a refresh is refused while more than 30 seconds remain.",
            AccessTokenLifetime = TimeSpan.FromMinutes(10),
            RefreshTokens = SingleUse,
            EarlyRefresh = EarlyRefresh.Refused,
            EarliestRefresh = TimeSpan.FromSeconds(30),
            Answer = new() { Expiry = ExpiryForm.SecondsAsText },
        });
        yield return ("same-token", new()
        {
            Summary = "A refresh brings the same access token while more than an hour remains.",
            AccessTokenLifetime = TimeSpan.FromHours(6),
            EarlyRefresh = EarlyRefresh.SameToken,
            EarliestRefresh = TimeSpan.FromHours(1),
            Answer = new() { Unrotated = UnrotatedRefreshToken.Echoed },
        });
        yield return ("rate-limited", new()
        {
            Summary = "Ten refreshes of one grant in ten minutes.",
            RefreshLimit = new(10, TimeSpan.FromMinutes(10)),
        });
        yield return ("offline-scope", new()
        {
            Summary = "No refresh token unless the scope offline_access is asked for.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
        });
        yield return ("no-refresh-token", new()
        {
            Summary = "Access tokens expire and there is no refresh token.",
            RefreshKind = RefreshKind.None,
            RefreshTokenIssued = RefreshTokenCondition.Never,
        });
        yield return ("immortal", new()
        {
            Summary = "Access tokens never expire; there is no refresh token.",
            AccessTokenLifetime = null,
            RefreshKind = RefreshKind.None,
            RefreshTokenIssued = RefreshTokenCondition.Never,
        });
        yield return ("one-grant", new()
        {
            Summary = "One live grant per user and client: a new consent ends the old grant.",
            RefreshTokens = SingleUse,
            GrantsPerUserAndClient = 1,
        });
        yield return ("fixed-end", new()
        {
            Summary = "The grant ends seven days after the consent, however often it is refreshed.",
            RefreshTokens = new() { Absolute = TimeSpan.FromDays(7) },
            Answer = new() { RefreshTokenExpiryField = "refresh_token_expires_in" },
        });
        yield return ("separate-refresh", new()
        {
            Summary = "Refreshes have a URL of their own.",
            SeparateRefreshEndpoint = true,
        });
    }

    private static IEnumerable<(string Name, Personality Personality)> Shapes()
    {
        yield return Shape("no-expiry", "Access tokens expire and the answer does not say when.", new() { Expiry = ExpiryForm.Absent });
        yield return Shape("text-expiry", "expires_in is a number in quotes.", new() { Expiry = ExpiryForm.SecondsAsText });
        yield return Shape("float-expiry", "expires_in has a fraction.", new() { Expiry = ExpiryForm.SecondsAsFraction });
        yield return Shape("milliseconds", "expires_in counts milliseconds.", new() { Expiry = ExpiryForm.Milliseconds });
        yield return Shape(
            "absolute", "expires_at holds Unix seconds.", new() { ExpiryField = "expires_at", Expiry = ExpiryForm.UnixSeconds });
        yield return Shape(
            "absolute-milliseconds",
            "expires_at holds Unix milliseconds.",
            new() { ExpiryField = "expires_at", Expiry = ExpiryForm.UnixMilliseconds });
        yield return Shape(
            "iso-expiry", "expires_at holds an ISO 8601 time.", new() { ExpiryField = "expires_at", Expiry = ExpiryForm.Iso8601 });
        yield return Shape("null-refresh", "A refresh answers refresh_token: null.", new() { Unrotated = UnrotatedRefreshToken.Null });
        yield return Shape("empty-refresh", "A refresh answers an empty refresh_token.", new() { Unrotated = UnrotatedRefreshToken.Empty });
        yield return Shape("echo-refresh", "A refresh repeats the refresh token.", new() { Unrotated = UnrotatedRefreshToken.Echoed });
        yield return Shape("form", "Answers are form-encoded.", new() { Format = AnswerFormat.Form });
        yield return Shape("html-typed", "Answers are JSON and typed text/html.", new() { ContentType = "text/html; charset=utf-8" });
        yield return Shape("created", "Success is 201.", new() { Status = 201 });
        yield return Shape("nested", "The fields have other names and stand under data.", new()
        {
            Envelope = "data",
            AccessTokenField = "accessToken",
            RefreshTokenField = "refreshToken",
            ExpiryField = "expireTime",
            Expiry = ExpiryForm.Iso8601,
        });
        yield return ("jwt", new()
        {
            Summary = "Access tokens are JWTs with exp, and the answer does not say when they expire.",
            AccessTokenLook = new("", Jwt: true),
            Answer = new() { Expiry = ExpiryForm.Absent },
        });
        yield return ("html-errors", new() { Summary = "Every refusal is an HTML page.", Errors = Dialects.Html });
        yield return ("500-errors", new() { Summary = "Every refusal is a 500.", Errors = Dialects.AlwaysServerError });
    }

    private static (string Name, Personality Personality) Shape(string name, string summary, AnswerShape shape) =>
        (name, new() { Summary = summary, Answer = shape });

    private static IEnumerable<(string Name, Personality Personality)> Providers()
    {
        yield return ("google-like", new()
        {
            Summary = "Does not rotate; a refresh token only with access_type=offline at the first consent or with prompt=consent; "
                + "the 101st grant ends the oldest.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineParameter,
            RefreshTokens = new() { Inactivity = TimeSpan.FromDays(180) },
            GrantsPerUserAndClient = 100,
            AccessTokenLook = new("ya29.", 220),
            RefreshTokenLook = new("1//0", 103),
            Errors = Dialects.Google,
        });
        yield return ("microsoft-like", new()
        {
            Summary = "Always a new refresh token, old ones stay valid; JWT access tokens; AADSTS error bodies.",
            AccessTokenLifetime = TimeSpan.FromMinutes(75),
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
            RefreshTokens = SingleUse with { Superseded = Superseded.StaysValid, Inactivity = TimeSpan.FromDays(90) },
            AccessTokenLook = new("", 1200, Jwt: true),
            RefreshTokenLook = new("0.A", 900),
            Errors = Dialects.Microsoft,
        });
        yield return ("ebay-like", new()
        {
            Summary = "Does not rotate, 18 months fixed; token_type is User Access Token; Basic only; long v^1.1 tokens.",
            AccessTokenLifetime = TimeSpan.FromHours(2),
            RefreshTokens = new() { Absolute = TimeSpan.FromSeconds(47_304_000) },
            ClientAuthentication = ClientAuthentications.Basic,
            AccessTokenLook = new("v^1.1#i^1#", 900),
            RefreshTokenLook = new("v^1.1#i^1#", 96),
            Answer = new() { TokenType = "User Access Token", ScopeSeparator = null },
            Errors = Dialects.Ebay,
        });
        yield return ("slack-like", new()
        {
            Summary = "Single use with a short grace; two live access tokens; refusals are HTTP 200 with ok: false.",
            AccessTokenLifetime = TimeSpan.FromHours(12),
            RefreshTokens = SingleUse with { Superseded = Superseded.Grace, Grace = TimeSpan.FromSeconds(30) },
            LiveAccessTokens = 2,
            RevocationReach = RevocationReach.Token,
            AccessTokenLook = new("xoxe.xoxb-1-", 164),
            RefreshTokenLook = new("xoxe-1-", 147),
            Answer = new() { Extra = JsonElement.Parse("""{"ok":true,"team":{"id":"T0SIM"}}"""), ScopeSeparator = ",", TokenType = "bot" },
            Errors = Dialects.Slack,
        });
        yield return ("github-like", new()
        {
            Summary = "Single use, the old access token dies too; form-encoded unless JSON is accepted; refusals are HTTP 200.",
            AccessTokenLifetime = TimeSpan.FromHours(8),
            RefreshTokens = SingleUse with { KillsAccessTokens = true, Inactivity = TimeSpan.FromSeconds(15_897_600) },
            AccessTokenLook = new("ghu_", 40),
            RefreshTokenLook = new("ghr_", 80),
            Answer = new()
            {
                Format = AnswerFormat.FormUnlessJsonAccepted, ScopeSeparator = ",", RefreshTokenExpiryField = "refresh_token_expires_in",
            },
            Errors = Dialects.GitHub,
        });
        yield return ("atlassian-like", new()
        {
            Summary = "Rotates with ten minutes of leeway, then detects reuse; JSON bodies; a dead refresh token is a 403.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
            RefreshTokens = SingleUse with
            {
                Superseded = Superseded.Grace, Grace = TimeSpan.FromMinutes(10), ReuseEndsGrant = true, Inactivity = TimeSpan.FromDays(90),
            },
            ClientAuthentication = ClientAuthentications.Post,
            RequestFormat = RequestFormats.Form | RequestFormats.Json,
            AccessTokenLook = new("", 700, Jwt: true),
            Errors = Dialects.Atlassian,
        });
        yield return ("salesforce-like", new()
        {
            Summary = "No expiry in the answer; instance_url beside the token; reuse ends the grant; PKCE is required.",
            AccessTokenLifetime = TimeSpan.FromHours(2),
            RefreshTokens = SingleUse with { ReuseEndsGrant = true },
            RequiresPkce = true,
            AccessTokenLook = new("00DSIM!", 112),
            RefreshTokenLook = new("5Aep", 87),
            Answer = new()
            {
                Expiry = ExpiryForm.Absent,
                Extra = JsonElement.Parse("""{"instance_url":"https://sim.my.salesforce.example","issued_at":"1772366400000"}"""),
            },
            Errors = Dialects.Salesforce,
        });
        yield return ("zoho-like", new()
        {
            Summary = "Ten refreshes per ten minutes and grant, fifteen live access tokens; refusals are HTTP 200.",
            RefreshLimit = new(10, TimeSpan.FromMinutes(10)),
            LiveAccessTokens = 15,
            RequestFormat = RequestFormats.Form | RequestFormats.Query,
            AccessTokenLook = new("1000.", 70),
            RefreshTokenLook = new("1000.", 70),
            Errors = Dialects.Zoho,
        });
        yield return ("shopify-like", new()
        {
            Summary = "The previous refresh token works until the new one is used; a dead one is a 401 invalid_request.",
            RefreshTokens = SingleUse with
            {
                Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30), Inactivity = TimeSpan.FromDays(90),
            },
            RequestFormat = RequestFormats.Form | RequestFormats.Json,
            AccessTokenLook = new("shpat_", 38),
            RefreshTokenLook = new("shprt_", 38),
            Answer = new() { ScopeSeparator = ",", RefreshTokenExpiryField = "refresh_token_expires_in" },
            Errors = Dialects.Shopify,
        });
        yield return ("meta-like", new()
        {
            Summary = "No refresh token: a valid access token is exchanged for a longer one by GET, with the client's secret.",
            AccessTokenLifetime = TimeSpan.FromDays(60),
            RefreshKind = RefreshKind.AccessToken,
            RefreshTokenIssued = RefreshTokenCondition.Never,
            RequestFormat = RequestFormats.Form | RequestFormats.Query,
            RevocationReach = RevocationReach.UserAndClient,
            AccessTokenLook = new("EAA", 180),
            Errors = Dialects.Graph,
        });
        yield return ("instagram-like", new()
        {
            Summary = "No refresh token: a valid access token, at least a day old, is extended by GET without a secret.",
            AccessTokenLifetime = TimeSpan.FromDays(60),
            RefreshKind = RefreshKind.AccessToken,
            RefreshTokenIssued = RefreshTokenCondition.Never,
            EarlyRefresh = EarlyRefresh.Refused,
            EarliestRefresh = TimeSpan.FromDays(59),
            RequestFormat = RequestFormats.Form | RequestFormats.Query,
            AccessTokenLook = new("IGAA", 180),
            Errors = Dialects.Graph,
        });
    }
}
