using System.Net;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class LifetimeTests : SimulatorTest
{
    [Fact]
    public async Task The_api_accepts_a_token_up_to_its_expiry_and_not_at_it()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1", accessTokenLifetime: TimeSpan.FromSeconds(90));

        Clock.Advance(TimeSpan.FromSeconds(89));
        var before = await Http.CallApiAsync(server, grant.AccessToken);
        Clock.Advance(TimeSpan.FromSeconds(1));
        var after = await Http.CallApiAsync(server, grant.AccessToken);

        Assert.Equal((HttpStatusCode.OK, "u1"), (before.Status, before.Json.GetProperty("id").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, after.Status);
        Assert.Equal("Bearer error=\"invalid_token\"", after.Headers.WwwAuthenticate.Single().ToString());
        Assert.Equal(Clock.Now, grant.ExpiresAt);
    }

    [Fact]
    public async Task The_api_accepts_nothing_from_another_server()
    {
        var grant = Host.Servers["strict"].IssueGrant("u1");

        var answer = await Http.CallApiAsync(Host.Servers["plain"], grant.AccessToken);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
    }

    [Theory]
    [InlineData("ebay-like")]
    [InlineData("microsoft-like")]
    [InlineData("google-like")]
    public async Task Tokens_of_any_look_pass_a_bearer_header(string preset)
    {
        var server = Host.Servers[preset];

        var answer = await Http.CallApiAsync(server, server.IssueGrant("u1").AccessToken);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task An_immortal_token_has_no_expiry_and_outlives_a_decade()
    {
        var server = Host.Servers["immortal"];
        var grant = server.IssueGrant("u1");

        Clock.Advance(TimeSpan.FromDays(3650));

        Assert.Equal((null, null), (grant.ExpiresAt, grant.RefreshToken));
        Assert.Equal(HttpStatusCode.OK, (await Http.CallApiAsync(server, grant.AccessToken)).Status);
    }

    [Fact]
    public async Task A_grant_that_is_not_used_ends_and_one_that_is_used_lives_on()
    {
        var server = Server(new Personality { RefreshTokens = new() { Inactivity = TimeSpan.FromDays(30) } });
        var used = server.IssueGrant("used");
        var idle = server.IssueGrant("idle");

        Clock.Advance(TimeSpan.FromDays(20));
        await Http.RefreshAsync(server, used.RefreshToken!);
        Clock.Advance(TimeSpan.FromDays(10));

        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, used.RefreshToken!)).Status);
        Assert.Equal("invalid_grant", (await Http.RefreshAsync(server, idle.RefreshToken!)).Error);
        Assert.Equal(GrantEnd.Inactive, server.FindGrant(idle.GrantId)!.End);
    }

    [Fact]
    public async Task A_fixed_end_comes_however_often_the_grant_is_refreshed_and_is_announced()
    {
        var server = Host.Servers["fixed-end"];
        var grant = server.IssueGrant("u1");

        Clock.Advance(TimeSpan.FromDays(6));
        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromDays(1));
        var ended = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(86_400, refreshed.Json.GetProperty("refresh_token_expires_in").GetInt32());
        Assert.Equal("invalid_grant", ended.Error);
        Assert.Equal(GrantEnd.Expired, server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task A_refresh_too_early_is_refused_and_changes_nothing()
    {
        var server = Host.Servers["too-early"];
        var grant = server.IssueGrant("u1");

        Clock.Advance(TimeSpan.FromMinutes(9));
        var early = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromSeconds(30));
        var due = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (early.Status, early.Error));
        Assert.Equal(TokenError.NotDueYet, Host.History.Refreshes(server.Name)[0].Error);
        Assert.Equal(HttpStatusCode.OK, due.Status);
    }

    [Fact]
    public async Task A_refresh_too_early_may_bring_the_same_token()
    {
        var server = Host.Servers["same-token"];
        var grant = server.IssueGrant("u1");

        Clock.Advance(TimeSpan.FromHours(4));
        var early = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromHours(1));
        var due = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((grant.AccessToken, 7200), (early.AccessToken, early.Json.GetProperty("expires_in").GetInt32()));
        Assert.NotEqual(grant.AccessToken, due.AccessToken);
    }

    [Fact]
    public async Task The_eleventh_refresh_within_ten_minutes_is_throttled_for_that_grant_only()
    {
        var server = Host.Servers["zoho-like"];
        var busy = server.IssueGrant("busy");
        for (var i = 0; i < 10; i++)
        {
            await Http.RefreshAsync(server, busy.RefreshToken!);
        }

        var throttled = await Http.RefreshAsync(server, busy.RefreshToken!);
        var other = await Http.RefreshAsync(server, server.IssueGrant("other").RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(10));
        var later = await Http.RefreshAsync(server, busy.RefreshToken!);

        Assert.Equal((HttpStatusCode.OK, "Access Denied"), (throttled.Status, throttled.Error));
        Assert.NotNull(other.AccessToken);
        Assert.NotNull(later.AccessToken);
    }

    [Fact]
    public void A_new_grant_ends_the_oldest_beyond_the_cap()
    {
        var server = Host.Servers["one-grant"];
        var old = server.IssueGrant("u1");
        var other = server.IssueGrant("u2");

        var replacing = server.IssueGrant("u1");

        Assert.Equal(GrantEnd.Superseded, server.FindGrant(old.GrantId)!.End);
        Assert.Null(server.FindGrant(other.GrantId)!.End);
        Assert.Null(server.FindGrant(replacing.GrantId)!.End);
    }

    [Fact]
    public async Task A_new_access_token_ends_the_oldest_beyond_the_cap()
    {
        var server = Host.Servers["slack-like"];
        var grant = server.IssueGrant("u1");

        var second = await Http.RefreshAsync(server, grant.RefreshToken!);
        Assert.True(server.Accepts(grant.AccessToken));
        var third = await Http.RefreshAsync(server, second.RefreshToken!);

        Assert.False(server.Accepts(grant.AccessToken));
        Assert.True(server.Accepts(second.AccessToken!));
        Assert.True(server.Accepts(third.AccessToken!));
    }

    [Fact]
    public async Task A_server_may_change_its_personality_while_it_runs()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        server.Personality = server.Personality with { AccessTokenLifetime = TimeSpan.FromSeconds(20) };
        var answer = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(20, answer.Json.GetProperty("expires_in").GetInt32());
    }
}
