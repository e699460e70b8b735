using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The change feed that caches follow.</summary>
public abstract class ChangeFeedContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private IChangeFeed Feed => Stores.Changes;

    [Fact, Trait("Req", "A11")]
    public async Task Entries_come_in_order_after_a_position_and_no_more_than_asked()
    {
        var start = await Feed.LastPositionAsync(default);
        var connections = new[] { await ConnectAsync(), await ConnectAsync(), await ConnectAsync() };

        var first = await Feed.ReadAsync(start, [], 2, default);
        var rest = await Feed.ReadAsync(first[^1].Position, [], 2, default);

        Assert.Equal(connections.Select(c => (ConnectionId?)c.Id), first.Concat(rest).Select(c => c.ConnectionId));
        Assert.Equal(await Feed.LastPositionAsync(default), rest[^1].Position);
        Assert.Empty(await Feed.ReadAsync(rest[^1].Position, [], 2, default));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Positions_that_were_missing_are_read_again()
    {
        var start = await Feed.LastPositionAsync(default);
        await ConnectAsync();
        await ConnectAsync();
        await ConnectAsync();
        var all = await Feed.ReadAsync(start, [], 10, default);

        var again = await Feed.ReadAsync(all[2].Position, [all[0].Position, all[1].Position + 1_000_000], 10, default);

        Assert.Equal(all[0], Assert.Single(again));
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_program_that_starts_on_an_empty_feed_starts_at_zero()
    {
        await Stores.Database.WriteAsync(session => session.ExecuteAsync("delete from change_feed"), default);

        Assert.Equal(0, await Feed.LastPositionAsync(default));
    }

    [Fact, Trait("Req", "A11"), Trait("Req", "F4")]
    public async Task The_position_before_an_instant_is_where_a_reader_goes_back_to()
    {
        await ConnectAsync();
        var before = await Feed.LastPositionAsync(default);
        Clock.Advance(TimeSpan.FromSeconds(10));
        var later = await ConnectAsync();

        var position = await Feed.PositionBeforeAsync(Now.AddSeconds(-5), default);

        Assert.Equal(before, position);
        Assert.Equal([later.Id], (await Feed.ReadAsync(position, [], 10, default)).Select(c => c.ConnectionId!.Value));
        Assert.Equal(await Feed.LastPositionAsync(default), await Feed.PositionBeforeAsync(Now.AddSeconds(1), default));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Integrations_and_keys_are_told_as_well()
    {
        var start = await Feed.LastPositionAsync(default);
        var shop = await CreateIntegrationAsync("shop");
        await Stores.ApiKeys.CreateAsync(
            new() { Id = "k", Environment = Environment, Name = "k", Hash = [1], Scopes = ["admin"], CreatedAt = Now }, default);

        var changes = await Feed.ReadAsync(start, [], 10, default);

        Assert.Equal([(ChangeKind.Integration, (int?)shop.Id), (ChangeKind.ApiKey, null)], changes.Select(c => (c.Kind, c.IntegrationId)));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Old_entries_are_removed_and_positions_go_on()
    {
        await ConnectAsync();
        Clock.Advance(TimeSpan.FromHours(1));
        var young = await ConnectAsync();
        var last = await Feed.LastPositionAsync(default);

        await Feed.PruneAsync(Now, default);

        Assert.Equal(young.Id, Assert.Single(await Feed.ReadAsync(0, [], 10, default)).ConnectionId);
        await Feed.PruneAsync(Now.AddHours(1), default);
        Assert.Equal(last, await Feed.LastPositionAsync(default));
        await ConnectAsync();
        Assert.True(await Feed.LastPositionAsync(default) > last);
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_change_ends_the_wait()
    {
        var waiting = Feed.WaitAsync(TimeSpan.FromHours(1), default);
        Assert.False(waiting.IsCompleted);

        await ConnectAsync();

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Without_change_the_wait_ends_by_itself()
    {
        var waiting = Feed.WaitAsync(TimeSpan.FromSeconds(1), default);
        await Clock.WaitForTimersAsync();

        Clock.Advance(TimeSpan.FromSeconds(1));

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_wait_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var waiting = Feed.WaitAsync(TimeSpan.FromHours(1), cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact, Trait("Req", "A11")]
    public async Task Nothing_that_was_rolled_back_is_told()
    {
        var start = await Feed.LastPositionAsync(default);

        await Assert.ThrowsAsync<StoreException>(() => ConnectAsync(g => g with { IntegrationId = 4711 }));

        Assert.Empty(await Feed.ReadAsync(start, [], 10, default));
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_reader_with_a_cursor_misses_nothing_that_many_writers_write()
    {
        var start = await Feed.LastPositionAsync(default);
        var grants = Enumerable.Range(0, 60).Select(i => Given.Grant(Mail, $"many-{i}", Now)).ToArray();
        var programs = Enumerable.Range(0, 3).Select(_ => OpenAnother().Connections).ToArray();
        var writing = Task.WhenAll(programs.Select((program, p) => Task.Run(async () =>
        {
            foreach (var grant in grants.Where((_, i) => i % programs.Length == p))
            {
                await program.SaveGrantAsync(grant, default);
            }
        })));

        var cursor = new FeedCursor(start, Clock);
        var seen = new List<ConnectionId>();
        bool ended;
        do
        {
            ended = writing.IsCompleted;
            foreach (var change in await Feed.ReadAsync(cursor.Position, cursor.Missing, 1000, default))
            {
                if (cursor.Advance(change.Position))
                {
                    seen.Add(change.ConnectionId!.Value);
                }
            }
        }
        while (!ended);

        await writing;
        Assert.Equal(grants.Select(g => g.NewId).Order(), seen.Order());
    }
}
