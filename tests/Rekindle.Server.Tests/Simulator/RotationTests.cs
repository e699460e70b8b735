using System.Net;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;

namespace Rekindle.Server.Tests.Simulator;

public sealed class RotationTests : SimulatorTest
{
    [Fact]
    public async Task A_refresh_token_that_does_not_rotate_works_again_and_is_not_repeated()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");

        var first = await Http.RefreshAsync(server, grant.RefreshToken!);
        var second = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.Status, second.Status));
        Assert.Null(second.RefreshToken);
        Assert.NotEqual(first.AccessToken, second.AccessToken);
    }

    [Fact]
    public async Task Strict_reuse_ends_the_whole_family()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");
        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);

        var reuse = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_grant"), (reuse.Status, reuse.Error));
        Assert.Equal(HttpStatusCode.BadRequest, (await Http.RefreshAsync(server, refreshed.RefreshToken!)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Http.CallApiAsync(server, refreshed.AccessToken!)).Status);
        Assert.Equal(GrantEnd.ReuseDetected, server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task A_strict_token_presented_by_many_at_once_succeeds_for_one_only()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Http.RefreshAsync(server, grant.RefreshToken!)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, Host.History.ReusesOutsideRule);
        Assert.Equal((1, 19), (server.FindGrant(grant.GrantId)!.Refreshes, Host.History.PresentationsPerToken().Single().OutsideRule));
    }

    [Fact]
    public async Task Single_use_kills_the_old_pair_and_reuse_leaves_the_new_one_alone()
    {
        var server = Host.Servers["single-use"];
        var grant = server.IssueGrant("u1");
        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);

        var reuse = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal("invalid_grant", reuse.Error);
        Assert.False(server.Accepts(grant.AccessToken));
        Assert.True(server.Accepts(refreshed.AccessToken!));
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, refreshed.RefreshToken!)).Status);
    }

    [Fact]
    public async Task Within_the_grace_a_used_token_brings_the_same_successor_again()
    {
        var server = Host.Servers["grace"];
        var grant = server.IssueGrant("u1");

        var first = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(29));
        var repeated = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var late = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(first.RefreshToken, repeated.RefreshToken);
        Assert.Equal("invalid_grant", late.Error);
        Assert.Equal(
            [PresentedToken.Current, PresentedToken.Superseded, PresentedToken.Reused],
            Host.History.Refreshes(server.Name).Select(seen => seen.Token));
    }

    [Fact]
    public async Task After_the_leeway_reuse_counts_as_theft()
    {
        var server = Host.Servers["leeway"];
        var grant = server.IssueGrant("u1");
        await Http.RefreshAsync(server, grant.RefreshToken!);

        Clock.Advance(TimeSpan.FromMinutes(5));
        var inside = await Http.RefreshAsync(server, grant.RefreshToken!);
        Clock.Advance(TimeSpan.FromMinutes(5));
        await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(HttpStatusCode.OK, inside.Status);
        Assert.Equal(GrantEnd.ReuseDetected, server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task A_used_token_works_until_its_successor_is_used()
    {
        var server = Host.Servers["until-used"];
        var grant = server.IssueGrant("u1");
        await Http.RefreshAsync(server, grant.RefreshToken!);

        Clock.Advance(TimeSpan.FromDays(2));
        var repeated = await Http.RefreshAsync(server, grant.RefreshToken!);
        var onward = await Http.RefreshAsync(server, repeated.RefreshToken!);
        var late = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (repeated.Status, onward.Status));
        Assert.Equal("invalid_grant", late.Error);
        Assert.Null(server.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task A_used_token_that_waits_for_its_successor_still_ends_with_the_grace()
    {
        var server = Host.Servers["until-used"];
        var grant = server.IssueGrant("u1");
        await Http.RefreshAsync(server, grant.RefreshToken!);

        Clock.Advance(TimeSpan.FromDays(30));
        var late = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal("invalid_grant", late.Error);
    }

    [Fact]
    public async Task Old_tokens_that_stay_valid_all_work()
    {
        var server = Host.Servers["stays-valid"];
        var grant = server.IssueGrant("u1");
        var second = await Http.RefreshAsync(server, grant.RefreshToken!);
        await Http.RefreshAsync(server, second.RefreshToken!);

        var oldest = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(HttpStatusCode.OK, oldest.Status);
        Assert.Equal(0, Host.History.ReusesOutsideRule);
    }

    [Fact]
    public async Task A_server_that_rotates_now_and_then_repeats_the_token_in_between()
    {
        var server = Host.Servers["sometimes"];
        var token = server.IssueGrant("u1").RefreshToken!;
        var changed = new List<bool>();

        for (var i = 0; i < 6; i++)
        {
            var next = (await Http.RefreshAsync(server, token)).RefreshToken!;
            changed.Add(next != token);
            token = next;
        }

        Assert.Equal([false, false, true, false, false, true], changed);
    }

    [Fact]
    public async Task A_superseded_token_that_still_works_brings_the_newest_one()
    {
        var server = Host.Servers["sometimes"];
        var first = server.IssueGrant("u1").RefreshToken!;
        var answers = new List<SimulatorAnswer>();

        for (var i = 0; i < 4; i++)
        {
            answers.Add(await Http.RefreshAsync(server, first));
        }

        Assert.NotEqual(first, answers[2].RefreshToken);
        Assert.Equal(answers[2].RefreshToken, answers[3].RefreshToken);
    }

    [Fact]
    public async Task A_changed_token_is_nobodys()
    {
        var server = Host.Servers["strict"];
        var token = server.IssueGrant("u1").RefreshToken!;

        var encrypted = await Http.RefreshAsync(server, "ENC:" + token);
        var cut = await Http.RefreshAsync(server, token[..^1]);
        var foreign = await Http.RefreshAsync(Host.Servers["plain"], token);

        Assert.All([encrypted, cut, foreign], answer => Assert.Equal("invalid_grant", answer.Error));
        Assert.All(Host.History.Refreshes(), seen => Assert.Equal(PresentedToken.Unknown, seen.Token));
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, token)).Status);
    }
}
