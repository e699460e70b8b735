using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Purposes (A10): where each has a grant of its own, and where the provider keeps one grant per user and client.</summary>
public sealed class ConnectPurposeTests
{
    [Fact, Trait("Req", "A10")]
    public async Task Where_the_provider_keeps_one_grant_a_second_purpose_widens_it_and_the_first_goes_on()
    {
        await using var host = await StartAsync(Presets.All["one-grant"]);
        using var person = new Person();
        await ConnectAsync(host, person, "read");
        var first = (await host.AskAsync("read")).Token!;
        var refused = await host.AskAsync("write");

        await ConnectAsync(host, person, "write");

        Assert.Equal(TokenErrorCode.PurposeNotConnected, refused.Error!.Code);
        Assert.Equal(["write:all"], refused.Error.Scopes);
        var (read, write) = ((await host.AskAsync("read")).Token!, (await host.AskAsync("write")).Token!);
        Assert.Equal((first.ConnectionId, first.ConnectionId), (read.ConnectionId, write.ConnectionId));
        Assert.Equal(["read", "write:all"], read.Scopes.Order());
        Assert.True(host.Server.Accepts(read.Value.Reveal()));
        Assert.Single(host.Server.Grants, g => g.End is null);
    }

    [Fact, Trait("Req", "A10")]
    public async Task Reconnecting_one_purpose_asks_for_what_the_others_have()
    {
        await using var host = await StartAsync(Presets.All["one-grant"]);
        using var person = new Person();
        await ConnectAsync(host, person, "read");
        await ConnectAsync(host, person, "write");
        var id = (await host.AskAsync("read")).Token!.ConnectionId;

        var (_, link) = await host.PostAsync($"/v1/connections/{id}/reconnect-link", new { });
        await person.ConnectAsync(new Uri(link.GetProperty("url").GetString()!));

        Assert.Equal(["read", "write:all"], (await host.AskAsync("write")).Token!.Scopes.Order());
        Assert.Equal(3, (await host.Connections.GetAsync(id, default))!.Tokens!.GrantNo);
    }

    [Fact, Trait("Req", "A10"), Trait("Req", "E5")]
    public async Task Who_allows_less_than_before_is_told_and_what_was_allowed_still_works()
    {
        await using var host = await StartAsync(Presets.All["one-grant"]);
        using var person = new Person();
        await ConnectAsync(host, person, "read");
        host.Server.Consent = ConsentPolicy.Allow with { Scopes = ["read"] };

        var page = await ConnectAsync(host, person, "write");

        Assert.Contains("allowed less", page.Title, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing was changed", page.Text, StringComparison.Ordinal);
        Assert.True(host.Server.Accepts((await host.AskAsync("read")).Token!.Value.Reveal()));
        Assert.Equal(TokenErrorCode.PurposeNotConnected, (await host.AskAsync("write")).Error!.Code);
    }

    [Fact, Trait("Req", "A10")]
    public async Task A_scope_that_the_integration_gave_up_is_not_asked_for_again()
    {
        await using var host = await StartAsync(Presets.All["one-grant"]);
        using var person = new Person();
        await ConnectAsync(host, person, "write");
        await host.ChangeAsync(i => i with
        {
            Purposes = new Dictionary<string, PurposeRule> { ["read"] = new(["read"]), ["write"] = new(["write:some"]) },
        });

        var left = await person.PressAsync(await person.OpenAsync(await host.PurposeLinkAsync("read")));

        Assert.Equal("read write:some", left.Query("scope"));
    }

    [Fact, Trait("Req", "A10")]
    public async Task Elsewhere_each_purpose_has_a_grant_of_its_own_and_asks_for_its_own_scopes_only()
    {
        await using var host = await StartAsync(Engine.EngineSettings.Strict);
        using var person = new Person();
        await ConnectAsync(host, person, "read");
        await ConnectAsync(host, person, "write");

        var (read, write) = ((await host.AskAsync("read")).Token!, (await host.AskAsync("write")).Token!);

        Assert.NotEqual(read.ConnectionId, write.ConnectionId);
        Assert.Equal(["read"], read.Scopes);
        Assert.Equal(["write:all"], write.Scopes);
    }

    [Fact, Trait("Req", "A10")]
    public async Task A_grant_that_covers_a_purpose_serves_it_unless_the_purpose_is_separate()
    {
        await using var host = await StartAsync(Engine.EngineSettings.Strict, separate: "audit");
        using var person = new Person();
        await ConnectAsync(host, person, "all");

        var all = (await host.AskAsync("all")).Token!.ConnectionId;

        Assert.Equal(all, (await host.AskAsync("read")).Token!.ConnectionId);
        Assert.Equal(all, (await host.AskAsync("default")).Token!.ConnectionId);
        Assert.Equal(TokenErrorCode.PurposeNotConnected, (await host.AskAsync("audit")).Error!.Code);
        Assert.Equal(TokenErrorCode.PurposeNotConnected, (await host.AskAsync("never-declared")).Error!.Code);
    }

    [Fact, Trait("Req", "A10")]
    public async Task A_purpose_whose_own_grant_died_is_served_by_another_that_covers_it_and_returns_to_its_own()
    {
        await using var host = await StartAsync(Engine.EngineSettings.Strict);
        using var person = new Person();
        await ConnectAsync(host, person, "read");
        await ConnectAsync(host, person, "all");
        var own = (await host.AskAsync("read")).Token!.ConnectionId;
        var all = (await host.AskAsync("all")).Token!.ConnectionId;

        Assert.Null((await host.Get<ConnectionLevers>().RequireReauthorizationAsync(own, "test", "test")).Error);
        var meanwhile = (await host.AskAsync("read")).Token!.ConnectionId;
        await ConnectAsync(host, person, "read");

        Assert.NotEqual(own, all);
        Assert.Equal(all, meanwhile);
        Assert.Equal(own, (await host.AskAsync("read")).Token!.ConnectionId);
    }

    private static async Task<Page> ConnectAsync(ConnectHost host, Person person, string purpose) =>
        await person.ConnectAsync(await host.PurposeLinkAsync(purpose));

    private static async Task<ConnectHost> StartAsync(Personality personality, string? separate = null)
    {
        var host = await ConnectHost.StartAsync(
            i => i with
            {
                Purposes = new Dictionary<string, PurposeRule>
                {
                    ["read"] = new(["read"]),
                    ["write"] = new(["write:all"]),
                    ["all"] = new(["read", "write:all"]),
                    ["audit"] = new(["read"], Separate: separate == "audit"),
                },
            },
            personality);
        host.Server.Consent = ConsentPolicy.Allow;
        return host;
    }
}
