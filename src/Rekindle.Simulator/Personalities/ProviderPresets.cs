using System.Text.Json;

namespace Rekindle.Simulator.Personalities;

/// <summary>Each gathers what one kind of provider is known for, its dialect included.</summary>
internal static class ProviderPresets
{
    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };

    public static IReadOnlyDictionary<string, Personality> All { get; } = new Dictionary<string, Personality>
    {
        ["google-like"] = new()
        {
            Summary = "Does not rotate; a refresh token only with access_type=offline at the first consent or with prompt=consent; "
                + "the 101st grant ends the oldest.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineParameter,
            RefreshTokens = new() { Inactivity = TimeSpan.FromDays(180) },
            GrantsPerUserAndClient = 100,
            AccessTokenLook = new("ya29.", 220),
            RefreshTokenLook = new("1//0", 103),
            Errors = Dialects.Google,
        },
        ["microsoft-like"] = new()
        {
            Summary = "Always a new refresh token, old ones stay valid; JWT access tokens; AADSTS error bodies.",
            AccessTokenLifetime = TimeSpan.FromMinutes(75),
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
            RefreshTokens = SingleUse with { Superseded = Superseded.StaysValid, Inactivity = TimeSpan.FromDays(90) },
            AccessTokenLook = new("", 1200, Jwt: true),
            RefreshTokenLook = new("0.A", 900),
            Errors = Dialects.Microsoft,
        },
        ["ebay-like"] = new()
        {
            Summary = "Does not rotate, 18 months fixed; token_type is User Access Token; Basic only; long v^1.1 tokens.",
            AccessTokenLifetime = TimeSpan.FromHours(2),
            RefreshTokens = new() { Absolute = TimeSpan.FromSeconds(47_304_000) },
            ClientAuthentication = ClientAuthentications.Basic,
            AccessTokenLook = new("v^1.1#i^1#", 900),
            RefreshTokenLook = new("v^1.1#i^1#", 96),
            Answer = new() { TokenType = "User Access Token", ScopeSeparator = null },
            Errors = Dialects.Ebay,
        },
        ["slack-like"] = new()
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
        },
        ["github-like"] = new()
        {
            Summary = "Single use, the old access token dies too; form-encoded unless JSON is accepted; refusals are HTTP 200.",
            AccessTokenLifetime = TimeSpan.FromHours(8),
            RefreshTokens = SingleUse with { KillsAccessTokens = true, Inactivity = TimeSpan.FromSeconds(15_897_600) },
            AccessTokenLook = new("ghu_", 40),
            RefreshTokenLook = new("ghr_", 80),
            Answer = new()
            {
                Format = AnswerFormat.FormUnlessJsonAccepted,
                ScopeSeparator = ",",
                RefreshTokenExpiryField = "refresh_token_expires_in",
            },
            Errors = Dialects.GitHub,
        },
        ["atlassian-like"] = new()
        {
            Summary = "Rotates with ten minutes of leeway, then detects reuse; JSON bodies; a dead refresh token is a 403.",
            RefreshTokenIssued = RefreshTokenCondition.OfflineScope,
            RefreshTokens = SingleUse with
            {
                Superseded = Superseded.Grace,
                Grace = TimeSpan.FromMinutes(10),
                ReuseEndsGrant = true,
                Inactivity = TimeSpan.FromDays(90),
            },
            ClientAuthentication = ClientAuthentications.Post,
            RequestFormat = RequestFormats.Form | RequestFormats.Json,
            AccessTokenLook = new("", 700, Jwt: true),
            Errors = Dialects.Atlassian,
        },
        ["salesforce-like"] = new()
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
        },
        ["zoho-like"] = new()
        {
            Summary = "Ten refreshes per ten minutes and grant, fifteen live access tokens; refusals are HTTP 200.",
            RefreshLimit = new(10, TimeSpan.FromMinutes(10)),
            LiveAccessTokens = 15,
            RequestFormat = RequestFormats.Form | RequestFormats.Query,
            AccessTokenLook = new("1000.", 70),
            RefreshTokenLook = new("1000.", 70),
            Errors = Dialects.Zoho,
        },
        ["shopify-like"] = new()
        {
            Summary = "The previous refresh token works until the new one is used; a dead one is a 401 invalid_request.",
            RefreshTokens = SingleUse with
            {
                Superseded = Superseded.UntilSuccessorUsed,
                Grace = TimeSpan.FromDays(30),
                Inactivity = TimeSpan.FromDays(90),
            },
            RequestFormat = RequestFormats.Form | RequestFormats.Json,
            AccessTokenLook = new("shpat_", 38),
            RefreshTokenLook = new("shprt_", 38),
            Answer = new() { ScopeSeparator = ",", RefreshTokenExpiryField = "refresh_token_expires_in" },
            Errors = Dialects.Shopify,
        },
        ["meta-like"] = new()
        {
            Summary = "No refresh token: a valid access token is exchanged for a longer one by GET, with the client's secret.",
            AccessTokenLifetime = TimeSpan.FromDays(60),
            RefreshKind = RefreshKind.AccessToken,
            RefreshTokenIssued = RefreshTokenCondition.Never,
            RequestFormat = RequestFormats.Form | RequestFormats.Query,
            RevocationReach = RevocationReach.UserAndClient,
            AccessTokenLook = new("EAA", 180),
            Errors = Dialects.Graph,
        },
        ["instagram-like"] = new()
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
        },
    };
}
