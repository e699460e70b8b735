using Rekindle.Connections;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>
/// A promoted replica is on another timeline, and may have forgotten the last commits: nobody may claim there who does not know it yet. That
/// the timeline changes with a promotion is shown by <c>./drill failover</c>.
/// </summary>
[Trait("Req", "F4"), Trait("Failure", "F01")]
public sealed class TimelineTests : PostgresTest
{
    private const string Elsewhere = "7000000000000000000-0000002A";

    [Fact]
    public async Task A_claim_that_names_another_timeline_is_refused_and_takes_nothing()
    {
        var due = await ConnectDueAsync();
        var doubtful = await ConnectDueAsync();
        await ClaimAsync(doubtful.Id, "gone");
        await Refresh.SettleHolderAsync(new("gone", new HashSet<Guid>(), MarksAreComplete: false), Now, default);

        await AssertRefusedAsync(() => Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)], Timeline: Elsewhere), default));
        await AssertRefusedAsync(() => Refresh.ClaimOneAsync(due.Id, 1, Given.Terms(Now) with { Timeline = Elsewhere }, TimeSpan.Zero, default));
        await AssertRefusedAsync(() => Refresh.ClaimOpenIntentsAsync(
            new(Given.Worker, "1.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)], Elsewhere), default));

        Assert.Null((await GetAsync(due.Id)).LeaseUntil);
        Assert.Equal([due.Id, doubtful.Id], await ClaimAllAsync(await Stores.Database.ReadTimelineAsync(default)));
    }

    [Fact]
    public async Task A_claim_that_names_the_timeline_and_finds_nothing_is_no_failure()
    {
        var timeline = await Stores.Database.ReadTimelineAsync(default);

        Assert.Matches("^[0-9]+-[0-9A-F]{8}$", timeline);
        Assert.Empty(await Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)], Timeline: timeline), default));
    }

    [Fact]
    public async Task A_role_without_any_privilege_of_its_own_may_read_the_timeline()
    {
        await using (var beside = await ConnectBesideAsync())
        {
            await ScalarAsync(beside, "do $$ begin create role ordinary login; exception when duplicate_object then null; end $$");
        }

        var ordinary = Store.Open(options => options.ConnectionString += ";Username=ordinary");

        Assert.Equal(await Stores.Database.ReadTimelineAsync(default), await ordinary.Database.ReadTimelineAsync(default));
    }

    private static async Task AssertRefusedAsync(Func<Task> claim)
    {
        var refused = await Assert.ThrowsAsync<StoreException>(claim);
        Assert.True(refused is { IsAnotherTimeline: true, IsTransient: true }, refused.Message);
    }

    private async Task<IEnumerable<ConnectionId>> ClaimAllAsync(string? timeline)
    {
        var due = await Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)], Timeline: timeline), default);
        var lost = await Refresh.ClaimOpenIntentsAsync(new(Given.Worker, "1.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)], timeline), default);
        return due.Concat(lost).Select(c => c.Connection.Id);
    }
}
