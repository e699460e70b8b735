using System.Text.Json;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.History;

namespace Rekindle.Server.Tests.Simulator;

public sealed class HistoryTests : SimulatorTest
{
    [Fact]
    public async Task A_refresh_leaves_who_what_when_and_how_it_ended()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Content = SimulatorClient.RefreshForm(grant.RefreshToken!),
            Headers = { { "X-Process", "worker-2" }, { "User-Agent", "tests/1" } },
        });
        var seen = Host.History.Since().Single();

        Assert.Equal((1, Clock.Now, "strict", SimulatedEndpoint.Token), (seen.Number, seen.At, seen.Server, seen.Endpoint));
        Assert.Equal(("refresh_token", RegisteredClient.Default.Id), (seen.GrantType, seen.ClientId));
        Assert.Equal(("worker-2", "tests/1"), (seen.Process, seen.UserAgent));
        Assert.Equal((grant.GrantId, "u1", 1, PresentedToken.Current), (seen.GrantId, seen.Subject, seen.Generation, seen.Token));
        Assert.Equal((true, 2, 200, Clock.Now), (seen.Issued, seen.IssuedGeneration, seen.Status, seen.AnsweredAt));
    }

    [Fact]
    public async Task It_counts_per_token_and_per_grant()
    {
        var server = Host.Servers["plain"];
        var twice = server.IssueGrant("twice");
        var once = server.IssueGrant("once");

        await Http.RefreshAsync(server, twice.RefreshToken!);
        await Http.RefreshAsync(server, once.RefreshToken!);
        server.Revoke(twice.GrantId);
        await Http.RefreshAsync(server, twice.RefreshToken!);

        Assert.Equal([2, 1], Host.History.PresentationsPerToken().Select(use => use.Times));
        Assert.Equal(
            [("twice", 1, 1), ("once", 1, 0)],
            Host.History.RefreshesPerGrant().Select(use => (use.Subject, use.Refreshes, use.Refused)));
        Assert.Empty(Host.History.PresentedOutsideRule());
    }

    [Fact]
    public async Task A_question_may_begin_after_a_mark()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1");
        await Http.RefreshAsync(server, grant.RefreshToken!);
        var mark = Host.History.Newest;

        await Http.CallApiAsync(server, grant.AccessToken);

        Assert.Equal(SimulatedEndpoint.Api, Host.History.Since(mark).Single().Endpoint);
        Assert.Empty(Host.History.Refreshes(after: mark));
    }

    [Fact]
    public async Task A_request_is_on_record_while_its_answer_is_still_due()
    {
        var server = Host.Servers["plain"];
        var hold = server.Faults.Add(Fault.Hold());
        var refresh = Http.RefreshAsync(server, server.IssueGrant("u1").RefreshToken!);

        var arrived = (await Host.History.WaitForAsync(seen => seen.Endpoint == SimulatedEndpoint.Token)).Single();
        hold.Remove();
        await refresh;

        Assert.Equal((PresentedToken.Current, false, null), (arrived.Token, arrived.Issued, arrived.AnsweredAt));
        Assert.True(Host.History.Since().Single().Issued);
    }

    [Fact]
    public async Task A_wait_ends_with_its_caller()
    {
        using var impatient = new CancellationTokenSource();
        var waiting = Host.History.WaitForAsync(_ => true, cancellationToken: impatient.Token);

        await impatient.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_bounded_history_forgets_its_oldest_entries_and_no_reuse()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { HistoryCapacity = 3 });
        var server = host.Servers["strict"];
        var grants = server.IssueGrants(5);
        await Http.RefreshAsync(server, grants[0].RefreshToken!);
        await Http.RefreshAsync(server, grants[0].RefreshToken!);

        foreach (var grant in grants.Skip(1))
        {
            await Http.RefreshAsync(server, grant.RefreshToken!);
        }

        Assert.Equal([4, 5, 6], host.History.Since().Select(seen => seen.Number));
        Assert.Equal((0, 1), (host.History.PresentedOutsideRule().Count, host.History.ReusesOutsideRule));
    }

    [Fact]
    public async Task No_token_or_secret_appears_in_it()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");
        var refreshed = await Http.RefreshAsync(server, grant.RefreshToken!);
        await Http.CallApiAsync(server, refreshed.AccessToken!);

        var written = JsonSerializer.Serialize(Host.History.Since()) + string.Concat(Host.History.Since()) + grant;

        Assert.All(
            [grant.AccessToken, grant.RefreshToken!, refreshed.AccessToken!, refreshed.RefreshToken!, RegisteredClient.Default.Secrets[0]],
            secret => Assert.DoesNotContain(secret, written, StringComparison.Ordinal));
    }
}
