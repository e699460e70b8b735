using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
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
        for (var elapsed = 0; elapsed < 3600; elapsed += 2)
        {
            foreach (var engine in new[] { first, second, third })
            {
                await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
            }

            await clock.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        simulator.Servers.Values.First().Faults.Clear();
        foreach (var engine in new[] { first, second, third })
        {
            for (var drained = engine.Heartbeat.DrainAsync(); !drained.IsCompleted;)
            {
                await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
            }
        }

        // By when the leases were taken, which are sent at once here: on the way to the provider a busy machine's real time passes, and that is
        // minutes of the clock that these tests move.
        var attempts = await first.Get<IAttemptStore>().ListAsync(new AttemptFilter { Environment = "production" }, null, 10_000, default);
        var sent = attempts.Where(a => a.Source == RefreshSource.Scheduled).Select(a => a.CreatedAt).Order().ToArray();
        Assert.InRange(sent.Length, simulator.History.Refreshes().Count - 3 * 64, int.MaxValue);
        var worst = sent.Select((at, i) => sent.Skip(i).TakeWhile(other => other < at + TimeSpan.FromSeconds(600)).Count()).Max();
        Assert.InRange(worst, 20, 100);
        Assert.InRange(sent.Length, 100, 600);
    }
}
