using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Microsoft.AspNetCore.WebUtilities;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class AuthorizeTests : SimulatorTest
{
    private const string ReturnTo = "http://127.0.0.1:5080/connect/callback/production/google?keep=1";
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private AuthorizationServer Plain => Host.Servers["plain"];

    [Fact]
    public async Task A_user_who_allows_comes_back_with_a_code_that_buys_a_grant()
    {
        var page = await AskAsync(Plain, ("scope", "read write"));

        var back = await DecideAsync(page, "bob", "allow");
        var answer = await ExchangeAsync(Plain, back["code"]);

        Assert.Equal(("s-1", Plain.Issuer.ToString(), "1"), (back["state"], back["iss"], back["keep"]));
        Assert.NotNull(answer.RefreshToken);
        Assert.Equal("read write", answer.Json.GetProperty("scope").GetString());
        Assert.Equal("bob", (await Http.CallApiAsync(Plain, answer.AccessToken!)).Json.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_user_who_denies_comes_back_without()
    {
        var back = await DecideAsync(await AskAsync(Plain), "bob", "deny");

        Assert.Equal(("access_denied", "s-1", null), (back["error"], back["state"], back.GetValueOrDefault("code")));
    }

    [Fact]
    public async Task Another_account_may_be_named_and_scopes_unticked()
    {
        var page = await AskAsync(Plain, ("scope", "read write"));
        ((IHtmlInputElement)page.QuerySelector("input[name=other_account]")!).Value = "dora@example.com";
        ((IHtmlInputElement)page.QuerySelector("input[name=granted][value=write]")!).IsChecked = false;

        var answer = await ExchangeAsync(Plain, (await DecideAsync(page, "*", "allow"))["code"]);

        Assert.Equal("read", answer.Json.GetProperty("scope").GetString());
        Assert.Equal("dora@example.com", Plain.Grants.Single().Subject);
    }

    [Fact]
    public async Task The_page_is_plain_and_labelled()
    {
        var answer = await Http.GetAsync(Authorize(Plain, ("scope", "read"), ("login_hint", "<b>eve</b>")));
        var page = new HtmlParser().ParseDocument(answer.Body);

        Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
        Assert.Empty(page.Scripts);
        Assert.Single(page.QuerySelectorAll("h1"));
        Assert.All(
            page.QuerySelectorAll("input:not([type=hidden])"),
            input => Assert.True(input.Closest("label") is not null || page.QuerySelector($"label[for={input.Id}]") is not null));
        Assert.Equal("<b>eve</b>", page.QuerySelector("input[name=other_account]")!.GetAttribute("value"));
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("client_id", "nobody")]
    [InlineData("redirect_uri", "https://evil.example/")]
    [InlineData("redirect_uri", "http://127.0.0.1@evil.example/")]
    [InlineData("redirect_uri", "not an address")]
    public async Task An_unknown_client_or_address_is_told_to_the_user_and_not_followed(string parameter, string value)
    {
        var answer = await Http.GetAsync(Authorize(Plain, (parameter, value)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Null(answer.Headers.Location);
    }

    [Fact]
    public async Task An_exact_address_covers_nothing_but_itself()
    {
        Plain.RegisterClient(new RegisteredClient { Id = "exact", Secrets = ["x"], RedirectUris = ["https://app.example/back"] });

        var exact = await Http.GetAsync(Authorize(Plain, ("client_id", "exact"), ("redirect_uri", "https://app.example/back")));
        var longer = await Http.GetAsync(Authorize(Plain, ("client_id", "exact"), ("redirect_uri", "https://app.example/back/more")));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest), (exact.Status, longer.Status));
    }

    [Fact]
    public async Task Without_a_browser_the_login_hint_consents()
    {
        Plain.Consent = ConsentPolicy.Allow;

        var code = await CodeAsync(Plain, ("login_hint", "carol"));

        await ExchangeAsync(Plain, code);
        Assert.Equal("carol", Plain.Grants.Single().Subject);
    }

    [Fact]
    public async Task Without_a_browser_the_switch_may_deny_or_grant_less()
    {
        Plain.Consent = new ConsentPolicy(ConsentMode.Allow, "alice", ["read"]);
        await ExchangeAsync(Plain, await CodeAsync(Plain, ("scope", "read write")));

        Plain.Consent = ConsentPolicy.Deny;
        var denied = Back(await Http.GetAsync(Authorize(Plain)));

        Assert.Equal(["read"], Plain.Grants.Single().Scopes);
        Assert.Equal("access_denied", denied["error"]);
    }

    [Theory]
    [InlineData(Verifier, HttpStatusCode.OK)]
    [InlineData("another-verifier", HttpStatusCode.BadRequest)]
    [InlineData(null, HttpStatusCode.BadRequest)]
    public async Task The_code_verifier_is_checked(string? verifier, HttpStatusCode status)
    {
        Plain.Consent = ConsentPolicy.Allow;
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        var code = await CodeAsync(Plain, ("code_challenge", challenge), ("code_challenge_method", "S256"));

        var answer = await ExchangeAsync(Plain, code, verifier is null ? [] : [("code_verifier", verifier)]);

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Pkce_is_refused_in_plain_and_may_be_required()
    {
        Plain.Consent = ConsentPolicy.Allow;
        var strict = Host.Servers["salesforce-like"];

        var plainMethod = Back(await Http.GetAsync(Authorize(Plain, ("code_challenge", "c"), ("code_challenge_method", "plain"))));
        var missing = Back(await Http.GetAsync(Authorize(strict)));

        Assert.Equal(("invalid_request", "invalid_request"), (plainMethod["error"], missing["error"]));
    }

    [Fact]
    public async Task A_code_works_once_and_coming_twice_ends_what_it_brought()
    {
        Plain.Consent = ConsentPolicy.Allow;
        var code = await CodeAsync(Plain);
        await ExchangeAsync(Plain, code);

        var again = await ExchangeAsync(Plain, code);

        Assert.Equal("invalid_grant", again.Error);
        Assert.Equal((GrantEnd.ReuseDetected, 0), (Plain.Grants.Single().End, Host.History.ReusesOutsideRule));
    }

    [Fact]
    public async Task A_code_dies_after_a_minute_and_is_bound_to_its_address()
    {
        Plain.Consent = ConsentPolicy.Allow;
        var late = await CodeAsync(Plain);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var elsewhere = await CodeAsync(Plain);

        Assert.Equal("invalid_grant", (await ExchangeAsync(Plain, late)).Error);
        Assert.Equal("invalid_grant", (await ExchangeAsync(Plain, elsewhere, [("redirect_uri", "http://127.0.0.1/other")])).Error);
        Assert.Empty(Plain.Grants);
    }

    [Fact]
    public async Task A_refresh_token_may_need_the_offline_scope()
    {
        var server = Host.Servers["offline-scope"];
        server.Consent = ConsentPolicy.Allow;

        var without = await ExchangeAsync(server, await CodeAsync(server, ("scope", "read")));
        var with = await ExchangeAsync(server, await CodeAsync(server, ("scope", "read offline_access")));

        Assert.Null(without.RefreshToken);
        Assert.NotNull(with.RefreshToken);
    }

    [Fact]
    public async Task A_refresh_token_may_come_at_the_first_consent_only_unless_consent_is_asked_again()
    {
        var server = Host.Servers["google-like"];
        server.Consent = ConsentPolicy.Allow;
        (string, string)[] offline = [("access_type", "offline")];

        var online = await ExchangeAsync(server, await CodeAsync(server, ("login_hint", "online")));
        var first = await ExchangeAsync(server, await CodeAsync(server, offline));
        var second = await ExchangeAsync(server, await CodeAsync(server, offline));
        var asked = await ExchangeAsync(server, await CodeAsync(server, [.. offline, ("prompt", "consent")]));

        Assert.Equal(
            [false, true, false, true], new[] { online, first, second, asked }.Select(answer => answer.RefreshToken is not null));
    }

    [Fact]
    public async Task An_id_token_names_the_user_and_is_signed_with_the_published_key()
    {
        Plain.Consent = ConsentPolicy.Allow;
        var answer = await ExchangeAsync(Plain, await CodeAsync(Plain, ("scope", "openid read"), ("nonce", "n-1"), ("login_hint", "bob")));
        var discovery = (await Http.GetAsync(new Uri($"{Plain.Issuer}/.well-known/openid-configuration"))).Json;
        var keys = (await Http.GetAsync(new Uri(discovery.GetProperty("jwks_uri").GetString()!))).Json.GetProperty("keys");

        var parts = answer.Json.GetProperty("id_token").GetString()!.Split('.');
        var claims = JsonElement.Parse(Base64Url.DecodeFromChars(parts[1]));

        Assert.True(IsSignedBy(keys[0], $"{parts[0]}.{parts[1]}", Base64Url.DecodeFromChars(parts[2])));
        Assert.Equal(discovery.GetProperty("issuer").GetString(), claims.GetProperty("iss").GetString());
        Assert.Equal(
            ("bob", RegisteredClient.Default.Id, "n-1", "bob@plain.example"),
            (Text(claims, "sub"), Text(claims, "aud"), Text(claims, "nonce"), Text(claims, "email")));
    }

    [Fact]
    public async Task Userinfo_tells_the_same_user()
    {
        var grant = Plain.IssueGrant("dora@example.com");

        var known = await Http.GetWithBearerAsync(Plain.UserInfoEndpoint, grant.AccessToken);
        Plain.Revoke(grant.GrantId);
        var ended = await Http.GetWithBearerAsync(Plain.UserInfoEndpoint, grant.AccessToken);

        Assert.Equal(("dora@example.com", "dora@example.com"), (Text(known.Json, "sub"), Text(known.Json, "email")));
        Assert.Equal(HttpStatusCode.Unauthorized, ended.Status);
    }

    [Fact]
    public async Task The_answer_may_come_as_a_form()
    {
        Plain.Consent = ConsentPolicy.Allow;

        var answer = await Http.GetAsync(Authorize(Plain, ("response_mode", "form_post")));
        var form = (IHtmlFormElement)new HtmlParser().ParseDocument(answer.Body).QuerySelector("form")!;

        Assert.Equal((ReturnTo, "post"), (form.GetAttribute("action"), form.Method));
        Assert.Equal("s-1", form.QuerySelector("input[name=state]")!.GetAttribute("value"));
        Assert.NotNull(form.QuerySelector("input[name=code]"));
    }

    [Fact]
    public async Task A_server_without_refresh_tokens_gives_none()
    {
        var server = Host.Servers["no-refresh-token"];
        server.Consent = ConsentPolicy.Allow;

        var answer = await ExchangeAsync(server, await CodeAsync(server, ("scope", "read offline_access")));

        Assert.Equal((HttpStatusCode.OK, null), (answer.Status, answer.RefreshToken));
        Assert.Equal(RefreshKind.None, server.Personality.RefreshKind);
    }

    private static Uri Authorize(AuthorizationServer server, params (string Name, string Value)[] changes)
    {
        var parameters = new Dictionary<string, string?>
        {
            ["client_id"] = RegisteredClient.Default.Id,
            ["redirect_uri"] = ReturnTo,
            ["response_type"] = "code",
            ["state"] = "s-1",
        };
        foreach (var (name, value) in changes)
        {
            parameters[name] = value;
        }

        return new Uri(QueryHelpers.AddQueryString(server.AuthorizeEndpoint.ToString(), parameters));
    }

    private async Task<IHtmlDocument> AskAsync(AuthorizationServer server, params (string, string)[] changes) =>
        new HtmlParser().ParseDocument((await Http.GetAsync(Authorize(server, changes))).Body);

    private async Task<Dictionary<string, string>> DecideAsync(IHtmlDocument page, string account, string decision)
    {
        var form = (IHtmlFormElement)page.QuerySelector("form")!;
        var fields = form.QuerySelectorAll("input").Cast<IHtmlInputElement>()
            .Where(input => input.Type is not ("radio" or "checkbox") || (input.Type == "checkbox" && input.IsChecked))
            .Select(input => (input.Name!, input.Value));
        var address = new Uri(Plain.Issuer, form.GetAttribute("action"));
        return Back(await Http.PostAsync(address, [.. fields, ("account", account), ("decision", decision)]));
    }

    private async Task<string> CodeAsync(AuthorizationServer server, params (string, string)[] changes) =>
        Back(await Http.GetAsync(Authorize(server, changes)))["code"];

    private static Dictionary<string, string> Back(SimulatorAnswer answer)
    {
        Assert.Equal(HttpStatusCode.Redirect, answer.Status);
        return QueryHelpers.ParseQuery(answer.Headers.Location!.Query).ToDictionary(value => value.Key, value => value.Value.ToString());
    }

    private Task<SimulatorAnswer> ExchangeAsync(AuthorizationServer server, string code, params (string Name, string Value)[] changes)
    {
        var parameters = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = ReturnTo,
            ["client_id"] = RegisteredClient.Default.Id,
            ["client_secret"] = RegisteredClient.Default.Secrets[0],
        };
        foreach (var (name, value) in changes)
        {
            parameters[name] = value;
        }

        return Http.PostAsync(server.TokenEndpoint, [.. parameters.Select(parameter => (parameter.Key, parameter.Value))]);
    }

    private static bool IsSignedBy(JsonElement key, string signed, byte[] signature)
    {
        using var rsa = RSA.Create(new RSAParameters
        {
            Modulus = Base64Url.DecodeFromChars(Text(key, "n")),
            Exponent = Base64Url.DecodeFromChars(Text(key, "e")),
        });
        return rsa.VerifyData(Encoding.ASCII.GetBytes(signed), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
