using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>The figures of the summary page (A13), all from one snapshot.</summary>
internal static class ConnectionSummaryQuery
{
    private const int MostErrors = 10;

    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    public static async Task<ConnectionSummary> ReadAsync(SqlSession session, string environment, DateTimeOffset now)
    {
        var statuses = await session.ListAsync(
            "select status, count(*) from connections where environment = @environment group by status",
            static row => (Status: row.Word<ConnectionStatus>(), Count: row.Int()), ("environment", environment)).ConfigureAwait(false);
        var counts = (await CountAsync(session, environment, now).ConfigureAwait(false))!;
        return counts with
        {
            ByStatus = statuses.ToDictionary(s => s.Status, s => s.Count),
            InBackoff = await ReadBackoffAsync(session, environment, now).ConfigureAwait(false),
            TopErrors = await ReadErrorsAsync(session, environment).ConfigureAwait(false),
        };
    }

    private static Task<ConnectionSummary?> CountAsync(SqlSession session, string environment, DateTimeOffset now) => session.FirstAsync(
        """
        select count(*) filter (where c.status = 'active' and t.expires_at > @now and t.expires_at <= @soon),
               count(*) filter (where s.claimable_at <= @now and (c.next_retry_at is null or c.next_retry_at <= @now)),
               count(*) filter (where c.status = 'active' and t.expires_at <= @now),
               count(*) filter (where (s.in_doubt_since is not null and c.status <> 'needs_reauthorization') or s.lease_until <= @now),
               count(*) filter (where t.refreshed_at is null),
               count(*) filter (where s.left_out),
               min(s.claimable_at)
        from connections c
        join token_sets t on t.shard = c.shard and t.connection_id = c.id
        join refresh_schedule s on s.shard = c.shard and s.connection_id = c.id
        where c.environment = @environment
        """,
        static row => new ConnectionSummary
        {
            ExpiringSoon = row.Int(),
            Overdue = row.Int(),
            ExpiredWhileActive = row.Int(),
            InDoubt = row.Int(),
            NeverRefreshed = row.Int(),
            LeftOut = row.Int(),
            NextDueAt = row.InstantOrNull(),
            ByStatus = new Dictionary<ConnectionStatus, int>(),
            InBackoff = [],
            TopErrors = [],
        },
        ("environment", environment), ("now", now), ("soon", now + Soon));

    private static Task<List<BackoffGroup>> ReadBackoffAsync(SqlSession session, string environment, DateTimeOffset now) => session.ListAsync(
        $"""
        with waiting as (
            select c.consecutive_failures + c.consecutive_transient_failures as failures, c.last_refresh_error as error,
                   count(*) as found, min(c.next_retry_at) as earliest, max(c.next_retry_at) as latest
            from connections c
            where c.environment = @environment and {ConnectionFilterSql.InBackoff} c.next_retry_at > @now
            group by 1, 2),
        ranked as (
            select failures, error, cast(sum(found) over (partition by failures) as bigint) as found,
                   min(earliest) over (partition by failures) as earliest, max(latest) over (partition by failures) as latest,
                   row_number() over (partition by failures order by found desc, error is null, error) as place
            from waiting)
        select failures, found, earliest, latest, error from ranked where place = 1 order by failures
        """,
        static row => new BackoffGroup(row.Int(), row.Int(), row.Instant(), row.Instant(), row.TextOrNull()),
        ("environment", environment), ("now", now));

    private static Task<List<ErrorCount>> ReadErrorsAsync(SqlSession session, string environment) => session.ListAsync(
        """
        select last_refresh_error, count(*) as found from connections
        where environment = @environment and last_refresh_error is not null
        group by last_refresh_error order by found desc, last_refresh_error limit @limit
        """,
        static row => new ErrorCount(row.Text(), row.Int()), ("environment", environment), ("limit", MostErrors));
}
