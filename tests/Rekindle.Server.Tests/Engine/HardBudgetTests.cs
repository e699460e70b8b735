using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A budget that must never be exceeded, shared by three workers on one database.</summary>
public sealed class HardBudgetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [Trait("Req", "A5")]
    public async Task Three_workers_never_send_more_than_the_budget_in_any_window(int providerTakesSeconds)
    {
        // 10,000 connections that are all due at once, and 100 requests per 600 s for all of them.
        var clock = new ManualClock();
        using var folder = new TempFolder();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = clock,
            Servers = new Dictionary<string, Personality> { ["acme"] = EngineSettings.Strict },
        });
        var settings = new EngineSettings
        {
            Time = clock,
            Folder = folder.Path,
            Simulator = simulator,
            Policy = EngineSettings.AtOnce with { BudgetHard = true, BudgetRequests = 100, BudgetWindow = TimeSpan.FromSeconds(600) },
        };
        await using var first = await EngineHost.StartAsync(settings);
        await using var second = await EngineHost.StartAsync(settings);
        await using var third = await EngineHost.StartAsync(settings);
        for (var i = 0; i < 10_000; i++)
        {
            await first.ImportAsync($"user-{i}", TimeSpan.FromMinutes(1));
        }

        first.Server.Faults.Add(Fault.Slow(TimeSpan.FromSeconds(providerTakesSeconds)));
        clock.Advance(TimeSpan.FromMinutes(1));
        EngineHost[] workers = [first, second, third];
        for (var elapsed = 0; elapsed < 3600; elapsed += 2)
        {
            foreach (var worker in workers)
            {
                await worker.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
            }

            await ArriveAsync(workers, simulator, clock);
            await clock.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        var sent = simulator.History.Refreshes().Select(p => p.At).Order().ToArray();
        var worst = sent.Select((at, i) => sent.Skip(i).TakeWhile(other => other < at + TimeSpan.FromSeconds(600)).Count()).Max();
        Assert.InRange(worst, 20, 100);
        Assert.InRange(sent.Length, 100, 600);
        simulator.Servers.Values.First().Faults.Clear();
        await clock.AdvanceAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    [Trait("Req", "A5")]
    public async Task A_permit_that_grew_old_on_the_way_sends_nothing()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var leased = await engine.LeaseAsync(await engine.ImportAsync("user-1"));
        engine.Clock.Advance(TimeSpan.FromSeconds(6));

        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(
            leased with { Permit = new Permits(1, engine.Clock.Now - TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(600), engine.Clock.Now - TimeSpan.FromSeconds(1)) },
            RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(engine.Simulator.History.Refreshes());
    }

    // What was sent is with the provider before the clock moves on: otherwise a busy machine would let minutes of it pass on the wire. A commit waits
    // for a few of its milliseconds, so it moves as slowly as real time.
    private static async Task ArriveAsync(EngineHost[] workers, SimulatorHost simulator, ManualClock clock)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (workers.Sum(w => w.Heartbeat.Slots.InFlight) > simulator.History.Refreshes().Count(p => p.AnsweredAt is null))
        {
            await Task.Delay(1, limit.Token);
            await clock.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        }
    }
}
