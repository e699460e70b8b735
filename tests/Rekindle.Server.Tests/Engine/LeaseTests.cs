using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>What a claim covers (I4): the wait for a slot, the call, and the writing of its result.</summary>
[Trait("Req", "I4")]
public sealed class LeaseTests
{
    [Theory]
    [InlineData(101, true)]
    [InlineData(99, false)]
    public async Task With_too_little_of_the_lease_left_nothing_is_sent_and_the_claim_goes_back(int secondsLeft, bool sends)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        var claim = await ClaimAsync(engine, id);
        var asked = engine.Clock.GetTimestamp();

        // Queue, deadline of the call, deadline of the commit and skew bound are 10 + 60 + 30 + 10 s; the last three are needed from here.
        engine.Clock.Advance(TimeSpan.FromSeconds(180 - secondsLeft));
        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(new LeasedRefresh(claim, asked, TimeSpan.FromSeconds(180), default), RefreshSource.Scheduled);

        Assert.Equal(sends, outcome is RefreshOutcome.Refreshed);
        Assert.Equal(sends ? 1 : 0, engine.Simulator.History.Refreshes().Count);
        Assert.Null((await engine.ReadAsync(id)).LeaseUntil);
    }

    [Fact]
    public async Task The_lease_is_asked_last_just_before_the_token_leaves()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        var claim = await ClaimAsync(engine, id);
        var leased = new LeasedRefresh(claim, engine.Clock.GetTimestamp(), TimeSpan.FromSeconds(180), default);

        // A wall clock that was set back makes no lease longer: what remains is counted by the monotonic clock.
        engine.Clock.ShiftWallClock(TimeSpan.FromHours(-1));
        engine.Clock.Advance(TimeSpan.FromSeconds(100));
        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(leased, RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "A4")]
    public async Task A_worker_claims_no_more_than_it_has_slots_for()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Configure = o => o.Refresh.Slots = 5 });
        for (var i = 0; i < 20; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromSeconds(60));
        }

        var hold = engine.Server.Faults.Add(Fault.Hold());
        engine.Clock.Advance(TimeSpan.FromSeconds(60));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);

        Assert.Equal(5, (await engine.Get<IRefreshStore>().ListLeasesAsync("production", 100, default)).Count);
        hold.Remove();
        await engine.Heartbeat.DrainAsync();
    }

    private static async Task<Claim> ClaimAsync(EngineHost engine, Connections.ConnectionId id)
    {
        var terms = new LeaseTerms(
            engine.Get<WorkerIdentity>().InstanceId, engine.Clock.Now, TimeSpan.FromSeconds(180), Guid.CreateVersion7(engine.Clock.Now));
        var answer = await engine.Get<IRefreshStore>().ClaimOneAsync(id, 1, terms, TimeSpan.Zero, default);
        return Assert.IsType<ClaimAnswer.Taken>(answer).Claim;
    }
}
