using Rekindle.Connections;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Connect;

/// <summary>What the exchange of the code brings, and what it does not.</summary>
public sealed class ConnectGrantTests
{
    [Fact, Trait("Req", "E3")]
    public async Task A_grant_that_cannot_be_renewed_is_refused_with_what_to_do_about_it()
    {
        await using var host = await ConnectHost.StartAsync(personality: OfflineScope);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Contains("cannot be renewed", page.Title, StringComparison.Ordinal);
        var session = await host.SessionAsync(id);
        Assert.Equal("no_refresh_token", session.GetProperty("error_code").GetString());
        Assert.Contains("accept_without_refresh_token", session.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Null(await host.ConnectionOfAsync());
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_policy_accepts_a_grant_that_cannot_be_renewed()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { Policy = new() { AcceptWithoutRefreshToken = true } }, OfflineScope);
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        var stored = (await host.Connections.GetAsync((await host.ConnectionOfAsync())!.Id, default))!;
        Assert.Equal((ConnectionStatus.Active, null), (stored.Connection.Status, stored.Tokens!.RefreshToken));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_provider_that_gives_a_refresh_token_once_is_asked_in_the_way_that_it_gives_one_each_time()
    {
        await using var host = await ConnectHost.StartAsync(personality: Presets.All["google-like"], entry: server => CatalogueEntry.Of(server)
            .With("requests", "authorize_parameters: { access_type: offline, prompt: consent }"));
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();

        for (var i = 1; i <= 2; i++)
        {
            await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);
            Assert.NotNull((await host.Connections.GetAsync((await host.ConnectionOfAsync())!.Id, default))!.Tokens!.RefreshToken);
        }
    }

    [Fact, Trait("Req", "E5")]
    public async Task A_policy_accepts_missing_scopes_and_what_was_granted_is_kept()
    {
        await using var host = await ConnectHost.StartAsync(i => i with { Scopes = ["read", "write"], Policy = new() { AcceptMissingScopes = true } });
        host.Server.Consent = ConsentPolicy.Allow with { Scopes = ["read"] };
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);

        Assert.Equal(["read"], (await host.Connections.GetAsync((await host.ConnectionOfAsync())!.Id, default))!.Tokens!.Scopes);
    }

    [Theory, Trait("Req", "E3")]
    [InlineData(FaultKind.Outage, "provider_unavailable", 503)]
    [InlineData(FaultKind.ServerError, "provider_unavailable", 503)]
    [InlineData(FaultKind.GatewayTimeout, "provider_unavailable", 503)]
    [InlineData(FaultKind.Abort, "provider_unavailable", 503)]
    [InlineData(FaultKind.Truncate, "provider_unavailable", 503)]
    [InlineData(FaultKind.Throttled, "provider_unavailable", 503)]
    [InlineData(FaultKind.Garbage, "provider_unavailable", 503)]
    [InlineData(FaultKind.Empty, "provider_unavailable", 503)]
    [InlineData(FaultKind.Huge, "provider_unavailable", 503)]
    [InlineData(FaultKind.Firewall, "provider_unavailable", 503)]
    [InlineData(FaultKind.InvalidGrant, "code_rejected", 400)]
    [InlineData(FaultKind.SecretExpired, "integration_misconfigured", 400)]
    public async Task A_token_endpoint_in_trouble_costs_nothing_but_another_try(FaultKind kind, string code, int status)
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        host.Server.Faults.Add(Fault.Of(kind));
        using var person = new Person();
        var (id, url) = await host.LinkAsync();

        var page = await person.ConnectAsync(url);

        Assert.Equal((status, code), (page.Status, (await host.SessionAsync(id)).GetProperty("error_code").GetString()));
        Assert.Null(await host.ConnectionOfAsync());
        host.Server.Faults.Clear();
        Assert.NotNull((await person.ConnectAsync(new Uri(page.Document.QuerySelector("a.button")!.GetAttribute("href")!))).Query("completion_code"));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_live_connection_survives_a_reconnect_that_fails()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        using var person = new Person();
        await person.ConnectAsync((await host.LinkAsync(completion: "auto")).Url);
        var before = (await host.ConnectionOfAsync())!;
        host.Server.Faults.Add(Fault.Of(FaultKind.Outage));

        var (_, link) = await host.PostAsync($"/v1/connections/{before.Id}/reconnect-link", new { });
        await person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!));

        var after = (await host.Connections.GetAsync(before.Id, default))!;
        Assert.Equal((ConnectionStatus.Active, 1), (after.Connection.Status, after.Tokens!.GrantNo));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_token_endpoint_that_never_answers_is_given_up_and_says_so()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        host.Server.Faults.Add(Fault.Hold());
        using var person = new Person();
        var (id, url) = await host.LinkAsync();
        var answer = await person.SignInAsync(url);

        var coming = person.OpenAsync(answer);
        await host.Simulator.History.WaitForAsync(p => p.Endpoint == SimulatedEndpoint.Token, 1);
        using var impatient = new Person();
        var meanwhile = await person.OpenAsync(url);
        host.Clock.Advance(TimeSpan.FromSeconds(31));
        var page = await coming;

        Assert.Equal(409, meanwhile.Status);
        Assert.Contains("being completed", meanwhile.Title, StringComparison.Ordinal);
        Assert.Equal((503, "provider_unavailable"), (page.Status, (await host.SessionAsync(id)).GetProperty("error_code").GetString()));
        host.Server.Faults.Clear();
    }

    [Fact, Trait("Req", "E3")]
    public async Task The_question_whose_account_it_is_may_be_repeated_and_what_remains_unknown_connects_nothing()
    {
        await using var host = await ConnectHost.StartAsync();
        host.Server.Consent = ConsentPolicy.Allow;
        host.Server.Faults.Add(Fault.Of(FaultKind.Outage).At(SimulatedEndpoint.UserInfo).Times(2));
        using var person = new Person();

        await person.ConnectAsync((await host.LinkAsync("user-1", "auto")).Url);
        host.Server.Faults.Add(Fault.Of(FaultKind.Outage).At(SimulatedEndpoint.UserInfo));
        var (id, url) = await host.LinkAsync("user-2", "auto");
        await person.ConnectAsync(url);

        Assert.Equal("alice", (await host.ConnectionOfAsync("user-1"))!.ProviderAccountId);
        Assert.Equal("account_unknown", (await host.SessionAsync(id)).GetProperty("error_code").GetString());
        Assert.Null(await host.ConnectionOfAsync("user-2"));
    }

    private static Personality OfflineScope => EngineSettings.Strict with { RefreshTokenIssued = RefreshTokenCondition.OfflineScope };
}
