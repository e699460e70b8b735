using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A wall clock that is set while a refresh is under way (I12).</summary>
[Trait("Req", "I12")]
public sealed class ClockTests
{
    [Fact]
    public async Task A_clock_that_is_set_between_claim_and_request_sends_nothing()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        var leased = await engine.LeaseAsync(id);

        // More than the skew bound, and less than anybody waits before comparing the clocks again.
        engine.Clock.ShiftWallClock(TimeSpan.FromSeconds(12));
        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(leased, RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(engine.Simulator.History.Refreshes());
        Assert.Null((await engine.ReadAsync(id)).LeaseUntil);
    }

    [Fact]
    public async Task A_clock_that_is_set_while_the_database_is_away_sends_nothing_either()
    {
        var away = false;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IDatabase>.OnSqlite((m, _) => away && m.Name == "ReadClockAsync" ? new StoreException("gone") { IsTransient = true } : null),
        });
        var leased = await engine.LeaseAsync(await engine.ImportAsync("user-1"));
        engine.Clock.ShiftWallClock(TimeSpan.FromSeconds(12));
        away = true;
        await Assert.ThrowsAsync<StoreException>(async () => await engine.Get<ClockSkew>().IsTolerableAsync(default));

        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(leased, RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(engine.Simulator.History.Refreshes());
    }
}
