using Rekindle.Providers;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Connect;

/// <summary>What comes back from a provider with the browser: by form, with an issuer, signed, or with an error.</summary>
public sealed class ConnectAnswerTests
{
    [Fact, Trait("Req", "E3")]
    public async Task An_answer_that_was_posted_goes_on_as_a_request_of_our_own_site_and_nothing_is_kept_for_it()
    {
        await using var host = await ConnectHost.StartAsync(entry: Posting);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        using var provider = new Person();
        var (id, url) = await host.LinkAsync();
        var form = await person.OpenAsync((await person.PressAsync(await person.OpenAsync(url))).Location!);

        // The provider's page posts it, and a browser sends no cookie of ours along with that.
        var taken = await provider.PressAsync(form);

        Assert.Equal((303, host.Site.Authority), (taken.Status, taken.Location!.Authority));
        Assert.DoesNotContain("code-", taken.Location.Query, StringComparison.Ordinal);
        Assert.Empty(host.AtTokenEndpoint);
        Assert.Equal("pending", (await host.SessionAsync(id)).GetProperty("status").GetString());
        Assert.Equal(403, (await provider.OpenAsync(taken.Location)).Status);
        var back = await person.OpenAsync(taken.Location);
        Assert.NotNull(back.Query("completion_code"));
        Assert.InRange((await person.OpenAsync(taken.Location)).Status, 400, 409);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_posted_answer_that_was_changed_on_the_way_is_none()
    {
        await using var host = await ConnectHost.StartAsync(entry: Posting);
        await host.AddIntegrationAsync(Other, RegisteredClient.Default.Secrets[0]);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var form = await person.OpenAsync((await person.PressAsync(await person.OpenAsync((await host.LinkAsync()).Url))).Location!);
        var address = (await person.PressAsync(form)).Location!.AbsoluteUri;

        Assert.Equal(400, (await person.OpenAsync(new Uri(address[..^2] + (address[^2] == 'A' ? "BA" : "AA")))).Status);
        Assert.Equal(400, (await person.OpenAsync(new Uri(address.Replace("/acme?", "/other?", StringComparison.Ordinal)))).Status);
        Assert.Empty(host.AtTokenEndpoint);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_form_of_any_size_that_is_no_answer_is_refused()
    {
        await using var host = await ConnectHost.StartAsync(entry: Posting);
        using var person = new Person();
        var callback = new Uri(host.Site, "/connect/callback/production/acme");

        Assert.Equal(400, (await person.PostAsync(callback, [KeyValuePair.Create("state", new string('s', 70_000))])).Status);
        Assert.Equal(400, (await person.PostAsync(callback, [KeyValuePair.Create("code", "a"), KeyValuePair.Create("code", "b")])).Status);
        Assert.Equal(400, (await person.PostAsync(callback, Enumerable.Range(0, 60).Select(i => KeyValuePair.Create($"p{i}", "x")))).Status);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData(4_000, 303)]
    [InlineData(6_000, 400)]
    public async Task A_posted_answer_goes_on_if_an_address_can_carry_it(int length, int status)
    {
        await using var host = await ConnectHost.StartAsync(entry: Posting);
        using var person = new Person();

        var taken = await person.PostAsync(new Uri(host.Site, "/connect/callback/production/acme"), [new("code", new string('c', length)), new("state", "s")]);

        Assert.Equal(status, taken.Status);
        Assert.Equal(400, taken.Location is { } on ? (await person.OpenAsync(on)).Status : 400);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData(true, "https://evil.example")]
    [InlineData(false, null)]
    public async Task An_answer_that_names_another_issuer_or_none_is_not_exchanged(bool names, string? issuer)
    {
        var personality = EngineSettings.Strict with { Callback = new() { NamesIssuer = names, Issuer = issuer } };
        await using var host = await ConnectHost.StartAsync(personality: personality, entry: NamingIssuer);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Equal((400, "answer_forged"), (page.Status, (await host.SessionAsync(id)).GetProperty("error_code").GetString()));
        Assert.Empty(host.AtTokenEndpoint);
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_that_names_the_right_issuer_is_exchanged()
    {
        await using var host = await ConnectHost.StartAsync(entry: NamingIssuer);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        Assert.NotNull((await person.ConnectAsync((await host.LinkAsync()).Url)).Query("completion_code"));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_signed_answer_connects_the_shop_that_it_speaks_for()
    {
        await using var host = await ShopAsync("127.0.0.1");
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        Assert.Equal("127.0.0.1", (await host.ConnectionOfAsync())!.ProviderAccountId);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("code", "another")]
    [InlineData("shop", "other.myshopify.com")]
    [InlineData("hmac", "")]
    [InlineData("timestamp", "1")]
    public async Task A_signed_answer_in_which_anything_was_changed_is_not_exchanged(string parameter, string value)
    {
        await using var host = await ShopAsync("127.0.0.1");
        using var person = new Person();
        var (id, url) = await host.LinkAsync();
        var query = System.Web.HttpUtility.ParseQueryString((await person.SignInAsync(url)).Query);
        query[parameter] = value;

        var page = await person.OpenAsync(new Uri(host.Site, $"/connect/callback/production/acme?{query}"));

        Assert.Equal((400, "answer_forged"), (page.Status, (await host.SessionAsync(id)).GetProperty("error_code").GetString()));
        Assert.Empty(host.AtTokenEndpoint);
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_signed_answer_of_another_shop_is_not_exchanged()
    {
        await using var host = await ShopAsync("other.myshopify.com");
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        await person.ConnectAsync(url);

        Assert.Equal("answer_forged", (await host.SessionAsync(id)).GetProperty("error_code").GetString());
        Assert.Empty(host.AtTokenEndpoint);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("access_denied", "denied", "access_denied", 400)]
    [InlineData("user_cancelled_login", "denied", "access_denied", 400)]
    [InlineData("server_error", "failed", "provider_unavailable", 503)]
    [InlineData("temporarily_unavailable", "failed", "provider_unavailable", 503)]
    [InlineData("invalid_scope", "failed", "integration_misconfigured", 400)]
    [InlineData("unauthorized_client", "failed", "integration_misconfigured", 400)]
    [InlineData("acme_says_so", "failed", "provider_refused", 400)]
    public async Task A_providers_error_is_told_in_plain_words_and_its_own_words_only_to_the_operator(string error, string status, string code, int http)
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Refuse(error, "<script>alert(1)</script>\u0000\u202e" + new string('x', 5_000));
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Equal(http, page.Status);
        Assert.DoesNotContain("alert", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("xxx", page.Text, StringComparison.Ordinal);
        Assert.Contains(code, page.Text, StringComparison.Ordinal);
        var session = await host.SessionAsync(id);
        Assert.Equal((status, code), (session.GetProperty("status").GetString(), session.GetProperty("error_code").GetString()));
        var told = session.GetProperty("error").GetString()!;
        Assert.Contains($"({error}: <script>", told, StringComparison.Ordinal);
        Assert.InRange(told.Length, 1, 600);
        Assert.DoesNotContain(told, char.IsControl);
        Assert.Empty(host.AtTokenEndpoint);
        Assert.Equal(url.AbsolutePath.Split('.')[0], new Uri(page.Document.QuerySelector("a.button")!.GetAttribute("href")!).AbsolutePath.Split('.')[0]);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Who_came_from_an_application_finds_the_way_back_to_it_on_every_page_that_ends_badly()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Deny;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        var back = System.Web.HttpUtility.ParseQueryString(
            new Uri(page.Document.QuerySelectorAll("a").Single(a => a.GetAttribute("href")!.StartsWith(ConnectHost.ReturnUrl, StringComparison.Ordinal)).GetAttribute("href")!).Query);
        Assert.Equal((id, "access_denied", "ref 1&2"), (back["connect_session_id"], back["error"], back["client_reference"]));
    }

    private static Integration Other => new()
    {
        Environment = "production",
        Key = "other",
        Provider = "sim-acme",
        DisplayName = "Other",
        ClientId = RegisteredClient.Default.Id,
        Scopes = ["read"],
    };

    private static string Posting(AuthorizationServer server) => CatalogueEntry.Of(server).With("requests", "response_mode: form_post");

    private static string NamingIssuer(AuthorizationServer server) => CatalogueEntry.Of(server)
        .With("endpoints", $"issuer: {server.Issuer}")
        .With("requests", "callback_issuer: true");

    // Its host stands for the shop's: the answer's shop has to be the host that tokens come from.
    private static async Task<ConnectHost> ShopAsync(string shop)
    {
        var personality = Presets.All["shopify-like"] with
        {
            Callback = new() { NamesIssuer = false, HasHmac = true, Extra = new Dictionary<string, string> { ["shop"] = shop } },
        };
        var host = await ConnectHost.StartAsync(
            i => i with { Variables = new Dictionary<string, string> { ["shop"] = "mine" } },
            personality,
            server => CatalogueEntry.Of(server)
                .With("requests", "callback_hmac: true", "pkce: broken", "scope_separator: \",\"")
                .With("variables", $"shop: {{ source: integration, values: {{ mine: {server.Issuer.Authority} }} }}")
                .Replace($"http://{server.Issuer.Authority}/acme/token", "http://{shop}/acme/token", StringComparison.Ordinal)
                .Instead("identity", "source: callback", "path: shop"));
        host.Server.Consent = ConsentPolicy.Allow;
        return host;
    }
}
