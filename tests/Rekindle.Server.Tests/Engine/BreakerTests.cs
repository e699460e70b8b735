using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
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

    private static async Task<int> WorstAsync(EngineHost engine) =>
        (await engine.Connections.ListAsync(new ConnectionFilter { Environment = "production" }, null, 1000, default))
            .Max(c => c.Connection.ConsecutiveTransientFailures);

    private static async Task<Integration> StateAsync(EngineHost engine) =>
        (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;

    private static Task<IReadOnlyList<Notification>> NoticesAsync(EngineHost engine) =>
        engine.Get<INotificationStore>().ListAsync("production", openOnly: true, null, null, 1000, default);
}
