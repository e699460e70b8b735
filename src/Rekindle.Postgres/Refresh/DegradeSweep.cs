namespace Rekindle.Postgres.Refresh;

/// <summary>Makes connections whose token has ended degraded, together with their dependents (A9), whatever stopped their refreshing.</summary>
internal sealed class DegradeSweep(PostgresDatabase database, OpenIntentCount leases)
{
    private const int Range = 0;

    /// <summary>$1 now, $2 at most, $3 lower bound, $4 lower bound of the leases.</summary>
    /// <remarks>
    /// The epoch stays: a flight that is under way may still say more about the connection than that its token has ended. A
    /// due time without refresh token: the provider renews access tokens by themselves, and has the last word.
    /// </remarks>
    public const string Statement =
        """
        with resting as materialized (
            select s.ctid as place from refresh_schedule s
            where s.lease_until is null and s.degrade_at >= $3 and s.degrade_at <= $1
            order by s.degrade_at limit $2 for update skip locked),
        flying as materialized (
            select s.ctid as place from refresh_schedule s
            where s.lease_until >= $4 and s.degrade_at <= $1
            limit $2 - (select count(*) from resting) for update skip locked),
        ended as (
            select place from resting union all select place from flying),
        judged as materialized (
            select e.place, s.shard, s.connection_id, t.version, t.expires_at, t.refresh_token is not null or s.due_at is not null as recovers
            from ended e
            join refresh_schedule s on s.ctid = e.place
            join token_sets t on t.shard = s.shard and t.connection_id = s.connection_id),
        unscheduled as (
            update refresh_schedule s set degrade_at = null, due_at = case when j.recovers then s.due_at end
            from judged j where s.ctid = j.place),
        changed as (
            update connections c set status = case when j.recovers then 'degraded' else 'needs_reauthorization' end,
                disconnect_reason = case when j.recovers then null else 'no_refresh_token' end,
                degraded_at = coalesce(j.expires_at, $1), updated_at = $1
            from judged j where c.shard = j.shard and c.id = j.connection_id),
        followed as (
            update dependents d set state = case when j.recovers then 'degraded' else 'paused' end, state_since = $1
            from judged j
            where d.shard = j.shard and d.connection_id = j.connection_id and d.state <> case when j.recovers then 'degraded' else 'paused' end)
        insert into change_feed (at, kind, connection_id, version)
        select $1, 'connection', connection_id, version from judged
        """;

    private readonly ScanBounds _bounds = new(database.Time);

    public async Task<int> RunAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var search = _bounds.Begin();
        var count = await database.StatementAsync(
            async session =>
            {
                var command = session.Statement(Statement);
                await using var disposal = command.ConfigureAwait(false);
                command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
                command.Parameters.Add(new() { Value = (long)limit });
                command.Parameters.Add(new() { Value = search.From(Range) });
                command.Parameters.Add(new() { Value = leases.From.ToUnixTimeMilliseconds() });
                var degraded = await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                session.FeedWritten = degraded > 0;
                return degraded;
            },
            cancellationToken).ConfigureAwait(false);
        if (count < limit)
        {
            search.Remember(Range, now, now);
        }

        search.End();
        return count;
    }
}
