using Rekindle.Connections;

namespace Rekindle.Postgres.Refresh;

/// <summary>Makes connections whose token has ended degraded, together with their dependents (A9), whatever stopped their refreshing.</summary>
internal sealed class DegradeSweep(PostgresDatabase database, OpenIntentCount leases)
{
    private const int Range = 0;

    /// <summary>
    /// Those that have ended: $1 now, $2 at most, $3 lower bound, $4 lower bound of the leases. What is in flight is not in the
    /// index of ends, so that a claim writes no entry there; there are few of those.
    /// </summary>
    public const string FindStatement =
        """
        (select connection_id from refresh_schedule
         where lease_until is null and degrade_at >= $3 and degrade_at <= $1 order by degrade_at limit $2)
        union all
        (select connection_id from refresh_schedule
         where lease_until >= $4 and degrade_at <= $1 order by lease_until limit $2)
        """;

    private static readonly RowArrays<ConnectionId> Ended = new RowArrays<ConnectionId>()
        .Small("shard", id => id.Shard)
        .Long("connection_id", id => id.Value);

    /// <summary>Writes them, unless somebody else is just writing them or has given them a new token: $1 now, then the ids.</summary>
    /// <remarks>
    /// The epoch stays: a flight that is under way may still say more about the connection than that its token has ended. A
    /// due time without refresh token: the provider renews access tokens by themselves, and has the last word.
    /// </remarks>
    public static string WriteStatement { get; } =
        $"""
        with locked as materialized (
            select s.shard, s.connection_id
            from {Ended.Unnest(2, "ended")}
            join refresh_schedule s on s.shard = ended.shard and s.connection_id = ended.connection_id
            where s.degrade_at <= $1
            for update of s skip locked),
        unwatched as (
            update refresh_schedule s set degrade_at = null
            from locked l
            join token_sets t on t.shard = l.shard and t.connection_id = l.connection_id
            where s.shard = l.shard and s.connection_id = l.connection_id and s.degrade_at <= $1
            returning s.shard, s.connection_id, t.version, t.expires_at, t.refresh_token is not null or s.due_at is not null as recovers),
        changed as (
            update connections c set status = case when u.recovers then 'degraded' else 'needs_reauthorization' end,
                disconnect_reason = case when u.recovers then null else 'no_refresh_token' end,
                degraded_at = coalesce(u.expires_at, $1), updated_at = $1
            from unwatched u
            where c.shard = u.shard and c.id = u.connection_id),
        followed as (
            update dependents d set state = case when u.recovers then 'degraded' else 'paused' end, state_since = $1
            from unwatched u
            where d.shard = u.shard and d.connection_id = u.connection_id
              and d.state <> case when u.recovers then 'degraded' else 'paused' end)
        insert into change_feed (at, kind, connection_id, version)
        select $1, 'connection', connection_id, version from unwatched
        """;

    private readonly ScanBounds _bounds = new(database.Time);

    public async Task<int> RunAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var search = _bounds.Begin();
        // The end of a token in flight bounds no index: these are looked at, all of them, as often as that is cheap.
        var leasesFrom = search.IsWhole ? leases.From.ToUnixTimeMilliseconds() : long.MaxValue;
        var ended = await FindAsync(now, limit, search.From(Range), leasesFrom, cancellationToken).ConfigureAwait(false);
        search.End();
        var written = ended.Count == 0 ? 0 : await WriteAsync([.. ended.Order().Take(limit)], now, cancellationToken).ConfigureAwait(false);
        if (ended.Count < limit)
        {
            search.Remember(Range, now, now);
        }

        return written;
    }

    private Task<List<ConnectionId>> FindAsync(DateTimeOffset now, int limit, long from, long leasesFrom, CancellationToken cancellationToken) => database.StatementAsync(
        async session =>
        {
            var command = session.Statement(FindStatement);
            await using var disposal = command.ConfigureAwait(false);
            command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
            command.Parameters.Add(new() { Value = (long)limit });
            command.Parameters.Add(new() { Value = from });
            command.Parameters.Add(new() { Value = leasesFrom });
            return await session.ListAsync(command, static row => row.ConnectionId()).ConfigureAwait(false);
        },
        cancellationToken);

    private Task<int> WriteAsync(ConnectionId[] ended, DateTimeOffset now, CancellationToken cancellationToken) => database.StatementAsync(
        async session =>
        {
            var command = session.Statement(WriteStatement);
            await using var disposal = command.ConfigureAwait(false);
            command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
            Ended.Bind(command.Parameters, ended);
            var written = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            session.FeedWritten = written > 0;
            return written;
        },
        cancellationToken);
}
