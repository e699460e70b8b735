using System.Globalization;
using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>The one row that says whose database this is, with the same statements on every database.</summary>
internal sealed class SqlOwnershipStore(SqlDatabase database) : IOwnershipStore
{
    private const int BatchSize = 500;

    private const string Select =
        """
        select database_id, deployment, endpoint, epoch, mark, frozen_reason, frozen_detail, frozen_at, move_deployment, move_endpoint, move_until
        from ownership
        """;

    public Task<DatabaseOwner?> ReadAsync(CancellationToken cancellationToken) => database.ReadAsync(FindAsync, cancellationToken);

    public Task<DatabaseOwner> AdoptAsync(string databaseId, DatabasePlace place, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(
            async session => await session.ExecuteAsync(
                """
                insert into ownership (database_id, deployment, endpoint, epoch, mark) values (@id, @deployment, @endpoint, 1, @now)
                on conflict do nothing
                """,
                ("id", databaseId), ("deployment", place.Deployment), ("endpoint", place.Endpoint),
                ("now", await database.LeaseNowAsync(session, now).ConfigureAwait(false))).ConfigureAwait(false),
            cancellationToken);

    public Task<DatabaseOwner> MarkAsync(DatabasePlace place, long epoch, DateTimeOffset now, CancellationToken cancellationToken) => WriteAsync(
        async session => await session.ExecuteAsync(
            """
            update ownership set mark = case when mark < @now then @now else mark end, endpoint = @endpoint
            where deployment = @deployment and epoch = @epoch and frozen_reason is null and move_until is null
            """,
            ("deployment", place.Deployment), ("endpoint", place.Endpoint), ("epoch", epoch),
            ("now", await database.LeaseNowAsync(session, now).ConfigureAwait(false))).ConfigureAwait(false),
        cancellationToken);

    public Task<DatabaseOwner> FreezeAsync(FreezeReason reason, string detail, long epoch, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(
            session => session.ExecuteAsync(
                """
                update ownership set frozen_reason = @reason, frozen_detail = @detail, frozen_at = @now
                where frozen_reason is null and epoch = @epoch
                """,
                ("reason", Names.Of(reason)), ("detail", detail), ("now", now), ("epoch", epoch)),
            cancellationToken);

    public Task AnnounceAsync(AnnouncedMove? move, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            "update ownership set move_deployment = @deployment, move_endpoint = @endpoint, move_until = @until",
            ("deployment", move?.To.Deployment), ("endpoint", move?.To.Endpoint), ("until", move?.Until)),
        cancellationToken);

    public Task<bool> ConfirmAsync(DatabasePlace place, long before, long epoch, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session => await session.ExecuteAsync(
                """
                update ownership set deployment = @deployment, endpoint = @endpoint, epoch = @epoch, mark = case when mark < @now then @now else mark end,
                    frozen_reason = null, frozen_detail = null, frozen_at = null, move_deployment = null, move_endpoint = null, move_until = null
                where epoch = @before
                """,
                ("deployment", place.Deployment), ("endpoint", place.Endpoint), ("epoch", epoch), ("before", before),
                ("now", await database.LeaseNowAsync(session, now).ConfigureAwait(false))).ConfigureAwait(false) == 1,
            cancellationToken);

    public Task<IReadOnlyList<RefreshableGrant>> ListRefreshableAsync(ConnectionId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<RefreshableGrant>>(
            async session => await session.ListAsync(
                """
                select s.connection_id, s.integration_id, t.refresh_token is not null, t.grant_no, t.version, s.due_at, t.expires_at, t.refresh_token_expires_at,
                       s.lease_until is not null or s.in_doubt_since is not null, s.left_out
                from refresh_schedule s
                join connections c on c.shard = s.shard and c.id = s.connection_id
                join token_sets t on t.shard = s.shard and t.connection_id = s.connection_id
                where (s.shard, s.connection_id) > (@shard, @after) and c.status in ('active', 'degraded') and t.access_token is not null
                order by s.shard, s.connection_id limit @limit
                """,
                Read, ("shard", after?.Shard ?? -1), ("after", after?.Value ?? 0), ("limit", limit)).ConfigureAwait(false),
            cancellationToken);

    public async Task LeaveOutAsync(IReadOnlyCollection<ConnectionId> ids, bool leftOut, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var batch in ids.Chunk(BatchSize))
        {
            // Numbers of our own, and no other way that both databases take a list of pairs.
            var keys = string.Join(", ", batch.Select(id => string.Create(CultureInfo.InvariantCulture, $"({id.Shard}, {id.Value})")));
            await database.WriteAsync(
                async session =>
                {
                    await session.ExecuteAsync(
                        $"update refresh_schedule set left_out = @left_out where (shard, connection_id) in (values {keys})", ("left_out", leftOut)).ConfigureAwait(false);
                    await session.ExecuteAsync(
                        $"""
                        insert into change_feed (at, kind, connection_id, version)
                        select @now, @kind, connection_id, version from token_sets where (shard, connection_id) in (values {keys})
                        """,
                        ("now", now), ("kind", Names.Of(ChangeKind.Connection))).ConfigureAwait(false);
                    session.FeedWritten = true;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<DatabaseOwner> WriteAsync(Func<SqlSession, Task> change, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await change(session).ConfigureAwait(false);
            return await FindAsync(session).ConfigureAwait(false)
                ?? throw new StoreException("The table 'ownership' has lost its row: restore the database, or delete nothing by hand. A restart makes a new row.");
        },
        cancellationToken);

    private static Task<DatabaseOwner?> FindAsync(SqlSession session) => session.FirstAsync(Select, ReadOwner);

    private static DatabaseOwner ReadOwner(SqlRow row) => new()
    {
        DatabaseId = row.Text(),
        Place = new DatabasePlace(row.Text(), row.Text()),
        Epoch = row.Long(),
        Mark = row.Instant(),
        Freeze = ReadFreeze(row),
        Move = ReadMove(row),
    };

    private static Freeze? ReadFreeze(SqlRow row)
    {
        var (reason, detail, at) = (row.WordOrNull<FreezeReason>(), row.TextOrNull(), row.InstantOrNull());
        return reason is { } found ? new Freeze(found, detail ?? "", at ?? DateTimeOffset.UnixEpoch) : null;
    }

    private static AnnouncedMove? ReadMove(SqlRow row)
    {
        var (deployment, endpoint, until) = (row.TextOrNull(), row.TextOrNull(), row.InstantOrNull());
        return until is { } end ? new AnnouncedMove(new DatabasePlace(deployment ?? "", endpoint ?? ""), end) : null;
    }

    private static RefreshableGrant Read(SqlRow row) => new()
    {
        Id = row.ConnectionId(),
        IntegrationId = row.Int(),
        HasRefreshToken = row.Flag(),
        GrantNo = row.Int(),
        Version = row.Int(),
        DueAt = row.InstantOrNull(),
        ExpiresAt = row.InstantOrNull(),
        RefreshTokenExpiresAt = row.InstantOrNull(),
        IsInDoubt = row.Flag(),
        IsLeftOut = row.Flag(),
    };
}
