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
        var cache = new TokenCache(Sealer, new RefreshOptions());
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
        var cache = new TokenCache(Sealer, new RefreshOptions());
        var snapshot = Of(1);
        var stamp = cache.Stamp;

        cache.Invalidate(snapshot.Connection.Id);
        cache.Put(snapshot, stamp);

        Assert.Null(cache.Find(snapshot.Connection.Id));
    }

    private static ConnectionSnapshot Of(int number)
    {
        var key = new ConnectionKey("production", "acme", "", $"user-{number}", "default", "");
        var id = ConnectionId.New(key);
        return new ConnectionSnapshot
        {
            Connection = new Connection { Id = id, Key = key, IntegrationId = 1, Status = ConnectionStatus.Active, CreatedAt = default, UpdatedAt = default },
            Tokens = new TokenSet
            {
                AccessToken = Sealer.Seal(new Secret(new string('a', 900)), Connection.SealContextOf("production", id, SecretKind.AccessToken, 1)),
                GrantNo = 1,
                Version = 1,
                IssuedAt = default,
            },
        };
    }
}
