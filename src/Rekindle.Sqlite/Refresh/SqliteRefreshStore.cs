using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Sql;
using Rekindle.Sql.Attempts;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sqlite.Refresh;

/// <summary>The lease and the commit on SQLite. Leases run on this machine's clock: the caller's <c>Now</c>.</summary>
internal sealed class SqliteRefreshStore(SqliteDatabase database, SqlAttemptStore attempts, ILogger<SqliteRefreshStore> logger) : IRefreshStore
{
    private readonly DueClaims _dueClaims = new(database);
    private readonly SingleClaim _singleClaim = new(database);
    private readonly OpenIntentClaims _openIntents = new(database);
    private readonly CommitWriter _commits = new(database, attempts, logger);
    private readonly DegradeSweep _sweep = new(database);
    private readonly JournalWriter _journal = new(database, attempts, logger);

    public Task<IReadOnlyList<Claim>> ClaimDueAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        _dueClaims.ClaimAsync(request, cancellationToken);

    public Task<ClaimAnswer> ClaimOneAsync(
        ConnectionId id, int version, LeaseTerms terms, TimeSpan openIntentWait, CancellationToken cancellationToken) =>
        _singleClaim.ClaimAsync(id, version, terms, openIntentWait, cancellationToken);

    public Task<IReadOnlyList<Claim>> ClaimOpenIntentsAsync(OpenIntentRequest request, CancellationToken cancellationToken) =>
        _openIntents.ClaimAsync(request, DateTimeOffset.UnixEpoch, cancellationToken);

    public Task<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken) =>
        _commits.WriteAsync(commits, cancellationToken);

    public Task<IReadOnlyList<ReplayResult>> ReplayAsync(
        IReadOnlyList<JournalledResult> results, DateTimeOffset now, CancellationToken cancellationToken) =>
        _journal.ReplayAsync(results, now, cancellationToken);

    public Task<LostLeases> SettleHolderAsync(LostHolder holder, DateTimeOffset now, CancellationToken cancellationToken) =>
        _journal.SettleHolderAsync(holder, now, cancellationToken);

    public Task<int> ApplyLateResultsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _journal.ApplyLateResultsAsync(now, limit, cancellationToken);

    public Task ReleaseAsync(IReadOnlyList<LeaseRelease> releases, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            foreach (var release in releases)
            {
                // A release only postpones: a due time that a lever or a new grant has set meanwhile, or taken away, is kept (I2).
                await session.ExecuteAsync(
                    """
                    update refresh_schedule set lease_until = null, holder = null, leased_at = null, due_at = max(due_at, coalesce(@due_at, due_at))
                    where shard = @shard and connection_id = @id and attempt_id = @attempt and lease_until is not null
                    """,
                    ("due_at", release.DueAt), ("shard", release.Id.Shard), ("id", release.Id), ("attempt", release.AttemptId))
                    .ConfigureAwait(false);
            }
        },
        cancellationToken);

    public Task<bool> BreakLeaseAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await session.ExecuteAsync(
            """
            update refresh_schedule set fence = fence + 1, lease_until = @now
            where shard = @shard and connection_id = @id and lease_until is not null
            """,
            ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false) > 0,
        cancellationToken);

    public Task<int> DegradeExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _sweep.RunAsync(now, limit, cancellationToken);

    public Task<IReadOnlyDictionary<int, QueueHead>> ReadQueueHeadsAsync(
        IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken) =>
        database.SnapshotAsync<IReadOnlyDictionary<int, QueueHead>>(
            async session =>
            {
                var heads = new Dictionary<int, QueueHead>();
                foreach (var integration in integrationIds)
                {
                    if (await ReadHeadAsync(session, integration).ConfigureAwait(false) is { } head)
                    {
                        heads[integration] = head;
                    }
                }

                return heads;
            },
            cancellationToken);

    public Task<IReadOnlyDictionary<int, int>> CountOpenIntentsAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<int, int>>(
            async session => (await session.ListAsync(
                "select integration_id, count(*) from refresh_schedule where lease_until <= @now and not left_out group by integration_id",
                static row => (Integration: row.Int(), Count: row.Int()), ("now", now)).ConfigureAwait(false))
                .ToDictionary(c => c.Integration, c => c.Count),
            cancellationToken);

    public Task TouchUsedAsync(IReadOnlyCollection<ConnectionId> ids, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                foreach (var id in ids)
                {
                    await session.ExecuteAsync(
                        """
                        update refresh_schedule set last_used_at = @hour, priority = 0
                        where shard = @shard and connection_id = @id and (last_used_at is null or last_used_at < @hour)
                        """,
                        ("hour", ScheduleRules.ToHour(now)), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
                }
            },
            cancellationToken);

    public Task<IReadOnlyList<LifetimeGroup>> ReadLifetimesAsync(IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken) =>
        LifetimeCount.ReadAsync(database, integrationIds, cancellationToken);

    public Task<IReadOnlyList<LeaseView>> ListLeasesAsync(string environment, int limit, CancellationToken cancellationToken) =>
        LeaseList.ReadAsync(database, environment, limit, cancellationToken);

    // The first row of each of the two queues, straight from the index.
    private static async Task<QueueHead?> ReadHeadAsync(SqlSession session, int integration)
    {
        QueueHead? first = null;
        foreach (var priority in (int[])[0, 1])
        {
            var head = await session.FirstAsync(
                """
                select claimable_at, degrade_at from refresh_schedule
                where integration_id = @integration and priority = @priority and claimable_at is not null
                order by claimable_at limit 1
                """,
                static row => new QueueHead(row.Instant(), row.InstantOrNull()), ("integration", integration), ("priority", priority))
                .ConfigureAwait(false);
            first = first is null || head?.DueAt < first.DueAt ? head : first;
        }

        return first;
    }
}
