using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>
/// The lease and the commit: the half of the persistence contract that the refresh protocol stands on (DESIGN §1, §3).
/// Each method is one transaction. <c>tests/Rekindle.Stores.Tests</c> is its definition.
/// </summary>
/// <remarks>
/// Three columns of <c>refresh_schedule</c> carry the protocol. <c>due_at</c> says when a refresh is wanted.
/// <c>lease_until</c> is set by a claim and cleared by release or commit, by nobody else: a row whose lease has run out
/// is an <em>open intent</em>, which ordinary claims skip (I3). <c>epoch</c> is raised by every lever and every new grant;
/// a commit that started under an older epoch stores its token, and leaves status, counters and due time to the lever (I2).
/// </remarks>
public interface IRefreshStore
{
    /// <summary>
    /// Takes leases on due connections: those without lease whose <c>due_at</c> has come, per integration up to its
    /// quota, soonest first, at least a tenth of each quota for idle ones. A row that somebody else holds is skipped, not waited for.
    /// </summary>
    Task<IReadOnlyList<Claim>> ClaimDueAsync(ClaimRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the lease on one connection if its token-set version is still <paramref name="version"/>, it is active or
    /// degraded and nobody holds it; an open intent only when its wait has passed. Otherwise says what is in the way.
    /// </summary>
    Task<ClaimAnswer> ClaimOneAsync(ConnectionId id, int version, LeaseTerms terms, TimeSpan openIntentWait, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over open intents whose wait has passed and records, in the same transaction, an attempt
    /// <c>outcome_unknown</c> under the lost holder's attempt id. The claims carry the raised <see cref="Claim.OpenIntents"/>.
    /// </summary>
    Task<IReadOnlyList<Claim>> ClaimOpenIntentsAsync(OpenIntentRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Writes results, each over its exact parent (I5), all of one connection's changes together: token set, connection,
    /// schedule, attempt, dependents, notifications, change feed. Rows are independent: one that does not apply does not
    /// hinder the others. Repeating a commit that took effect answers <see cref="CommitResult.Applied"/> and changes nothing.
    /// </summary>
    /// <returns>One result per commit, in the order given.</returns>
    Task<IReadOnlyList<CommitResult>> CommitAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken);

    /// <summary>
    /// Stores results that a journal kept, each over its exact parent (I5), whoever holds the lease by now, and after it the late results
    /// that descend from it. One whose parent stands while somebody else refreshes the connection, or is not there yet, is kept as a
    /// late result. Repeating it changes nothing.
    /// </summary>
    /// <returns>One answer per result, in the order given.</returns>
    Task<IReadOnlyList<ReplayResult>> ReplayAsync(IReadOnlyList<JournalledResult> results, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Settles the leases of a process that is gone: those whose request provably never left are given back, the others are
    /// open intents from now on (I3). It is taken off the workers' list: what its journal held is known.
    /// </summary>
    Task<LostLeases> SettleHolderAsync(LostHolder holder, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Stores late results whose parent still stands, as soon as nobody refreshes the connection; those whose parent has moved on
    /// are marked as superseded, and so are those whose parent has not come within an hour. Returns how many were stored.
    /// </summary>
    Task<int> ApplyLateResultsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Gives back leases under which nothing was sent. A release that is no longer ours does nothing.</summary>
    Task ReleaseAsync(IReadOnlyList<LeaseRelease> releases, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a lease by an operator's hand: the fence rises and an open intent stays, whose wait counts from now (I2).
    /// False when there was no lease.
    /// </summary>
    Task<bool> BreakLeaseAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Active connections whose token has ended become degraded, and so do their dependents (A9); those that have nothing
    /// to refresh with need their user. Returns how many, at most <paramref name="limit"/>.
    /// </summary>
    Task<int> DegradeExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Per integration the claimable row that is due first; integrations without one are absent. Bounded work per integration.</summary>
    Task<IReadOnlyDictionary<int, QueueHead>> ReadQueueHeadsAsync(IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken);

    /// <summary>How many leases have run out without outcome, per integration; integrations without one are absent.</summary>
    Task<IReadOnlyDictionary<int, int>> CountOpenIntentsAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Remembers that callers used these connections: they are claimed before idle ones.</summary>
    Task TouchUsedAsync(IReadOnlyCollection<ConnectionId> ids, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>How many scheduled connections have access tokens of which lifetime, in whole seconds. Reads every row of these integrations.</summary>
    Task<IReadOnlyList<LifetimeGroup>> ReadLifetimesAsync(IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken);

    /// <summary>Leases and open intents of an environment, oldest first.</summary>
    Task<IReadOnlyList<LeaseView>> ListLeasesAsync(string environment, int limit, CancellationToken cancellationToken);
}
