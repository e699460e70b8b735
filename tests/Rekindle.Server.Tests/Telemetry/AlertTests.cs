using Rekindle.Alerts;
using Rekindle.Notifications;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Server.Tests.Api;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator.Faults;
using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>Every rule is made to fire by the fault it is about, on the real engine, and ends when that is mended; the operator is told once.</summary>
[Trait("Req", "F7")]
public sealed class AlertTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Not_attempted_and_overdue_fire_while_no_worker_looks_and_end_when_one_does()
    {
        await using var engine = await StartAsync();
        await engine.ImportAsync("user-1", TimeSpan.FromHours(1));
        var due = (await engine.ReadAsync((await engine.Connections.ListAsync(new() { Environment = "production" }, null, 1, default))[0].Connection.Id)).DueAt!.Value;

        await WatchAsync(engine, due - engine.Clock.Now + TimeSpan.FromSeconds(100));
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "overdue"));
        await WatchAsync(engine, TimeSpan.FromSeconds(60));
        Assert.Equal((AlertState.Firing, AlertState.Pending), (await StateAsync(engine, "overdue"), await StateAsync(engine, "not_attempted")));
        await WatchAsync(engine, TimeSpan.FromMinutes(5));
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "not_attempted"));
        Assert.Equal([(NotificationKind.AlertNotAttempted, 1), (NotificationKind.AlertOverdue, 1)], await OpenAsync(engine));

        await engine.BeatAsync();
        await WatchAsync(engine, Look);

        Assert.Equal((AlertState.Ok, AlertState.Ok), (await StateAsync(engine, "overdue"), await StateAsync(engine, "not_attempted")));
        Assert.Empty(await OpenAsync(engine));
    }

    [Fact]
    public async Task What_a_paused_integration_does_not_attempt_is_no_alert()
    {
        await using var engine = await StartAsync();
        await engine.ImportAsync("user-1", TimeSpan.FromHours(1));
        await SetStateAsync(engine, new() { State = IntegrationState.Paused });

        await WatchAsync(engine, TimeSpan.FromMinutes(58), Look * 4);

        Assert.Equal((AlertState.Ok, AlertState.Ok), (await StateAsync(engine, "overdue"), await StateAsync(engine, "not_attempted")));
    }

    [Fact]
    public async Task Expired_while_active_fires_when_nobody_marks_what_has_ended()
    {
        await using var engine = await StartAsync();
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(1));

        await WatchAsync(engine, TimeSpan.FromSeconds(60));
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "expired_while_active"));
        await WatchAsync(engine, TimeSpan.FromSeconds(30));
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "expired_while_active"));

        engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        await engine.BeatAsync();
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "expired_while_active"));
    }

    [Theory]
    [InlineData(8, AlertState.Ok)]
    [InlineData(9, AlertState.Firing)]
    public async Task A_budget_is_nearly_used_above_four_fifths(int requests, AlertState expected)
    {
        await using var engine = await StartAsync(new() { ConfirmationDelay = TimeSpan.Zero, BudgetRequests = 10, BudgetWindow = TimeSpan.FromHours(1) });
        for (var i = 0; i < requests; i++)
        {
            Assert.Equal(1, (await engine.Get<RateBudget>().TakeOnDemandAsync(engine.Integration, default)).Count);
        }

        await WatchAsync(engine, TimeSpan.FromMinutes(6));
        Assert.Equal(expected, await StateAsync(engine, "budget_utilisation"));

        await WatchAsync(engine, TimeSpan.FromMinutes(60), Look * 4);
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "budget_utilisation"));
    }

    [Fact]
    public async Task A_journal_that_the_database_does_not_empty_is_told_of_after_five_minutes()
    {
        var refuses = true;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IRefreshStore>.OnSqlite((m, _) => refuses && m.Name == "CommitAsync" ? new StoreException("full") { IsTransient = true } : null),
        });
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.UntilAsync(() => Task.FromResult(engine.Get<Journal.ResultJournal>().OldestPendingAt is not null), TimeSpan.FromMilliseconds(2));

        await WatchAsync(engine, TimeSpan.FromMinutes(4.5));
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "journal_not_empty"));
        await WatchAsync(engine, TimeSpan.FromMinutes(1));
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "journal_not_empty"));

        refuses = false;
        await engine.UntilAsync(() => Task.FromResult(engine.Get<Journal.ResultJournal>().OldestPendingAt is null), TimeSpan.FromMilliseconds(2));
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "journal_not_empty"));
    }

    [Fact]
    public async Task Outcomes_that_stay_unknown_are_told_of_after_ten_minutes()
    {
        await using var engine = await StartAsync();
        var id = await engine.ImportAsync("user-1", TimeSpan.FromHours(2));
        await engine.Get<IRefreshStore>().ClaimOneAsync(
            id, 1, new LeaseTerms("gone", engine.Clock.Now, TimeSpan.FromSeconds(180), Guid.CreateVersion7(engine.Clock.Now)), TimeSpan.Zero, default);

        await WatchAsync(engine, TimeSpan.FromMinutes(12.5));
        Assert.Equal(AlertState.Pending, await StateAsync(engine, "outcomes_pending"));
        await WatchAsync(engine, TimeSpan.FromMinutes(1));
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "outcomes_pending"));

        await engine.BeatAsync();
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "outcomes_pending"));
    }

    [Fact]
    public async Task An_integration_whose_secret_has_expired_is_told_of_by_its_own_message_and_by_the_alert()
    {
        await using var engine = await StartAsync();
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        var expired = engine.Server.Faults.Add(Fault.Of(FaultKind.SecretExpired));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.BeatAsync();
        await engine.ImportAsync("user-2", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.RunAsync(TimeSpan.FromMinutes(2), Look);
        await WatchAsync(engine, Look);
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "integration_misconfigured"));

        expired.Remove();
        await engine.RunAsync(TimeSpan.FromMinutes(15), Look);
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "integration_misconfigured"));
    }

    [Fact]
    public async Task A_suspect_integration_is_told_of_while_it_is_one()
    {
        await using var engine = await StartAsync();
        await SetStateAsync(engine, new() { State = IntegrationState.Suspect });
        await WatchAsync(engine, Look);
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "integration_suspect"));

        await SetStateAsync(engine, new() { State = IntegrationState.Active });
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "integration_suspect"));
    }

    [Fact]
    public async Task A_provider_that_throttles_for_more_than_five_minutes_is_told_of()
    {
        await using var engine = await StartAsync();
        await engine.Get<IIntegrationStore>().ThrottleAsync(engine.Integration.Id, engine.Clock.Now.AddMinutes(8), default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);

        await WatchAsync(engine, TimeSpan.FromMinutes(4));
        Assert.Equal(AlertState.Pending, await StateAsync(engine, "integration_throttled"));
        await WatchAsync(engine, TimeSpan.FromMinutes(2));
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "integration_throttled"));
        await WatchAsync(engine, TimeSpan.FromMinutes(4));

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "integration_throttled"));
    }

    [Fact]
    public async Task Who_catches_up_at_the_pace_that_a_provider_allows_is_not_told_of_as_late()
    {
        await using var engine = await StartAsync(new() { ConfirmationDelay = TimeSpan.Zero, BudgetWindow = TimeSpan.FromMinutes(10) });
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.Get<IIntegrationStore>().ThrottleAsync(engine.Integration.Id, engine.Clock.Now.AddSeconds(1), default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);

        await WatchAsync(engine, TimeSpan.FromMinutes(9));
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "overdue"));
        await WatchAsync(engine, TimeSpan.FromMinutes(2));

        Assert.Equal(AlertState.Firing, await StateAsync(engine, "overdue"));
    }

    [Fact]
    public async Task A_stored_token_that_does_not_open_is_told_of_until_it_is_replaced()
    {
        await using var engine = await StartAsync();
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        await engine.Get<StoreSet>().Database.WriteAsync(session => session.ExecuteAsync("update token_sets set refresh_token = x'0102'"), default);
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        await engine.BeatAsync();
        await WatchAsync(engine, Look);
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "undecryptable"));

        await engine.ImportAsync("user-1", TimeSpan.FromHours(1), draft => draft.Replace = true);
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "undecryptable"));
    }

    [Fact, Trait("Req", "I14")]
    public async Task A_database_that_is_frozen_is_told_of_until_it_is_confirmed()
    {
        await using var engine = await StartAsync();
        await engine.Get<StoreSet>().Database.WriteAsync(session => session.ExecuteAsync("update ownership set mark = mark - 3600000"), default);
        await engine.Get<DatabaseOwnership>().LookAsync(default);
        await WatchAsync(engine, Look);
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "frozen"));
        Assert.Equal([(NotificationKind.AlertFrozen, 1)], await OpenAsync(engine));

        await engine.Get<Unfreezer>().ApplyAsync(new HashSet<UnfreezeClass>(Unfreezer.Takeable), "operator");
        await engine.Get<DatabaseOwnership>().LookAsync(default);
        await WatchAsync(engine, Look);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "frozen"));
        Assert.Empty(await OpenAsync(engine));
    }

    [Fact]
    public async Task A_worker_whose_clock_is_off_is_told_of_by_every_other()
    {
        await using var engine = await StartAsync();
        await ReportAsync(10);
        Assert.Equal(AlertState.Ok, await StateAsync(engine, "clock_skew"));
        await ReportAsync(-10.5);
        Assert.Equal(AlertState.Firing, await StateAsync(engine, "clock_skew"));
        Assert.Equal([(NotificationKind.AlertClockSkew, 1)], await OpenAsync(engine));

        await ReportAsync(0.1);

        Assert.Equal(AlertState.Ok, await StateAsync(engine, "clock_skew"));
        Assert.Empty(await OpenAsync(engine));

        async Task ReportAsync(double skew)
        {
            engine.Clock.Advance(Look);
            await engine.Get<IWorkerStore>().BeatAsync(
                new() { InstanceId = "other", Version = "1", StartedAt = engine.Clock.Now, SeenAt = engine.Clock.Now, ClockSkew = TimeSpan.FromSeconds(skew) }, default);
            await RunAsync(engine);
        }
    }

    [Fact]
    public async Task Two_workers_that_see_the_same_open_one_message_and_a_new_one_closes_nothing_it_has_not_yet_waited_for()
    {
        await using var first = await StartAsync();
        var (notices, now) = (first.Get<INotificationStore>(), first.Clock.Now);
        var notice = new AlertNotice(0, "production", "", new(NotificationKind.AlertOutcomesPending, Audience.Operator, "title", "text"));
        var key = new AlertKey(0, NotificationKind.AlertOutcomesPending);

        await notices.SyncAlertsAsync([notice], [], now, default);
        await notices.SyncAlertsAsync([notice], [], now, default);
        await notices.SyncAlertsAsync([], [key], now, default);

        Assert.Equal([(NotificationKind.AlertOutcomesPending, 1)], await OpenAsync(first));
    }

    [Fact]
    public async Task The_api_lists_what_holds_and_on_request_every_rule()
    {
        await using var host = await ApiHost.StartAsync();
        await host.Get<IIntegrationStore>().SetStateAsync(1, new() { State = IntegrationState.Suspect }, TimeProvider.System.GetUtcNow(), default);
        await host.Get<IntegrationDirectory>().ReloadAsync(default);

        var firing = (await ApiHost.GetAsync(host.Admin, "/v1/alerts")).Items();
        var all = (await ApiHost.GetAsync(host.Admin, "/v1/alerts?all=true")).Items();
        var elsewhere = (await ApiHost.GetAsync(await host.ClientAsync(["connections:read"], environment: "sandbox"), "/v1/alerts")).Items();

        var alert = Assert.Single(firing);
        Assert.Equal(
            ("integration_suspect", "firing", "critical", "acme", "docs/runbooks/integration_suspect.md"),
            (alert.Text("id"), alert.Text("state"), alert.Text("severity"), alert.Text("integration"), alert.Text("runbook")));
        Assert.Equal(AlertRules.All.Select(r => r.Id).Order(), all.Select(a => a.Text("id")).Order());
        Assert.Empty(elsewhere);
    }

    private static Task<EngineHost> StartAsync(IntegrationPolicy? policy = null) => EngineHost.StartAsync(new EngineSettings { Policy = policy });

    private static Task SetStateAsync(EngineHost engine, IntegrationStateChange state) => Task.Run(async () =>
    {
        await engine.Get<IIntegrationStore>().SetStateAsync(engine.Integration.Id, state, engine.Clock.Now, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);
    });

    /// <summary>The alert worker's looks, one every so often.</summary>
    private static async Task WatchAsync(EngineHost engine, TimeSpan time, TimeSpan? every = null)
    {
        for (var until = engine.Clock.Now + time; engine.Clock.Now < until;)
        {
            engine.Clock.Advance(every ?? Look);
            await RunAsync(engine);
        }
    }

    private static Task RunAsync(EngineHost engine) => engine.Get<AlertWorker>().RunAsync(default);

    private static async Task<AlertState> StateAsync(EngineHost engine, string rule) =>
        Assert.Single(await engine.Get<AlertBoard>().EvaluateAsync(), a => a.Id == rule).State;

    private static async Task<IEnumerable<(NotificationKind, int)>> OpenAsync(EngineHost engine) =>
        from notice in await engine.Get<INotificationStore>().ListAsync("production", openOnly: true, null, null, 100, default)
        where Names.Of(notice.Kind).StartsWith("alert_", StringComparison.Ordinal)
        orderby notice.Kind
        select (notice.Kind, notice.Count);
}
