using System.Data;
using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>
/// While somebody keeps a transaction open, PostgreSQL clears away nothing that has died since, and every search of an index
/// walks over it. Searches therefore remember where the living begin.
/// </summary>
[Collection(Alone.Name)]
public sealed class LongSnapshotTests : PostgresTest
{
    private const int Dead = 2000;

    [Fact, Trait("Req", "A2")]
    public async Task A_claim_does_not_walk_over_the_dead_again()
    {
        await using var beside = await LeaveDeadRowsAsync();
        var program = OpenWithOneSession(new SlowTime(Clock));

        var first = await EntriesAsync(program, () => ClaimAsync(program));
        var second = await EntriesAsync(program, () => ClaimAsync(program));

        Print($"claim beside a long-open transaction: {first} index entries without bound, {second} with");
        Assert.InRange(first, Dead, long.MaxValue);
        Assert.InRange(second, 0, 10);
    }

    [Fact, Trait("Req", "A2")]
    public async Task Nor_do_queue_heads_and_the_sweep()
    {
        await using var beside = await LeaveDeadRowsAsync();
        var program = OpenWithOneSession(new SlowTime(Clock));
        Func<Task>[] searches =
        [
            () => program.Refresh.ReadQueueHeadsAsync([Mail.Id], default),
            () => program.Refresh.DegradeExpiredAsync(Now, 10, default),
        ];

        foreach (var search in searches)
        {
            Assert.InRange(await EntriesAsync(program, search), Dead, long.MaxValue);
            Assert.InRange(await EntriesAsync(program, search), 0, 10);
        }
    }

    [Fact, Trait("Req", "A2")]
    public async Task What_comes_back_below_the_bound_is_found_once_the_bound_has_had_its_time()
    {
        var connection = await ConnectDueAsync();
        var elsewhere = Assert.Single(await ClaimDueAsync(holder: "worker-2"));
        Clock.Advance(TimeSpan.FromHours(1));
        var time = new SlowTime(Clock);
        var program = OpenWithOneSession(time);
        Assert.Empty(await ClaimAsync(program));

        await Refresh.ReleaseAsync([new(connection.Id, elsewhere.AttemptId)], default);

        Assert.Empty(await ClaimAsync(program));
        time.Skip(TimeSpan.FromMinutes(1));
        Assert.Equal(connection.Id, Assert.Single(await ClaimAsync(program)).Connection.Id);
    }

    [Fact, Trait("Req", "A2")]
    public async Task While_searching_is_cheap_nothing_is_passed_over()
    {
        var connection = await ConnectDueAsync();
        var elsewhere = Assert.Single(await ClaimDueAsync(holder: "worker-2"));
        Clock.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await ClaimDueAsync());

        await OpenAnother().Refresh.ReleaseAsync([new(connection.Id, elsewhere.AttemptId)], default);

        Assert.Single(await ClaimDueAsync());
    }

    private Task<IReadOnlyList<Claim>> ClaimAsync(StoreSet program) =>
        program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)]), default);

    // Each row leaves its old place in the indexes behind, and the open transaction could still want to see it.
    private async Task<IAsyncDisposable> LeaveDeadRowsAsync()
    {
        await Stores.Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        await SeedAsync(Mail, Dead, Now);
        var beside = await ConnectBesideAsync();
        await beside.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await ScalarAsync(beside, "select count(*) from integrations");
        IReadOnlyList<Claim> claims;
        do
        {
            claims = await ClaimDueAsync(limit: 500);
            await Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, Now))], default);
        }
        while (claims.Count > 0);

        Clock.Advance(TimeSpan.FromMinutes(20));
        return beside;
    }

    /// <summary>Every look at the stopwatch finds that ten milliseconds have passed.</summary>
    private sealed class SlowTime(ManualClock clock) : TimeProvider
    {
        private TimeSpan _elapsed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp()
        {
            Skip(TimeSpan.FromMilliseconds(10));
            return _elapsed.Ticks;
        }

        public void Skip(TimeSpan by) => _elapsed += by;
    }
}
