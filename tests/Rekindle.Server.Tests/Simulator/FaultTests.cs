using System.Net;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class FaultTests : SimulatorTest
{
    private AuthorizationServer Strict => Host.Servers["strict"];

    [Theory]
    [InlineData(FaultKind.Throttled, 429, "\"error\":\"rate_limited\"")]
    [InlineData(FaultKind.SecretExpired, 401, "\"error\":\"invalid_client\"")]
    [InlineData(FaultKind.Outage, 503, "<h1>503 Service Unavailable</h1>")]
    [InlineData(FaultKind.ServerError, 500, "\"error\":\"server_error\"")]
    [InlineData(FaultKind.InvalidGrant, 400, "\"error\":\"invalid_grant\"")]
    [InlineData(FaultKind.ConsentRequired, 400, "\"error\":\"consent_required\"")]
    [InlineData(FaultKind.InteractionRequired, 400, "\"error\":\"interaction_required\"")]
    [InlineData(FaultKind.Garbage, 200, "{\"")]
    [InlineData(FaultKind.Empty, 200, "")]
    [InlineData(FaultKind.Firewall, 403, "<h1>Access denied</h1>")]
    public async Task An_answer_that_hides_the_server_leaves_the_token_unused(FaultKind kind, int status, string words)
    {
        var grant = Strict.IssueGrant("u1");
        var fault = Strict.Faults.Add(Fault.Of(kind));

        var struck = await Http.RefreshAsync(Strict, grant.RefreshToken!);
        fault.Remove();
        var after = await Http.RefreshAsync(Strict, grant.RefreshToken!);

        Assert.Equal(status, (int)struck.Status);
        Assert.Contains(words, struck.Body, StringComparison.Ordinal);
        Assert.Null(struck.AccessToken);
        Assert.Equal(HttpStatusCode.OK, after.Status);
        Assert.Equal(1, fault.Hits);
        Assert.Equal([(kind, false), (null, true)], Host.History.Refreshes().Select(seen => (seen.Fault, seen.Issued)));
    }

    [Fact]
    public async Task A_huge_body_has_five_megabytes()
    {
        Strict.Faults.Add(Fault.Of(FaultKind.Huge));

        var answer = await Http.RefreshAsync(Strict, Strict.IssueGrant("u1").RefreshToken!);

        Assert.Equal((HttpStatusCode.OK, 5 * 1024 * 1024), (answer.Status, answer.Body.Length));
    }

    [Fact]
    public async Task A_gateway_may_time_out_after_the_token_was_rotated()
    {
        var grant = Strict.IssueGrant("u1");
        Strict.Faults.Add(Fault.GatewayTimeout().Times(1));

        var lost = await Http.RefreshAsync(Strict, grant.RefreshToken!);
        var repeated = await Http.RefreshAsync(Strict, grant.RefreshToken!);

        Assert.Equal((HttpStatusCode.GatewayTimeout, "text/html"), (lost.Status, lost.ContentType));
        Assert.Equal("invalid_grant", repeated.Error);
        Assert.Equal(2, Host.History.Refreshes()[0].IssuedGeneration);
        Assert.Equal(GrantEnd.ReuseDetected, Strict.FindGrant(grant.GrantId)!.End);
    }

    [Fact]
    public async Task The_real_answer_may_come_with_a_wrong_content_type()
    {
        Strict.Faults.Add(Fault.Of(FaultKind.WrongContentType));

        var answer = await Http.RefreshAsync(Strict, Strict.IssueGrant("u1").RefreshToken!);

        Assert.Equal("application/octet-stream", answer.ContentType);
        Assert.True(Strict.Accepts(answer.AccessToken!));
    }

    [Theory]
    [InlineData(FaultStage.Before, false)]
    [InlineData(FaultStage.After, true)]
    public async Task The_connection_may_be_cut_before_or_after_the_server_acted(FaultStage stage, bool acted)
    {
        var grant = Strict.IssueGrant("u1");
        Strict.Faults.Add(new Fault { Kind = FaultKind.Abort, Stage = stage, Count = 1 });

        await Assert.ThrowsAsync<HttpRequestException>(() => Http.RefreshAsync(Strict, grant.RefreshToken!));
        var seen = Host.History.Refreshes().Single();

        Assert.Equal((acted, null, FaultKind.Abort), (seen.Issued, seen.Status, seen.Fault));
        Assert.Equal(acted ? 1 : 0, Strict.FindGrant(grant.GrantId)!.Refreshes);
    }

    [Fact]
    public async Task The_connection_may_be_cut_in_the_middle_of_the_answer()
    {
        var grant = Strict.IssueGrant("u1");
        Strict.Faults.Add(Fault.TruncatedAnswer());

        await Assert.ThrowsAsync<HttpRequestException>(() => Http.RefreshAsync(Strict, grant.RefreshToken!));

        Assert.Equal(1, Strict.FindGrant(grant.GrantId)!.Refreshes);
    }

    [Theory]
    [InlineData(false, "90")]
    [InlineData(true, "Sun, 01 Mar 2026 12:01:30 GMT")]
    public async Task Retry_after_comes_in_seconds_or_as_a_date(bool asDate, string expected)
    {
        Strict.Faults.Add(Fault.Throttled(TimeSpan.FromSeconds(90), asDate));

        var answer = await Http.RefreshAsync(Strict, Strict.IssueGrant("u1").RefreshToken!);

        Assert.Equal(expected, answer.Headers.GetValues("Retry-After").Single());
    }

    [Theory]
    [InlineData(FaultStage.Before)]
    [InlineData(FaultStage.After)]
    public async Task A_slow_server_takes_its_time_before_or_after_it_acts(FaultStage stage)
    {
        var grant = Strict.IssueGrant("u1");
        Strict.Faults.Add(Fault.Slow(TimeSpan.FromSeconds(12), stage));

        var refresh = Http.RefreshAsync(Strict, grant.RefreshToken!);
        await Clock.WaitForTimersAsync();
        var refreshesMeanwhile = Strict.FindGrant(grant.GrantId)!.Refreshes;
        Clock.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(HttpStatusCode.OK, (await refresh).Status);
        Assert.Equal(stage == FaultStage.After ? 1 : 0, refreshesMeanwhile);
        var seen = Host.History.Refreshes().Single();
        Assert.Equal(TimeSpan.FromSeconds(12), seen.AnsweredAt - seen.At);
    }

    [Fact]
    public async Task Latency_is_part_of_the_personality()
    {
        var server = Server(new Personality { Latency = TimeSpan.FromSeconds(2) });

        var refresh = Http.RefreshAsync(server, server.IssueGrant("u1").RefreshToken!);
        await Clock.WaitForTimersAsync();
        Assert.False(refresh.IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(HttpStatusCode.OK, (await refresh).Status);
    }

    [Fact]
    public async Task A_held_request_goes_on_when_the_fault_is_removed_although_its_caller_has_left()
    {
        var grant = Strict.IssueGrant("u1");
        var hold = Strict.Faults.Add(Fault.Hold());
        using var impatient = new HttpClient();
        using var leaving = new CancellationTokenSource();
        var left = impatient.PostAsync(Strict.TokenEndpoint, SimulatorClient.RefreshForm(grant.RefreshToken!), leaving.Token);
        await Host.History.WaitForAsync(seen => seen.GrantId == grant.GrantId);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        hold.Remove();
        await Host.History.WaitForAsync(seen => seen is { Issued: true, AnsweredAt: not null });

        Assert.Equal(1, Strict.FindGrant(grant.GrantId)!.Refreshes);
    }

    [Fact]
    public async Task A_fault_may_concern_one_grant_one_user_or_a_share()
    {
        var grants = Strict.IssueGrants(10);
        Strict.Faults.Add(Fault.Of(FaultKind.ServerError).ForGrant(grants[0].GrantId));
        Strict.Faults.Add(Fault.Of(FaultKind.Firewall).ForSubject("user-2"));
        Strict.Faults.Add(Fault.Of(FaultKind.InvalidGrant) with { ShareOfGrants = 0.5 });

        var statuses = new List<int>();
        foreach (var grant in grants)
        {
            statuses.Add((int)(await Http.RefreshAsync(Strict, grant.RefreshToken!)).Status);
        }

        Assert.Equal([500, 403], statuses.Take(2));
        Assert.InRange(statuses.Skip(2).Count(status => status == 400), 3, 5);
        Assert.InRange(statuses.Skip(2).Count(status => status == 200), 3, 5);
    }

    [Fact]
    public async Task A_fault_may_strike_a_number_of_times()
    {
        Strict.Faults.Add(Fault.Of(FaultKind.Outage).Times(2));
        var token = Strict.IssueGrant("u1").RefreshToken!;

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 3; i++)
        {
            statuses.Add((await Http.RefreshAsync(Strict, token)).Status);
        }

        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK], statuses);
        Assert.Empty(Strict.Faults.Active);
    }

    [Fact]
    public async Task Above_its_capacity_a_server_throttles_until_the_next_second()
    {
        Strict.Faults.Add(Fault.Capacity(2));
        var grants = Strict.IssueGrants(4);

        var statuses = new List<int>();
        foreach (var grant in grants.Take(3))
        {
            statuses.Add((int)(await Http.RefreshAsync(Strict, grant.RefreshToken!)).Status);
        }

        Clock.Advance(TimeSpan.FromSeconds(1));
        statuses.Add((int)(await Http.RefreshAsync(Strict, grants[3].RefreshToken!)).Status);

        Assert.Equal([200, 200, 429, 200], statuses);
    }

    [Fact]
    public async Task Any_answer_can_be_put_into_the_servers_mouth()
    {
        Strict.Faults.Add(Fault.Answering(new ErrorAnswer(418, "short and stout", "text/plain")));

        var answer = await Http.RefreshAsync(Strict, Strict.IssueGrant("u1").RefreshToken!);

        Assert.Equal((418, "text/plain", "short and stout"), ((int)answer.Status, answer.ContentType, answer.Body));
    }

    [Theory]
    [InlineData(SimulatedEndpoint.Api)]
    [InlineData(SimulatedEndpoint.UserInfo)]
    public async Task A_fault_may_be_elsewhere_than_at_the_token_endpoint(SimulatedEndpoint endpoint)
    {
        var grant = Strict.IssueGrant("u1");
        Strict.Faults.Add(Fault.Of(FaultKind.Outage).At(endpoint));

        var address = endpoint == SimulatedEndpoint.Api ? Strict.ApiEndpoint : Strict.UserInfoEndpoint;

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Http.GetWithBearerAsync(address, grant.AccessToken)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(Strict, grant.RefreshToken!)).Status);
    }

    [Fact]
    public void A_fault_that_makes_no_sense_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Strict.Faults.Add(new Fault { Kind = FaultKind.Answer }));
        Assert.Throws<ArgumentException>(() => Strict.Faults.Add(new Fault { Kind = FaultKind.Truncate }));
    }

    [Fact]
    public async Task Disposing_the_simulator_lets_go_of_what_it_holds()
    {
        var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = Clock });
        var server = host.Servers["plain"];
        server.Faults.Add(Fault.Hold());
        var held = Http.RefreshAsync(server, server.IssueGrant("u1").RefreshToken!);
        await host.History.WaitForAsync(_ => true);

        await host.DisposeAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => held);
    }
}
