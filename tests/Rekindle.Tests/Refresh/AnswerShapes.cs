using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Testing;

namespace Rekindle.Tests.Refresh;

/// <summary>The shapes of token answers that are met in the wild, each with a real provider where the catalogue has one.</summary>
internal static class AnswerShapes
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Plain = """{"access_token":"new","token_type":"Bearer","expires_in":3600,"refresh_token":"rotated","scope":"read"}""";
    private const string Html = "<!doctype html><html><body>Service Unavailable</body></html>";

    private static readonly ProviderCatalogue Catalogue = ProviderCatalogue.Load();

    public static IReadOnlyList<AnswerShape> Common { get; } =
    [
        new("plain", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated"),
        new("no refresh_token", Ok("""{"access_token":"new","expires_in":3600}"""), "success nobody 3600 s by expires_in, refresh token kept"),
        new("expires_in as string", Ok("""{"access_token":"new","expires_in":"3600"}"""), "success nobody 3600 s by expires_in, refresh token kept"),
        new("no expires_in", Ok("""{"access_token":"new"}"""), "success nobody 900 s by assumed, refresh token kept"),
        new("refresh_token: null", Ok("""{"access_token":"new","expires_in":3600,"refresh_token":null}"""), "success nobody 3600 s by expires_in, refresh token kept"),
        new("form-encoded", RawReply.Http(200, "access_token=new&expires_in=28800&refresh_token=rotated&token_type=bearer", Form), "success nobody 28800 s by expires_in, refresh token rotated")
        {
            Provider = Entry("github"),
        },
        new("JSON typed text/html", RawReply.Http(200, Plain, "text/html; charset=utf-8"), "success nobody 3600 s by expires_in, refresh token rotated"),
        new("nested token", Ok("""{"ok":true,"authed_user":{"access_token":"new","expires_in":43200,"refresh_token":"rotated"}}"""), "success nobody 43200 s by expires_in, refresh token rotated")
        {
            Provider = Entry("slack-user"),
        },
        new("200 with error", Ok("""{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}"""), "grant_dead user bad_refresh_token, reason grant_invalid")
        {
            Provider = Entry("github"),
        },
        new("400 invalid_grant", Error(400, """{"error":"invalid_grant"}"""), "grant_dead user invalid_grant, reason grant_invalid"),
        new("400 with suberror", Error(400, """{"error":"invalid_grant","suberror":"consent_required","error_codes":[65001]}"""), "consent_required user invalid_grant/consent_required, reason consent")
        {
            Provider = Entry("microsoft"),
        },
        new("401 invalid_client", Error(401, """{"error":"invalid_client"}"""), "client_misconfigured operator invalid_client, halts the integration"),
        new("403 invalid_grant", Error(403, """{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"""), "grant_dead user invalid_grant, reason grant_invalid")
        {
            Provider = Entry("atlassian"),
        },
        new("400 with a vendor's code", Error(400, """{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token","error":"invalid_request"}"""), "grant_dead user invalid_request/BAD_REFRESH_TOKEN, reason grant_invalid")
        {
            Provider = Entry("hubspot"),
        },
        new("429 with Retry-After", RawReply.Http(429, "", null, "Retry-After: 60"), "rate_limited nobody retry after 60 s"),
        new("503 HTML", RawReply.Http(503, Html, "text/html"), "provider_unavailable nobody"),
    ];

    public static IReadOnlyList<AnswerShape> InTheWild { get; } =
    [
        new("1 no expiry, lifetime documented", Ok("""{"access_token":"new"}"""), "success nobody 7200 s by provider_default, refresh token kept")
        {
            Provider = Known(new ProviderLifecycle { AccessTokenLifetime = new(TimeSpan.FromHours(2), Confidence.Confirmed) }),
        },
        new("1 no expiry, tokens never end", Ok("""{"access_token":"new","token_type":"bearer"}"""), "success nobody no end by immortal, refresh token kept")
        {
            Provider = Entry("github"),
        },
        new("2 expires_in in milliseconds", Ok("""{"access_token":"new","expires_in":3600000}"""), "success nobody 3600 s by expires_in, refresh token kept")
        {
            Provider = Answering(new ResponseRules { ExpiryForm = ExpiryForm.Milliseconds }),
        },
        new("2 expiry as absolute epoch", Ok("""{"access_token":"new","access_token_expiration":1772370000}"""), "success nobody 3600 s by absolute_field, refresh token kept")
        {
            Provider = Answering(new ResponseRules { Expiry = ["access_token_expiration"] }),
        },
        new("2 expiry as ISO date", Ok("""{"access_token":"new","expireTime":"2026-03-01T13:00:00Z"}"""), "success nobody 3600 s by absolute_field, refresh token kept")
        {
            Provider = Answering(new ResponseRules { Expiry = ["expireTime"] }),
        },
        new("2 expiry as duration text", Ok("""{"access_token":"new","expires_in":"60 minutes"}"""), "success nobody 3600 s by expires_in, refresh token kept"),
        new("3 fields under data", Ok("""{"code":200,"data":{"accessToken":"new","refreshToken":"rotated","expiresIn":3600}}"""), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Answering(new ResponseRules { AccessToken = ["data.accessToken"], RefreshToken = ["data.refreshToken"], Expiry = ["data.expiresIn"] }),
        },
        new("3 renamed fields", Ok("""{"token":"new","refreshToken":"rotated","expiresAt":"2026-03-01T13:00:00Z"}"""), "success nobody 3600 s by absolute_field, refresh token rotated")
        {
            Provider = Answering(new ResponseRules { AccessToken = ["token"], RefreshToken = ["refreshToken"], Expiry = ["expiresAt"] }),
        },
        new("4 success is 201", RawReply.Http(201, Plain), "success nobody 3600 s by expires_in, refresh token rotated"),
        new("4 ok: false inside 200", Ok("""{"ok":false,"error":"invalid_refresh_token"}"""), "grant_dead user invalid_refresh_token, reason grant_invalid")
        {
            Provider = Entry("slack"),
        },
        new("4 code other than 0 inside 200", Ok("""{"code":10010,"message":"Refresh token is expired","data":{}}"""), "grant_dead user 10010, reason expired")
        {
            Provider = Given.Provider with
            {
                Errors = new ErrorRules
                {
                    Code = ["code"],
                    Rules = [new ErrorRule { Code = "10010", Class = RefreshClass.GrantDead, Reason = DisconnectReason.Expired, Confidence = Confidence.Confirmed }],
                },
            },
        },
        new("5 no refresh token, token extended", Ok("""{"access_token":"old-access-token-0123456789","token_type":"bearer","expires_in":5183944}"""), "success nobody 5183944 s by expires_in, refresh token kept")
        {
            Provider = Entry("instagram"),
            Sent = "GET /refresh_access_token?grant_type=ig_refresh_token&access_token=old-access-token-0123456789 HTTP",
        },
        new("6 refresh at its own endpoint", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Given.Provider with { Endpoints = new ProviderEndpoints { Token = "https://provider.example/token", Refresh = "https://provider.example/v1/oauth/refresh" } },
            Sent = "POST /v1/oauth/refresh HTTP",
        },
        new("7 refresh token not rotated, not echoed", Ok("""{"access_token":"new","expires_in":3599,"token_type":"Bearer"}"""), "success nobody 3599 s by expires_in, refresh token kept")
        {
            Provider = Entry("google"),
        },
        new("7 refresh token rotated, single use", Ok("""{"access_token":"new","expires_in":1800,"refresh_token":"rotated"}"""), "success nobody 1800 s by expires_in, refresh token rotated")
        {
            Provider = Entry("xero"),
        },
        new("8 two tokens: the bot's", Ok("""{"ok":true,"access_token":"new","expires_in":43200,"refresh_token":"rotated","authed_user":{"access_token":"other"}}"""), "success nobody 43200 s by expires_in, refresh token rotated")
        {
            Provider = Entry("slack"),
        },
        new("8 two tokens: the person's", Ok("""{"ok":true,"access_token":"other","authed_user":{"access_token":"new","refresh_token":"rotated","expires_in":600}}"""), "success nobody 600 s by expires_in, refresh token rotated")
        {
            Provider = Entry("slack-user"),
        },
        new("9 client in a Basic header", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Sending(new RequestRules { ClientAuthentication = ClientAuthentication.Basic }),
            Sent = "Authorization: Basic Y2xpZW50LTE6Y2xpZW50LXNlY3JldC1vZi0x",
        },
        new("9 client by name only", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Sending(new RequestRules { ClientAuthentication = ClientAuthentication.None }),
            Sent = "refresh_token=old-refresh-token-0123456789&client_id=client-1\n",
        },
        new("10 address of the next hop", Ok("""{"access_token":"new","instance_url":"https://na1.example"}"""), "success nobody 900 s by assumed, refresh token kept, instance_url")
        {
            Provider = Answering(new ResponseRules { Metadata = new Dictionary<string, string> { ["instance_url"] = "instance_url" } }),
        },
        new("11 refused while still valid", Error(400, """{"error":"invalid_request","error_description":"Access token is not expired yet"}"""), "not_due_yet nobody invalid_request")
        {
            Provider = Given.Provider with
            {
                Errors = new ErrorRules { Rules = [new ErrorRule { Text = "not expired yet", Class = RefreshClass.NotDueYet, Confidence = Confidence.Reported }] },
            },
        },
        new("11 same token handed back", Ok("""{"access_token":"old-access-token-0123456789","expires_in":300}"""), "not_due_yet nobody 300 s by expires_in, refresh token kept"),
        new("12 parameters to be repeated", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Sending(new RequestRules
            {
                ScopeOnRefresh = ScopeOnRefresh.SendGranted,
                RefreshParameters = new Dictionary<string, string> { ["resource"] = "api", ["type"] = "refresh" },
            }),
            Sent = "&scope=read+write&client_id=client-1&client_secret=client-secret-of-1&resource=api&type=refresh\n",
        },
        new("13 region in the token's address", Ok("""{"access_token":"new","expires_in_sec":3600,"expires_in":3600000}"""), "success nobody 3600 s by expires_in, refresh token kept")
        {
            Provider = Entry("zoho"),
            Variables = new Dictionary<string, string> { ["location"] = "eu" },
            Sent = "Host-as-built: accounts.zoho.eu",
        },
        new("14 the refresh token's own end", Ok("""{"access_token":"new","expires_in":3600,"refresh_token":"rotated","x_refresh_token_expires_in":8726400}"""), "success nobody 3600 s by expires_in, refresh token rotated for 8726400 s")
        {
            Provider = Entry("intuit"),
        },
        new("15 parameters as JSON", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Sending(new RequestRules { Format = ParameterFormat.Json }),
            Sent = "{\"grant_type\":\"refresh_token\",\"refresh_token\":\"old-refresh-token-0123456789\",\"client_id\"",
        },
        new("15 parameters in the query", Ok(Plain), "success nobody 3600 s by expires_in, refresh token rotated")
        {
            Provider = Sending(new RequestRules { Format = ParameterFormat.Query }),
            Sent = "POST /token?grant_type=refresh_token&refresh_token=old-refresh-token-0123456789&client_id=",
        },
    ];

    private static ProviderDefinition Entry(string key) => Catalogue.Find(key) ?? throw new ArgumentException($"The catalogue has no '{key}'.", nameof(key));

    private static ProviderDefinition Answering(ResponseRules response) => Given.Provider with { Response = response };

    private static ProviderDefinition Sending(RequestRules requests) => Given.Provider with { Requests = requests };

    private static ProviderDefinition Known(ProviderLifecycle lifecycle) => Given.Provider with { Lifecycle = lifecycle };

    private static RawReply Ok(string body) => RawReply.Http(200, body);

    private static RawReply Error(int status, string body) => RawReply.Http(status, body);
}
