using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A provider that does not answer at all, and comes back.</summary>
[Trait("Failure", "F92")]
public sealed class BreakerTests
{
    [Fact]
    [Trait("Failure", "F51")]
    public async Task An_outage_costs_a_few_requests_and_nobody_a_connection_and_ends_in_one_orderly_catch_up()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 300; i++)
        {
            await engine.ImportAsync($"user-{i}");
        }

        var outage = engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        await engine.RunAsync(TimeSpan.FromHours(6), TimeSpan.FromSeconds(20));
        var during = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        var sent = engine.Simulator.History.Refreshes().Count;
        var notice = Assert.Single(await NoticesAsync(engine));
        var worst = await WorstAsync(engine);

        outage.Remove();
        await engine.RunAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(2));
        var after = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);

        Assert.Equal(300, during.ByStatus[ConnectionStatus.Degraded]);
        Assert.Equal((NotificationKind.IntegrationUnavailable, Audience.Operator, 1), (notice.Kind, notice.Audience, notice.Count));
        Assert.InRange(sent, 3, 120);
        Assert.InRange(worst, 1, 2);
        Assert.Equal(300, after.ByStatus[ConnectionStatus.Active]);
        Assert.Empty(await NoticesAsync(engine));
        Assert.Equal(IntegrationState.Active, (await StateAsync(engine)).State);
    }

    [Fact]
    public async Task Another_connection_is_tried_each_time_so_that_one_with_trouble_of_its_own_does_not_hold_up_the_rest()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 20; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
        }

        var outage = engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        await engine.RunAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(20));
        outage.Remove();
        for (var i = 0; i < 3; i++)
        {
            engine.Server.Faults.Add(Fault.Of(FaultKind.Outage).ForSubject($"user-{i}"));
        }

        await engine.RunAsync(TimeSpan.FromMinutes(40), TimeSpan.FromSeconds(5));

        var summary = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal((17, 3), (summary.ByStatus[ConnectionStatus.Active], summary.ByStatus[ConnectionStatus.Degraded]));
    }

    [Fact]
    public async Task A_success_that_was_under_way_when_the_breaker_opened_closes_it()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 5; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
        }

        var slow = engine.Server.Faults.Add(Fault.Hold().ForSubject("user-0"));
        foreach (var subject in (string[])["user-1", "user-2", "user-3", "user-4"])
        {
            engine.Server.Faults.Add(Fault.Of(FaultKind.Outage).ForSubject(subject));
        }

        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        while ((await StateAsync(engine)).State != IntegrationState.Unavailable)
        {
            await Task.Yield();
        }

        slow.Remove();
        await engine.Heartbeat.DrainAsync();

        Assert.Equal(IntegrationState.Active, (await StateAsync(engine)).State);
    }

    [Fact]
    public async Task While_the_provider_is_away_callers_hear_so_at_once_and_cost_it_nothing()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var ids = new List<ConnectionId>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add(await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3)));
        }

        engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        await engine.RunAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10));
        var sent = engine.Simulator.History.Refreshes().Count;
        var answers = new List<TokenResult>();
        foreach (var id in ids)
        {
            answers.Add(await engine.AskAsync(id));
        }

        Assert.All(answers, a => Assert.Equal((TokenErrorCode.ProviderUnavailable, true), (a.Error!.Code, a.Error.Retryable)));
        Assert.InRange(engine.Simulator.History.Refreshes().Count - sent, 0, 1);
    }

    [Fact]
    public async Task A_dead_lease_of_a_disabled_connection_does_not_use_up_the_probes()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var dead = await engine.ImportAsync("dead", TimeSpan.FromMinutes(30));
        for (var i = 0; i < 5; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
        }

        await engine.Get<IRefreshStore>().ClaimOneAsync(
            dead, 1, new LeaseTerms("gone", engine.Clock.Now, TimeSpan.FromSeconds(180), Guid.CreateVersion7(engine.Clock.Now)), TimeSpan.Zero, default);
        await engine.Levers.DisableAsync(dead, "operator");
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await engine.Get<IIntegrationStore>().SetStateAsync(
            engine.Integration.Id, new() { State = IntegrationState.Unavailable, NextProbeAt = engine.Clock.Now }, engine.Clock.Now, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);
        await engine.RunAsync(TimeSpan.FromHours(3), TimeSpan.FromSeconds(10));

        var integration = (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;
        Assert.Equal((IntegrationState.Active, true), (integration.State, engine.Simulator.History.Refreshes().Count > 0));
    }

    [Fact]
    public async Task A_late_probe_taker_does_not_halt_an_integration_that_has_recovered()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var store = engine.Get<IIntegrationStore>();
        await store.SetStateAsync(
            engine.Integration.Id, new() { State = IntegrationState.Misconfigured, Reason = "x", Probes = 3, NextProbeAt = engine.Clock.Now }, engine.Clock.Now, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);
        var seenByB = (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;

        // Worker A takes the probe, the provider answers within B's second of the change feed, A opens.
        Assert.True(await engine.Get<IntegrationGuard>().TakeProbeAsync(seenByB));
        await engine.Get<IntegrationGuard>().NoteAcceptedAsync(seenByB);
        var taken = await engine.Get<IntegrationGuard>().TakeProbeAsync(seenByB);

        var now = (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;
        Assert.Equal((false, IntegrationState.Active), (taken, now.State));
    }

    private static async Task<int> WorstAsync(EngineHost engine) =>
        (await engine.Connections.ListAsync(new ConnectionFilter { Environment = "production" }, null, 1000, default))
            .Max(c => c.Connection.ConsecutiveTransientFailures);

    private static async Task<Integration> StateAsync(EngineHost engine) =>
        (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;

    private static Task<IReadOnlyList<Notification>> NoticesAsync(EngineHost engine) =>
        engine.Get<INotificationStore>().ListAsync("production", openOnly: true, null, null, 1000, default);
}
