using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Whose database this is, and which connections were left out when that was confirmed (I14).</summary>
public abstract class OwnershipContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly DatabasePlace Home = new("production", "db:5432/rekindle");
    private static readonly DatabasePlace Abroad = new("production", "db2:5432/rekindle");

    // The mark runs on the store's own clock, as leases do.
    private static readonly DateTimeOffset LongAgo = DateTimeOffset.UnixEpoch.AddDays(1);

    private IOwnershipStore Ownership => Stores.Ownership;

    [Fact, Trait("Req", "I14")]
    public async Task A_database_is_nobody_s_until_it_is_adopted_and_then_only_the_first_one_s()
    {
        var before = await Ownership.ReadAsync(default);
        var first = await AdoptAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var second = await OpenAnother().Ownership.AdoptAsync("another", Abroad, Now, default);

        Assert.Null(before);
        Assert.Equal(new DatabaseOwner { DatabaseId = "id", Place = Home, Epoch = 1, Mark = first.Mark }, first);
        Assert.Equal(first, second);
        Assert.Equal(first, await Ownership.ReadAsync(default));
    }

    [Fact, Trait("Req", "I14")]
    public async Task Of_programs_that_adopt_at_once_all_find_the_same_owner()
    {
        var programs = Enumerable.Range(0, 6).Select(i => (Store: OpenAnother().Ownership, Place: new DatabasePlace($"d{i}", "e"))).ToArray();
        var now = Now;

        var owners = await Task.WhenAll(programs.Select(p => Task.Run(() => p.Store.AdoptAsync(p.Place.Deployment, p.Place, now, default))));

        Assert.Single(owners.Distinct());
    }

    [Fact, Trait("Req", "I14")]
    public async Task The_mark_moves_on_with_the_owner_s_work_and_never_back()
    {
        var first = await AdoptAsync();
        await SetMarkAsync(LongAgo);

        var later = await MarkLaterAsync(Home, epoch: 1);
        await SetMarkAsync(later.Mark.AddHours(1));
        var notBack = await MarkLaterAsync(Home, epoch: 1);

        Assert.True(later.Mark >= first.Mark);
        Assert.Equal(later.Mark.AddHours(1), notBack.Mark);
    }

    [Theory, Trait("Req", "I14")]
    [InlineData("other deployment")]
    [InlineData("older epoch")]
    [InlineData("frozen")]
    [InlineData("moving")]
    public async Task The_mark_stands_still_for_whoever_is_not_the_owner_or_must_not_work(string why)
    {
        await AdoptAsync();
        await SetMarkAsync(LongAgo);
        if (why == "frozen")
        {
            await Ownership.FreezeAsync(FreezeReason.OldBackup, "test", 1, Now, default);
        }
        else if (why == "moving")
        {
            await Ownership.AnnounceAsync(new AnnouncedMove(Abroad, Now.AddDays(1)), default);
        }

        var after = await MarkLaterAsync(why == "other deployment" ? Home with { Deployment = "staging" } : Home, why == "older epoch" ? 0 : 1);

        Assert.Equal(LongAgo, after.Mark);
    }

    [Fact, Trait("Req", "I14")]
    public async Task A_freeze_is_everybody_s_keeps_its_first_reason_and_ends_with_a_confirmation()
    {
        await AdoptAsync();

        var frozen = await Ownership.FreezeAsync(FreezeReason.OldBackup, "an hour is missing", 1, Now, default);
        var again = await OpenAnother().Ownership.FreezeAsync(FreezeReason.Undecryptable, "other", 1, Now.AddMinutes(1), default);
        var confirmed = await Ownership.ConfirmAsync(Abroad, 1, 5, Now, default);
        var after = await Ownership.ReadAsync(default);

        Assert.Equal(new Freeze(FreezeReason.OldBackup, "an hour is missing", Now), frozen.Freeze);
        Assert.Equal(frozen, again);
        Assert.True(confirmed);
        Assert.Equal((null, 5, Abroad), (after!.Freeze, after.Epoch, after.Place));
    }

    [Fact, Trait("Req", "I14")]
    public async Task Who_looked_before_a_confirmation_freezes_and_confirms_nothing_after_it()
    {
        await AdoptAsync();
        await Ownership.ConfirmAsync(Abroad, 1, 2, Now, default);

        var frozen = await Ownership.FreezeAsync(FreezeReason.OldBackup, "seen in epoch 1", 1, Now, default);
        var confirmed = await Ownership.ConfirmAsync(Home, 1, 2, Now, default);

        Assert.Null(frozen.Freeze);
        Assert.False(confirmed);
        Assert.Equal(Abroad, (await Ownership.ReadAsync(default))!.Place);
    }

    [Fact, Trait("Req", "I14")]
    public async Task A_move_is_announced_called_off_and_over_when_it_is_done()
    {
        await AdoptAsync();
        var move = new AnnouncedMove(Abroad, Now.AddDays(1));

        await Ownership.AnnounceAsync(move, default);
        var announced = await Ownership.ReadAsync(default);
        await Ownership.AnnounceAsync(null, default);
        var calledOff = await Ownership.ReadAsync(default);
        await Ownership.AnnounceAsync(move, default);
        await Ownership.ConfirmAsync(Abroad, 1, 2, Now, default);

        Assert.Equal(move, announced!.Move);
        Assert.Null(calledOff!.Move);
        Assert.Null((await Ownership.ReadAsync(default))!.Move);
    }

    [Fact, Trait("Req", "I14")]
    public async Task A_connection_that_is_left_out_is_claimed_by_nobody_until_it_is_taken_in()
    {
        var left = await ConnectDueAsync();
        var other = await ConnectDueAsync();
        await Ownership.LeaveOutAsync([left.Id], leftOut: true, Now, default);

        var claimed = await ClaimDueAsync();
        var asked = await Refresh.ClaimOneAsync(left.Id, (await GetAsync(left.Id)).Tokens!.Version, Given.Terms(Now), TimeSpan.Zero, default);
        await Ownership.LeaveOutAsync([left.Id], leftOut: false, Now, default);

        Assert.Equal(other.Id, Assert.Single(claimed).Connection.Id);
        Assert.True(Assert.IsType<ClaimAnswer.Moved>(asked).Snapshot.IsLeftOut);
        Assert.Equal(left.Id, Assert.Single(await ClaimDueAsync()).Connection.Id);
    }

    [Fact, Trait("Req", "I14"), Trait("Req", "I3")]
    public async Task An_open_intent_that_is_left_out_is_neither_counted_nor_taken_over()
    {
        var connection = await ConnectDueAsync();
        await ClaimAsync(connection.Id);
        await RunOutAsync(connection.Id, TimeSpan.FromHours(1));
        await Ownership.LeaveOutAsync([connection.Id], leftOut: true, Now, default);
        OpenIntentRequest request = new("w", "1", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]);

        var counted = await Refresh.CountOpenIntentsAsync(Now, default);
        var taken = await Refresh.ClaimOpenIntentsAsync(request, default);

        Assert.Empty(counted);
        Assert.Empty(taken);
    }

    [Fact, Trait("Req", "I14")]
    public async Task A_new_grant_takes_a_connection_in()
    {
        var connection = await ConnectDueAsync();
        await Ownership.LeaveOutAsync([connection.Id], leftOut: true, Now, default);

        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now) with { DueAt = Now }, default);

        Assert.False((await GetAsync(connection.Id)).IsLeftOut);
        Assert.Single(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "I14")]
    public async Task Levers_do_not_take_a_connection_in()
    {
        var connection = await ConnectDueAsync();
        await Ownership.LeaveOutAsync([connection.Id], leftOut: true, Now, default);

        await Connections.ApplyAsync(connection.Id, new LeverChange.ForceRetry(), Now, default);

        Assert.True((await GetAsync(connection.Id)).IsLeftOut);
        Assert.Empty(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "I14")]
    public async Task Caches_hear_of_it()
    {
        var connection = await ConnectAsync();
        var position = await Stores.Changes.LastPositionAsync(default);

        await Ownership.LeaveOutAsync([connection.Id], leftOut: true, Now, default);

        var change = Assert.Single(await Stores.Changes.ReadAsync(position, [], 1000, default));
        Assert.Equal((ChangeKind.Connection, connection.Id), (change.Kind, change.ConnectionId));
    }

    [Fact, Trait("Req", "I14")]
    public async Task What_would_be_refreshed_is_listed_in_pages_by_id()
    {
        var connections = new List<ConnectionId>();
        for (var i = 0; i < 5; i++)
        {
            connections.Add((await ConnectAsync(g => g with { RefreshTokenExpiresAt = Now.AddDays(9) })).Id);
        }

        var disabled = await ConnectAsync();
        await Connections.ApplyAsync(disabled.Id, new LeverChange.Disable(), Now, default);
        await Ownership.LeaveOutAsync(connections, leftOut: true, Now, default);

        var first = await Ownership.ListRefreshableAsync(null, 3, default);
        var second = await Ownership.ListRefreshableAsync(first[^1].Id, 3, default);

        Assert.Equal(connections.Order(), first.Concat(second).Select(g => g.Id));
        Assert.Equal(3, first.Count);
        Assert.Equal(
            new RefreshableGrant
            {
                Id = first[0].Id,
                IntegrationId = Mail.Id,
                HasRefreshToken = true,
                GrantNo = 1,
                Version = 1,
                DueAt = Now.AddMinutes(50),
                ExpiresAt = Now.AddHours(1),
                RefreshTokenExpiresAt = Now.AddDays(9),
                IsLeftOut = true,
            },
            first[0]);
    }

    [Fact, Trait("Req", "I14"), Trait("Req", "A13")]
    public async Task The_summary_counts_what_is_left_out()
    {
        var connection = await ConnectAsync();
        await ConnectAsync();
        await Ownership.LeaveOutAsync([connection.Id], leftOut: true, Now, default);

        Assert.Equal(1, (await Connections.SummarizeAsync(Environment, Now, default)).LeftOut);
    }

    private Task<DatabaseOwner> AdoptAsync() => Ownership.AdoptAsync("id", Home, Now, default);

    private async Task<DatabaseOwner> MarkLaterAsync(DatabasePlace place, long epoch)
    {
        Clock.Advance(TimeSpan.FromSeconds(5));
        return await Ownership.MarkAsync(place, epoch, Now, default);
    }

    private Task<int> SetMarkAsync(DateTimeOffset mark) => Stores.Database.WriteAsync(
        session => session.ExecuteAsync("update ownership set mark = @mark", ("mark", mark)), default);
}
