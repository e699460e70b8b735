using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Connections;
using Rekindle.Sql.Attempts;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>The lease and the commit on PostgreSQL. Leases run on the database's clock, the one that all workers share (I12).</summary>
internal sealed class PostgresRefreshStore : IRefreshStore
{
    private static readonly RowArrays<LeaseRelease> Releases = new RowArrays<LeaseRelease>()
        .Small("shard", r => r.Id.Shard)
        .Long("connection_id", r => r.Id.Value)
        .Uuid("attempt_id", r => r.AttemptId)
        .Instant("due_at", r => r.DueAt);

    private static readonly RowArrays<ConnectionId> Ids = new RowArrays<ConnectionId>()
        .Small("shard", id => id.Shard)
        .Long("connection_id", id => id.Value);

    /// <summary>A release only postpones: a due time that a lever or a new grant has set meanwhile, or taken away, is kept (I2).</summary>
    public static string ReleaseStatement { get; } =
        $"""
        update refresh_schedule s set lease_until = null, holder = null, leased_at = null,
            due_at = case when s.due_at < r.due_at then r.due_at else s.due_at end
        from {Releases.Unnest(1, "r")}
        where s.shard = r.shard and s.connection_id = r.connection_id and s.attempt_id = r.attempt_id and s.holder is not null
        """;

    /// <summary>Uses are remembered to the hour: a busy connection costs one write an hour.</summary>
    public static string TouchStatement { get; } =
        $"""
        update refresh_schedule s set last_used_at = $1, priority = 0
        from {Ids.Unnest(2, "used")}
        where s.shard = used.shard and s.connection_id = used.connection_id and (s.last_used_at is null or s.last_used_at < $1)
        """;

    private readonly PostgresDatabase _database;
    private readonly AttemptPartitions _partitions;
    private readonly DueClaims _dueClaims;
    private readonly SingleClaim _singleClaim;
    private readonly OpenIntentClaims _openIntents;
    private readonly OpenIntentCount _openIntentCount;
    private readonly CommitBatch _commits;
    private readonly DegradeSweep _sweep;
    private readonly QueueHeads _heads;
    private readonly JournalWriter _journal;

    public PostgresRefreshStore(
        PostgresDatabase database, SqlAttemptStore attempts, AttemptPartitions partitions, ILogger<PostgresRefreshStore> logger)
    {
        (_database, _partitions) = (database, partitions);
        _dueClaims = new(database);
        _singleClaim = new(database);
        _openIntents = new(database);
        _openIntentCount = new(database);
        _commits = new(database, attempts, partitions, logger);
        _sweep = new(database, _openIntentCount);
        _heads = new(database);
        _journal = new(database, attempts, logger);
    }

    public Task<IReadOnlyList<Claim>> ClaimDueAsync(ClaimRequest request, CancellationToken cancellationToken) =>
        _dueClaims.ClaimAsync(request, cancellationToken);

    public Task<ClaimAnswer> ClaimOneAsync(
        ConnectionId id, int version, LeaseTerms terms, TimeSpan openIntentWait, CancellationToken cancellationToken) =>
        _partitions.WithAsync(() => _singleClaim.ClaimAsync(id, version, terms, openIntentWait, cancellationToken), terms.Now, cancellationToken);

    public Task<IReadOnlyList<Claim>> ClaimOpenIntentsAsync(OpenIntentRequest request, CancellationToken cancellationToken) =>
        _partitions.WithAsync(() => _openIntents.ClaimAsync(request, _openIntentCount.From, cancellationToken), request.Now, cancellationToken);

    public Task<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken) =>
        _commits.WriteAsync(commits, cancellationToken);

    public Task<IReadOnlyList<ReplayResult>> ReplayAsync(
        IReadOnlyList<JournalledResult> results, DateTimeOffset now, CancellationToken cancellationToken) =>
        _journal.ReplayAsync(results, now, cancellationToken);

    public Task<LostLeases> SettleHolderAsync(LostHolder holder, DateTimeOffset now, CancellationToken cancellationToken) =>
        _journal.SettleHolderAsync(holder, now, cancellationToken);

    public Task<int> ApplyLateResultsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _journal.ApplyLateResultsAsync(now, limit, cancellationToken);

    public Task ReleaseAsync(IReadOnlyList<LeaseRelease> releases, CancellationToken cancellationToken) => ExecuteAsync(
        ReleaseStatement, parameters => Releases.Bind(parameters, [.. releases.OrderBy(r => r.Id)]), cancellationToken);

    public async Task<bool> BreakLeaseAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken) => await ExecuteAsync(
        """
        update refresh_schedule set fence = fence + 1, lease_until = coalesce($3::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)
        where shard = $1 and connection_id = $2 and lease_until is not null
        """,
        parameters =>
        {
            parameters.Add(new() { Value = id.Shard });
            parameters.Add(new() { Value = id.Value });
            parameters.Add(_database.LeaseClock(now));
        },
        cancellationToken).ConfigureAwait(false) > 0;

    public Task<int> DegradeExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _sweep.RunAsync(now, limit, cancellationToken);

    public Task<IReadOnlyDictionary<int, QueueHead>> ReadQueueHeadsAsync(
        IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken) => _heads.ReadAsync(integrationIds, cancellationToken);

    public Task<IReadOnlyDictionary<int, int>> CountOpenIntentsAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        _openIntentCount.ReadAsync(now, cancellationToken);

    public Task TouchUsedAsync(IReadOnlyCollection<ConnectionId> ids, DateTimeOffset now, CancellationToken cancellationToken) => ExecuteAsync(
        TouchStatement,
        parameters =>
        {
            parameters.Add(new() { Value = ScheduleRules.ToHour(now).ToUnixTimeMilliseconds() });
            Ids.Bind(parameters, [.. ids.Order()]);
        },
        cancellationToken);

    public Task<IReadOnlyList<LifetimeGroup>> ReadLifetimesAsync(IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken) =>
        LifetimeCount.ReadAsync(_database, integrationIds, cancellationToken);

    public Task<IReadOnlyList<LeaseView>> ListLeasesAsync(string environment, int limit, CancellationToken cancellationToken) =>
        LeaseList.ReadAsync(_database, environment, limit, cancellationToken);

    private Task<int> ExecuteAsync(string sql, Action<NpgsqlParameterCollection> bind, CancellationToken cancellationToken) => _database.StatementAsync(
        async session =>
        {
            var command = session.Statement(sql);
            await using var disposal = command.ConfigureAwait(false);
            bind(command.Parameters);
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);
}
