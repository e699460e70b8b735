using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>
/// Leases and open intents as an operator sees them (A4), with the same statement on every database. The cross join tells SQLite to
/// start with the leases, which are few, and not with the environment.
/// </summary>
internal static class LeaseList
{
    public static Task<IReadOnlyList<LeaseView>> ReadAsync(
        SqlDatabase database, string environment, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<LeaseView>>(
            async session => await session.ListAsync(
                """
                select c.id, c.environment, c.integration, c.tenant, c.subject, c.purpose, c.account, s.holder, w.version, w.seen_at,
                       s.attempt_id, s.fence, s.leased_at, s.lease_until, s.open_intents
                from refresh_schedule s
                cross join connections c
                left join workers w on w.instance_id = s.holder
                where s.lease_until is not null and c.shard = s.shard and c.id = s.connection_id and c.environment = @environment
                order by s.leased_at, c.id limit @limit
                """,
                static row => new LeaseView
                {
                    ConnectionId = row.ConnectionId(),
                    Key = row.Key(),
                    Holder = row.Text(),
                    HolderVersion = row.TextOrNull(),
                    HolderSeenAt = row.InstantOrNull(),
                    AttemptId = row.Guid(),
                    Fence = row.Long(),
                    AcquiredAt = row.Instant(),
                    LeaseUntil = row.Instant(),
                    OpenIntents = row.Int(),
                },
                ("environment", environment), ("limit", limit)).ConfigureAwait(false),
            cancellationToken);
}
