using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Choosing a provider, and what the page asks: where the account lives, and what the operator wants to know.</summary>
public sealed class ConnectFormTests
{
    private static readonly ConnectField[] Questions =
    [
        new()
        {
            Name = "plan", Label = "Plan", Kind = ConnectFieldKind.Choice, Required = true, Default = "silver",
            Choices = new Dictionary<string, string> { ["gold"] = "Gold", ["silver"] = "Silver" },
        },
        new() { Name = "limit", Label = "Limit", Help = "Items a day.", Kind = ConnectFieldKind.Number, Min = 1, Max = 500, Default = "50" },
        new() { Name = "share", Label = "Share", Kind = ConnectFieldKind.Percent, Required = true },
        new() { Name = "note", Label = "Note", Default = "none" },
    ];

    [Fact, Trait("Req", "E3")]
    public async Task A_link_without_integration_lets_the_person_choose()
    {
        await using var host = await ConnectHost.StartAsync();
        await host.AddIntegrationAsync(Another("mail", "Mail & Calendar"), RegisteredClient.Default.Secrets[0]);
        await host.AddIntegrationAsync(Another("paused", "Paused") with { State = IntegrationState.Paused }, RegisteredClient.Default.Secrets[0]);
        await host.AddIntegrationAsync(Another("elsewhere", "Elsewhere") with { AllowedReturnUrls = [] }, RegisteredClient.Default.Secrets[0]);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var made = await host.CreateAsync(new { subject = "user-1", return_url = ConnectHost.ReturnUrl, completion = "auto" });

        var choice = await person.OpenAsync(new Uri(made.GetProperty("url").GetString()!));
        var links = choice.Document.QuerySelectorAll("main li a").ToArray();
        await person.ConnectAsync(new Uri(choice.Address, links[1].GetAttribute("href")!));

        Assert.Equal(["Acme", "Mail & Calendar"], links.Select(l => l.TextContent));
        var session = await host.SessionAsync(made.GetProperty("id").GetString()!);
        Assert.Equal(("connected", "mail"), (session.GetProperty("status").GetString(), session.GetProperty("integration").GetString()));
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("nothing")]
    [InlineData("../acme")]
    [InlineData("<b>")]
    public async Task A_choice_that_was_not_offered_is_asked_again(string chosen)
    {
        await using var host = await ConnectHost.StartAsync();
        await host.AddIntegrationAsync(Another("mail", "Mail"), RegisteredClient.Default.Secrets[0]);
        using var person = new Person();
        var made = await host.CreateAsync(new { subject = "user-1", return_url = ConnectHost.ReturnUrl });

        var page = await person.OpenAsync(new Uri($"{made.GetProperty("url").GetString()}?integration={Uri.EscapeDataString(chosen)}"));

        Assert.Equal("Connect an account", page.Title);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Answers_are_typed_checked_kept_and_stand_there_again_on_reconnect()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { ConnectFields = Questions });
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (_, url) = await host.LinkAsync(completion: "auto");
        var blank = await person.OpenAsync(url);

        await person.ConnectAsync(url, ("metadata.plan", "gold"), ("metadata.limit", " 12.50 "), ("metadata.share", "7 %"), ("metadata.note", ""));

        Assert.Equal(["silver", "50", "", "none"], Values(blank));
        var connection = (await host.ConnectionOfAsync())!;
        Assert.Equal(
            new Dictionary<string, string> { ["plan"] = "gold", ["limit"] = "12.5", ["share"] = "7" }, connection.Metadata);
        var (_, link) = await host.PostAsync($"/v1/connections/{connection.Id}/reconnect-link", new { });
        Assert.Equal(["gold", "12.5", "7", "none"], Values(await person.OpenAsync(new Uri(link.GetProperty("url").GetString()!))));
    }

    [Fact, Trait("Req", "E3")]
    public async Task An_answer_that_is_taken_back_on_reconnect_is_gone_and_what_the_operator_wrote_stays()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { ConnectFields = Questions });
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url, ("metadata.share", "7"), ("metadata.limit", "9"));
        var connection = (await host.ConnectionOfAsync())!;
        await host.Connections.PatchAsync(connection.Id, new(null, new Dictionary<string, string?> { ["team"] = "blue" }), host.Clock.Now, default);

        var (_, link) = await host.PostAsync($"/v1/connections/{connection.Id}/reconnect-link", new { });
        await person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!), ("metadata.limit", ""), ("metadata.share", "8"));

        Assert.Equal(
            new Dictionary<string, string> { ["plan"] = "silver", ["share"] = "8", ["note"] = "none", ["team"] = "blue" },
            (await host.ConnectionOfAsync())!.Metadata);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("metadata.plan", "platinum", "one of the list")]
    [InlineData("metadata.plan", "", "answer this")]
    [InlineData("metadata.limit", "0", "from 1 to 500")]
    [InlineData("metadata.limit", "501", "from 1 to 500")]
    [InlineData("metadata.limit", "1e9", "a number")]
    [InlineData("metadata.limit", "١٢", "a number")]
    [InlineData("metadata.share", "", "answer this")]
    [InlineData("metadata.share", "-1", "from 0 to 100")]
    [InlineData("metadata.share", "12,5", "a number")]
    [InlineData("metadata.note", "two\nlines", "one line")]
    public async Task An_answer_that_cannot_be_used_is_asked_again_beside_its_field_and_nothing_is_begun(string field, string value, string words)
    {
        await using var host = await ConnectHost.StartAsync(i => i with { ConnectFields = Questions });
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.PressAsync(await person.OpenAsync(url), field == "metadata.share" ? [(field, value)] : [("metadata.share", "7"), (field, value)]);

        Assert.Equal(422, page.Status);
        var input = page.Document.GetElementById(field)!;
        Assert.Equal("true", input.GetAttribute("aria-invalid"));
        Assert.Contains(words, page.Document.GetElementById(field + ".bad")!.TextContent, StringComparison.Ordinal);
        Assert.Contains(field + ".bad", input.GetAttribute("aria-describedby")!.Split(' '));
        Assert.Equal("pending", (await host.SessionAsync(id)).GetProperty("status").GetString());
        Assert.Empty(host.Simulator.History.Since());
    }

    [Fact, Trait("Req", "E3")]
    public async Task Answers_to_questions_that_were_not_asked_are_ignored()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { ConnectFields = Questions });
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url, ("metadata.share", "7"), ("metadata.admin", "true"), ("variable.realm", "evil"));

        var connection = (await host.ConnectionOfAsync())!;
        Assert.DoesNotContain("admin", connection.Metadata.Keys);
        Assert.Empty(connection.Variables);
    }

    [Fact, Trait("Req", "E3")]
    public async Task Where_the_account_lives_is_asked_and_every_later_request_goes_there()
    {
        await using var host = await ConnectHost.StartAsync(entry: Realm);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url, ("variable.realm", "acme"));

        var connection = (await host.ConnectionOfAsync())!;
        Assert.Equal("acme", connection.Variables["realm"]);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Null((await host.Get<ConnectionLevers>().RefreshAsync(connection.Id, capture: false, "test")).Error);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("")]
    [InlineData("acme/../evil")]
    [InlineData("..")]
    [InlineData("acme/token?x=")]
    [InlineData("acme#")]
    [InlineData("@evil.example")]
    [InlineData("%2e%2e")]
    [InlineData("http://evil.example/")]
    [InlineData("acme\\evil")]
    [InlineData("{realm}")]
    [InlineData("acme evil")]
    public async Task A_place_that_would_lead_elsewhere_is_asked_again(string value)
    {
        await using var host = await ConnectHost.StartAsync(entry: Realm);
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.PressAsync(await person.OpenAsync(url), ("variable.realm", value));

        Assert.Equal((422, "pending"), (page.Status, (await host.SessionAsync(id)).GetProperty("status").GetString()));
        Assert.NotNull(page.Document.GetElementById("variable.realm.bad"));
        Assert.Equal(422, (await host.PostAsync("/v1/connect-sessions", new
        {
            integration = "acme",
            subject = "user-1",
            return_url = ConnectHost.ReturnUrl,
            variables = new Dictionary<string, string> { ["realm"] = value.Length == 0 ? "/" : value },
        })).Status);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("good-shop", true)]
    [InlineData("evil.example/", false)]
    [InlineData("evil.example#", false)]
    [InlineData("a.b", false)]
    [InlineData("evil@x", false)]
    [InlineData("shop:8443", false)]
    [InlineData("-shop", false)]
    public async Task A_shop_is_one_name_below_the_providers_own_host(string shop, bool isOne)
    {
        await using var host = await ConnectHost.StartAsync(i => i with { Provider = "shopify" });
        using var person = new Person();

        var page = await person.PressAsync(await person.OpenAsync((await host.LinkAsync()).Url), ("variable.shop", shop));

        Assert.Equal(isOne ? 303 : 422, page.Status);
        Assert.Equal(isOne ? "good-shop.myshopify.com" : null, page.Location?.Host);
    }

    [Fact, Trait("Req", "E3")]
    public async Task The_data_centre_that_the_answer_names_is_where_the_code_and_every_refresh_go()
    {
        // At the default one nobody listens: were the answer's not used, the exchange would fail.
        await using var host = await ConnectHost.StartAsync(personality: Located("eu"), entry: DataCentres);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        var connection = (await host.ConnectionOfAsync())!;
        Assert.Equal("eu", connection.Variables["location"]);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Null((await host.Get<ConnectionLevers>().RefreshAsync(connection.Id, capture: false, "test")).Error);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("evil.example")]
    [InlineData("eu/../../evil")]
    [InlineData("EU")]
    [InlineData("")]
    public async Task A_data_centre_that_the_provider_does_not_have_gets_no_code(string location)
    {
        await using var host = await ConnectHost.StartAsync(personality: Located(location), entry: DataCentres);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        await person.ConnectAsync(url);

        Assert.Equal(location.Length == 0 ? "provider_unavailable" : "answer_malformed", (await host.SessionAsync(id)).GetProperty("error_code").GetString());
        Assert.DoesNotContain(host.Simulator.History.Since(), p => p.Endpoint == SimulatedEndpoint.Token);
    }

    private static string[] Values(Page page) =>
        [.. page.Document.QuerySelectorAll(".field input, .field option[selected]").Select(e => e.GetAttribute("value")!)];

    private static Integration Another(string key, string name) => new()
    {
        Environment = "production",
        Key = key,
        Provider = "sim-acme",
        DisplayName = name,
        ClientId = RegisteredClient.Default.Id,
        Scopes = ["read"],
        AllowedReturnUrls = ["https://app.example.com"],
    };

    private static string Realm(AuthorizationServer server) => CatalogueEntry.Of(server)
        .Replace($"{server.Issuer}/", $"http://{server.Issuer.Authority}/{{realm}}/", StringComparison.Ordinal)
        .With("variables", "realm: { title: Realm, kind: path_segment }");

    private static Personality Located(string location) => EngineSettings.Strict with
    {
        Callback = new() { Extra = new Dictionary<string, string> { ["location"] = location } },
    };

    private static string DataCentres(AuthorizationServer server) => CatalogueEntry.Of(server)
        .Replace(server.TokenEndpoint.AbsoluteUri, "http://{location}/acme/token", StringComparison.Ordinal)
        .With("variables", $"location: {{ source: callback, default: us, values: {{ us: \"127.0.0.1:1\", eu: \"{server.Issuer.Authority}\" }} }}");
}
