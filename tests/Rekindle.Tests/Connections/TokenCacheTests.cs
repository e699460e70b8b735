using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Tests.Connections;

public sealed class TokenCacheTests
{
    private static readonly Sealer Sealer = new(KeyRing.Generate(DateTimeOffset.UnixEpoch));

    [Fact]
    public void A_snapshot_put_again_and_again_weighs_once()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var snapshots = Enumerable.Range(0, 100).Select(Of).ToArray();

        for (var round = 0; round < 600; round++)
        {
            Array.ForEach(snapshots, s => cache.Put(s, cache.Stamp));
        }

        Assert.Equal(100, snapshots.Count(s => cache.Find(s.Connection.Id) is not null));
    }

    [Fact]
    public void What_was_invalidated_since_it_was_read_is_not_kept()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var snapshot = Of(1);
        var stamp = cache.Stamp;

        cache.Invalidate(snapshot.Connection.Id);
        cache.Put(snapshot, stamp);

        Assert.Null(cache.Find(snapshot.Connection.Id));
    }

    [Fact, Trait("Req", "I11")]
    public void What_was_invalidated_is_still_known_until_the_store_was_read_again()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var (first, second) = (Of(1), Of(1, version: 2));
        cache.Put(first, cache.Stamp);

        cache.Invalidate(first.Connection.Id);

        Assert.Null(cache.Find(first.Connection.Id));
        Assert.Same(first, cache.FindLast(first.Connection.Id)!.Snapshot);

        cache.Put(second, cache.Stamp);

        Assert.Same(second, cache.Find(first.Connection.Id)!.Snapshot);
        Assert.Same(second, cache.FindLast(first.Connection.Id)!.Snapshot);
    }

    [Fact, Trait("Req", "I11")]
    public void What_was_handed_out_before_the_store_has_it_is_not_replaced_by_what_the_store_has()
    {
        var unwritten = new UnwrittenResults();
        var cache = new TokenCache(Sealer, unwritten, new RefreshOptions());
        var (stored, known) = (Of(1), Of(1, version: 2));
        var id = stored.Connection.Id;
        unwritten.Enter(id);
        cache.Put(known, cache.Stamp);
        cache.Changed(stored);

        Assert.Same(known, cache.Put(stored, cache.Stamp).Snapshot);

        var paused = stored with { Connection = stored.Connection with { Status = ConnectionStatus.Disabled } };
        Assert.Same(paused, cache.Put(paused, cache.Stamp).Snapshot);

        unwritten.Leave(id);
        cache.Invalidate(id);

        Assert.Same(stored, cache.Put(stored, cache.Stamp).Snapshot);
    }

    [Fact, Trait("Req", "I11")]
    public void What_was_read_before_an_invalidation_is_outdated_and_never_in_place_of_something_newer()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var (first, second) = (Of(1), Of(1, version: 2));
        var id = first.Connection.Id;
        var stamp = cache.Stamp;
        cache.Invalidate(id);

        cache.Put(second, stamp);
        cache.Put(first, stamp);

        Assert.Null(cache.Find(id));
        Assert.Same(second, cache.FindLast(id)!.Snapshot);
    }

    [Fact, Trait("Req", "I11")]
    public void What_was_withdrawn_is_gone_and_does_not_come_back_by_what_was_read_before()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var (current, outdated) = (Of(1), Of(2));
        var stamp = cache.Stamp;
        cache.Put(current, stamp);
        cache.Put(outdated, stamp);
        cache.Invalidate(outdated.Connection.Id);

        foreach (var snapshot in new[] { current, outdated })
        {
            cache.Withdraw(snapshot.Connection.Id);
            cache.Put(snapshot, stamp);
            cache.Invalidate(snapshot.Connection.Id);

            Assert.Null(cache.FindLast(snapshot.Connection.Id));
        }
    }

    [Fact, Trait("Req", "I11")]
    public void After_a_change_by_this_process_the_last_that_is_known_is_what_it_made_of_it()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var (before, after, unread) = (Of(1), Of(1), Of(2));
        cache.Put(before, cache.Stamp);

        cache.Changed(after);
        cache.Changed(unread);

        Assert.Null(cache.Find(after.Connection.Id));
        Assert.Same(after, cache.FindLast(after.Connection.Id)!.Snapshot);
        Assert.Null(cache.FindLast(unread.Connection.Id));

        cache.Changed(after with { Connection = after.Connection with { Status = ConnectionStatus.Disabled } });

        Assert.Null(cache.FindLast(after.Connection.Id));
    }

    [Fact, Trait("Req", "I11")]
    public void A_name_that_may_lead_elsewhere_is_still_known_and_current_again_when_it_was_looked_up()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var name = new TokenQuery { Environment = "production", Integration = "acme", Subject = "user-1" };
        var snapshot = Of(1);
        var stamp = cache.Stamp;
        cache.Put(snapshot, stamp);
        cache.Name(name, snapshot.Connection.Id, stamp);

        cache.ForgetNames();

        Assert.Null(cache.Find(name));
        Assert.Same(snapshot, cache.FindLast(name)!.Snapshot);

        cache.Name(name, snapshot.Connection.Id, cache.Stamp);

        Assert.NotNull(cache.Find(name));
    }

    [Fact]
    public void Outdated_tokens_that_have_ended_go_and_with_them_their_names()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var name = new TokenQuery { Environment = "production", Integration = "acme", Subject = "user-1" };
        var end = DateTimeOffset.UnixEpoch.AddHours(1);
        var snapshot = Of(1, end: end);
        cache.Put(snapshot, cache.Stamp);
        cache.Name(name, snapshot.Connection.Id, cache.Stamp);
        cache.Invalidate(snapshot.Connection.Id);

        cache.Tidy(end.AddSeconds(-1));
        var before = cache.FindLast(name);
        cache.Tidy(end);

        Assert.NotNull(before);
        Assert.Null(cache.FindLast(name));
        Assert.Null(cache.FindLast(snapshot.Connection.Id));
    }

    [Fact]
    public void It_stays_within_its_limit_also_while_something_is_always_outdated()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var small = Of(0);
        var large = Enumerable.Range(1, 60).Select(i => Of(i, length: 2_500_000)).ToArray();
        foreach (var snapshot in large)
        {
            cache.Put(small, cache.Stamp);
            cache.Invalidate(small.Connection.Id);
            cache.Put(snapshot, cache.Stamp);
        }

        // 5 MB each, of 128 MiB.
        Assert.InRange(large.Count(s => cache.Find(s.Connection.Id) is not null), 20, 26);
        Assert.NotNull(cache.Find(large[^1].Connection.Id));
    }

    [Fact]
    public void Outdated_tokens_weigh_once_and_are_the_first_to_go()
    {
        var cache = new TokenCache(Sealer, new UnwrittenResults(), new RefreshOptions());
        var used = Of(0);
        cache.Put(used, cache.Stamp);
        var snapshots = Enumerable.Range(1, 100).Select(i => Of(i)).ToArray();
        for (var round = 0; round < 600; round++)
        {
            Array.ForEach(snapshots, s => cache.Put(s, cache.Stamp));
            Array.ForEach(snapshots, s => cache.Invalidate(s.Connection.Id));
        }

        Assert.All(snapshots, s => Assert.NotNull(cache.FindLast(s.Connection.Id)));

        var large = Enumerable.Range(1000, 27).Select(i => Of(i, length: 2_500_000)).ToArray();
        Array.ForEach(large[..10], s => cache.Put(s, cache.Stamp));
        Array.ForEach(large[..10], s => cache.Invalidate(s.Connection.Id));
        Array.ForEach(large[10..], s => cache.Put(s, cache.Stamp));

        Assert.Contains(large[..10], s => cache.FindLast(s.Connection.Id) is null);
        Assert.All(large[10..].Append(used), s => Assert.NotNull(cache.Find(s.Connection.Id)));
    }

    private static ConnectionSnapshot Of(int number) => Of(number, version: 1);

    private static ConnectionSnapshot Of(int number, int version = 1, DateTimeOffset? end = null, int length = 900)
    {
        var key = new ConnectionKey("production", "acme", "", $"user-{number}", "default", "");
        var id = new ConnectionId(number + 1);
        return new ConnectionSnapshot
        {
            Connection = new Connection { Id = id, Key = key, IntegrationId = 1, Status = ConnectionStatus.Active, CreatedAt = default, UpdatedAt = default },
            Tokens = new TokenSet
            {
                AccessToken = Sealer.Seal(new Secret(new string('a', length)), Connection.SealContextOf("production", id, SecretKind.AccessToken, 1)),
                GrantNo = 1,
                Version = version,
                ExpiresAt = end,
                IssuedAt = default,
            },
        };
    }
}
