using System.Globalization;
using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Sql.Attempts;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>What journals and late results give back, each in the transaction that holds its connection's lock.</summary>
internal sealed class JournalWriter(SqlDatabase database, SqlAttemptStore attempts, ILogger logger)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    // After a failover every worker reminds the database within minutes; a parent that has not come by then never will.
    private static readonly TimeSpan Awaited = TimeSpan.FromHours(1);

    public async Task<IReadOnlyList<ReplayResult>> ReplayAsync(
        IReadOnlyList<JournalledResult> results, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var standing = await ReadStandingAsync(results, cancellationToken).ConfigureAwait(false);
        var answers = new List<ReplayResult>(results.Count);
        foreach (var result in results)
        {
            // Most of what is offered after a failover was not forgotten: seen without a lock and a transaction for each.
            answers.Add(result.IsSettled && standing.TryGetValue(result.Attempt.ConnectionId, out var tokens) && tokens.CompareTo(Parent(result)) > 0
                ? ReplayResult.AlreadyThere
                : await WriteAsync((session, unrecorded) => ReplayAsync(session, result, now, unrecorded), cancellationToken).ConfigureAwait(false));
        }

        return answers;
    }

    public Task<LostLeases> SettleHolderAsync(LostHolder holder, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var leaseNow = await database.LeaseNowAsync(session, now).ConfigureAwait(false);
            var (released, inDoubt) = (0, 0);
            var leased = await session.ListAsync(
                $"select connection_id from refresh_schedule where lease_until is not null and holder = @holder order by shard, connection_id",
                static row => row.ConnectionId(), ("holder", holder.Holder)).ConfigureAwait(false);
            foreach (var id in leased)
            {
                // Read again under the lock: what was found may have been settled since.
                if (await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false) is not { Snapshot.LeaseUntil: { } until } standing
                    || standing.Holder != holder.Holder)
                {
                    continue;
                }

                var provablyUnsent = holder.MarksAreComplete && !holder.Sent.Contains(standing.AttemptId!.Value);
                await SettleAsync(session, id, provablyUnsent, until < leaseNow ? until : leaseNow).ConfigureAwait(false);
                (released, inDoubt) = provablyUnsent ? (released + 1, inDoubt) : (released, inDoubt + 1);
            }

            await session.ExecuteAsync("delete from workers where instance_id = @holder", ("holder", holder.Holder)).ConfigureAwait(false);
            return new LostLeases(released, inDoubt);
        },
        cancellationToken);

    public async Task<int> ApplyLateResultsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(
            session => session.ListAsync(
                """
                select distinct l.connection_id from late_results l
                left join token_sets t on t.shard = l.shard and t.connection_id = l.connection_id
                where l.settled_at is null and ((t.grant_no, t.version) >= (l.grant_no, l.version) or l.created_at < @awaited)
                limit @limit
                """,
                static row => row.ConnectionId(), ("awaited", now - Awaited), ("limit", limit)),
            cancellationToken).ConfigureAwait(false);
        var applied = 0;
        if (open.Count > 0)
        {
            await database.WriteAsync(
                session => session.ExecuteAsync("delete from late_results where settled_at < @old", ("old", now - Remembered)), cancellationToken)
                .ConfigureAwait(false);
        }

        foreach (var id in open)
        {
            applied += await WriteAsync((session, unrecorded) => ApplyLateAsync(session, id, now, unrecorded), cancellationToken).ConfigureAwait(false);
        }

        return applied;
    }

    private async Task<Dictionary<ConnectionId, (int GrantNo, int Version)>> ReadStandingAsync(
        IReadOnlyList<JournalledResult> results, CancellationToken cancellationToken)
    {
        var ids = results.Select(r => r.Attempt.ConnectionId).Distinct().ToArray();
        var names = string.Join(", ", Enumerable.Range(0, ids.Length).Select(i => string.Create(CultureInfo.InvariantCulture, $"(@s{i}, @c{i})")));
        var rows = ids.Length == 0 ? [] : await database.ReadAsync(
            session => session.ListAsync(
                $"select connection_id, grant_no, version from token_sets where (shard, connection_id) in (values {names})",
                static row => (Id: row.ConnectionId(), Tokens: (row.Int(), row.Int())),
                [.. ids.SelectMany((id, i) => new (string, object?)[] { (string.Create(CultureInfo.InvariantCulture, $"s{i}"), id.Shard), (string.Create(CultureInfo.InvariantCulture, $"c{i}"), id) })]),
            cancellationToken).ConfigureAwait(false);
        return rows.ToDictionary(r => r.Id, r => r.Tokens);
    }

    private async Task<T> WriteAsync<T>(Func<SqlSession, List<Attempt>, Task<T>> work, CancellationToken cancellationToken)
    {
        var unrecorded = new List<Attempt>();
        var result = await database.WriteAsync(session => work(session, unrecorded), cancellationToken).ConfigureAwait(false);
        await UnrecordedAttempts.AppendAsync(attempts, unrecorded, logger).ConfigureAwait(false);
        return result;
    }

    private async Task<ReplayResult> ReplayAsync(SqlSession session, JournalledResult result, DateTimeOffset now, List<Attempt> unrecorded)
    {
        var attempt = result.Attempt;
        var before = await ScheduledConnection.LockAsync(database, session, attempt.ConnectionId).ConfigureAwait(false);
        if (before is null)
        {
            return await AwaitConnectionAsync(session, result, now).ConfigureAwait(false);
        }

        if (before.WrittenBy == attempt.Id)
        {
            return ReplayResult.AlreadyThere;
        }

        if (!IsParent(before, result))
        {
            if (IsAhead(before, result))
            {
                await LateResults.KeepAsync(session, result, now).ConfigureAwait(false);
                return ReplayResult.Deferred;
            }

            if (!result.IsSettled)
            {
                await LateResults.KeepAsync(session, result, now).ConfigureAwait(false);
                await LateResults.SettleAsync(session, attempt.ConnectionId, attempt.Id, now).ConfigureAwait(false);
            }

            return ReplayResult.Superseded;
        }

        if (before.AttemptId != attempt.Id && await IsLeasedAsync(session, before, now).ConfigureAwait(false))
        {
            await LateResults.KeepAsync(session, result, now).ConfigureAwait(false);
            return ReplayResult.Deferred;
        }

        await StoreAsync(session, result, before, now, unrecorded).ConfigureAwait(false);
        await StoreDescendantsAsync(session, attempt.ConnectionId, now, unrecorded).ConfigureAwait(false);
        return ReplayResult.Applied;
    }

    // Refreshes that other workers built on what was missing until now, and have handed in already.
    private async Task<int> StoreDescendantsAsync(SqlSession session, ConnectionId id, DateTimeOffset now, List<Attempt> unrecorded)
    {
        for (var stored = 0; ; stored++)
        {
            if (await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false) is not { } standing
                || await IsLeasedAsync(session, standing, now).ConfigureAwait(false)
                || await LateResults.FindAsync(session, standing).ConfigureAwait(false) is not { } next)
            {
                return stored;
            }

            await StoreAsync(session, next, standing, now, unrecorded).ConfigureAwait(false);
        }
    }

    private async Task<int> ApplyLateAsync(SqlSession session, ConnectionId id, DateTimeOffset now, List<Attempt> unrecorded)
    {
        var standing = await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false);
        if (standing is not null && await IsLeasedAsync(session, standing, now).ConfigureAwait(false))
        {
            return 0;
        }

        var applied = await StoreDescendantsAsync(session, id, now, unrecorded).ConfigureAwait(false);

        // Nobody is refreshing it: what is left has no parent any more, or one that may still come.
        await session.ExecuteAsync(
            """
            update late_results set settled_at = @now
            where connection_id = @id and settled_at is null and (created_at < @awaited or exists (
                select 1 from token_sets t where t.shard = late_results.shard and t.connection_id = late_results.connection_id
                    and (t.grant_no, t.version) >= (late_results.grant_no, late_results.version)))
            """,
            ("now", now), ("awaited", now - Awaited), ("id", id)).ConfigureAwait(false);
        return applied;
    }

    private static async Task StoreAsync(
        SqlSession session, JournalledResult result, ScheduledConnection before, DateTimeOffset now, List<Attempt> unrecorded)
    {
        if (before.Snapshot.LeaseUntil is not null && before.AttemptId != result.Attempt.Id)
        {
            // Somebody else's lease ran out without outcome as well; what it sent no longer counts, and is on record all the same (I3).
            var lost = LostLease.ToAttempt(before, result.Attempt.Worker, result.Attempt.WorkerVersion);
            await UnrecordedAttempts.TryInsertAsync(session, lost, unrecorded).ConfigureAwait(false);
        }

        await LateResults.ApplyAsync(session, result, before, now).ConfigureAwait(false);
        await LateResults.RecordAsync(session, result.Attempt, now, unrecorded).ConfigureAwait(false);
    }

    private async Task<bool> IsLeasedAsync(SqlSession session, ScheduledConnection standing, DateTimeOffset now) =>
        standing.Snapshot.LeaseUntil is { } until && until > await database.LeaseNowAsync(session, now).ConfigureAwait(false);

    private static bool IsParent(ScheduledConnection standing, JournalledResult result) =>
        standing.Snapshot.Tokens is { } tokens && tokens.GrantNo == result.GrantNo && tokens.Version == result.Version;

    // Deleted, or not there yet: the database has forgotten that it was made, and is reminded of that by whoever made it.
    private static async Task<ReplayResult> AwaitConnectionAsync(SqlSession session, JournalledResult result, DateTimeOffset now)
    {
        if (await session.AnyAsync("select 1 from tombstones where connection_id = @id", ("id", result.Attempt.ConnectionId)).ConfigureAwait(false))
        {
            return ReplayResult.Superseded;
        }

        await LateResults.KeepAsync(session, result, now).ConfigureAwait(false);
        return ReplayResult.Deferred;
    }

    // The parent is not there yet: it was forgotten as well, and is in somebody else's journal.
    private static bool IsAhead(ScheduledConnection standing, JournalledResult result) =>
        standing.Snapshot.Tokens is { } tokens && (tokens.GrantNo, tokens.Version).CompareTo(Parent(result)) < 0;

    private static (int GrantNo, int Version) Parent(JournalledResult result) => (result.GrantNo, result.Version);

    private static Task<int> SettleAsync(SqlSession session, ConnectionId id, bool provablyUnsent, DateTimeOffset until) => session.ExecuteAsync(
        provablyUnsent
            ? "update refresh_schedule set lease_until = null, holder = null, leased_at = null where shard = @shard and connection_id = @id"
            : "update refresh_schedule set fence = fence + 1, lease_until = @until where shard = @shard and connection_id = @id",
        ("until", until), ("shard", id.Shard), ("id", id));
}
