using Rekindle.Sql.Attempts;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>Takes a lease on a row that was found free, within the transaction that found it so.</summary>
internal static class LeaseTaker
{
    /// <summary>
    /// The lease is written before anything is sent: no durable intent, no call (DESIGN §1 step 2). <see cref="LeaseTerms.Now"/> is the
    /// time that leases run on.
    /// </summary>
    public static async Task<Claim> TakeAsync(SqlSession session, ScheduledConnection before, LeaseTerms terms)
    {
        var claim = (before with { AttemptId = terms.AttemptId, Holder = terms.Holder, Fence = before.Fence + 1 }).ToClaim();
        await session.ExecuteAsync(
            """
            update refresh_schedule set lease_until = @lease_until, holder = @holder, attempt_id = @attempt, leased_at = @now,
                fence = @fence, open_intents = @open_intents, in_doubt_since = @in_doubt_since
            where shard = @shard and connection_id = @id
            """,
            ("lease_until", terms.Now + terms.Lease), ("holder", terms.Holder), ("attempt", claim.AttemptId), ("now", terms.Now),
            ("fence", claim.Fence), ("open_intents", claim.OpenIntents), ("in_doubt_since", claim.InDoubtSince),
            ("shard", claim.Connection.Id.Shard), ("id", claim.Connection.Id)).ConfigureAwait(false);
        return claim;
    }

    /// <summary>
    /// Takes over an open intent: the lost holder's attempt goes on record as <c>outcome_unknown</c>, and the token is in doubt since
    /// that lease began (I3, I7).
    /// </summary>
    public static async Task<Claim> TakeOverAsync(SqlSession session, ScheduledConnection before, LeaseTerms terms, string workerVersion)
    {
        await AttemptSql.InsertAsync(session, LostLease.ToAttempt(before, terms.Holder, workerVersion)).ConfigureAwait(false);
        var snapshot = before.Snapshot;
        var doubted = snapshot with
        {
            OpenIntents = snapshot.OpenIntents + 1,
            InDoubtSince = snapshot.InDoubtSince ?? DoubtOf(before),
        };
        return await TakeAsync(session, before with { Snapshot = doubted }, terms).ConfigureAwait(false);
    }

    /// <summary>Ends an open intent of a connection that is not refreshed: on record as the others are, and in doubt should it be refreshed again.</summary>
    public static async Task EndAsync(SqlSession session, ScheduledConnection before, string worker, string workerVersion)
    {
        var lost = LostLease.ToAttempt(before, worker, workerVersion) with { NextStep = "none: the connection is not refreshed" };
        await AttemptSql.InsertAsync(session, lost).ConfigureAwait(false);
        var (id, snapshot) = (before.Snapshot.Connection.Id, before.Snapshot);
        await session.ExecuteAsync(
            """
            update refresh_schedule set lease_until = null, holder = null, leased_at = null, fence = fence + 1,
                open_intents = @open_intents, in_doubt_since = @in_doubt_since
            where shard = @shard and connection_id = @id
            """,
            ("open_intents", snapshot.OpenIntents + 1), ("in_doubt_since", snapshot.InDoubtSince ?? DoubtOf(before)),
            ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
    }

    // What the lost holder may have sent was the token of the grant of that time; a newer grant has nothing to doubt.
    private static DateTimeOffset? DoubtOf(ScheduledConnection before) =>
        before.LeasedAt < before.Snapshot.Tokens?.GrantedAt ? null : before.LeasedAt;
}
