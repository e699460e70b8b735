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

    public async Task<IReadOnlyList<ReplayResult>> ReplayAsync(
        IReadOnlyList<JournalledResult> results, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var answers = new List<ReplayResult>(results.Count);
        foreach (var result in results)
        {
            answers.Add(await WriteAsync((session, unrecorded) => ReplayAsync(session, result, now, unrecorded), cancellationToken).ConfigureAwait(false));
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

            return new LostLeases(released, inDoubt);
        },
        cancellationToken);

    public async Task<int> ApplyLateResultsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(
            session => session.ListAsync(
                "select distinct connection_id from late_results where settled_at is null limit @limit", static row => row.ConnectionId(), ("limit", limit)),
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
            return ReplayResult.Superseded;
        }

        if (before.WrittenBy == attempt.Id)
        {
            return ReplayResult.AlreadyThere;
        }

        if (!IsParent(before, result))
        {
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
        return ReplayResult.Applied;
    }

    private async Task<int> ApplyLateAsync(SqlSession session, ConnectionId id, DateTimeOffset now, List<Attempt> unrecorded)
    {
        var standing = await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false);
        var applied = 0;
        if (standing is not null)
        {
            if (await IsLeasedAsync(session, standing, now).ConfigureAwait(false))
            {
                return 0;
            }

            if (await LateResults.FindAsync(session, standing).ConfigureAwait(false) is { } late)
            {
                await StoreAsync(session, late, standing, now, unrecorded).ConfigureAwait(false);
                applied = 1;
            }
        }

        // Nobody is refreshing it, and what is left has no parent any more.
        await session.ExecuteAsync(
            "update late_results set settled_at = @now where connection_id = @id and settled_at is null", ("now", now), ("id", id)).ConfigureAwait(false);
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

    private static Task<int> SettleAsync(SqlSession session, ConnectionId id, bool provablyUnsent, DateTimeOffset until) => session.ExecuteAsync(
        provablyUnsent
            ? "update refresh_schedule set lease_until = null, holder = null, leased_at = null where shard = @shard and connection_id = @id"
            : "update refresh_schedule set fence = fence + 1, lease_until = @until where shard = @shard and connection_id = @id",
        ("until", until), ("shard", id.Shard), ("id", id));
}
