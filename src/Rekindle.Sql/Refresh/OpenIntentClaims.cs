using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>
/// Takes over leases that ran out without outcome, once their wait has passed. What is not refreshed any more (a user has to act, an operator
/// paused or ended it) has nobody to take it over: its lost attempt goes on record and the lease ends, so that it waits for nobody for ever.
/// </summary>
internal sealed class OpenIntentClaims(SqlDatabase database)
{
    /// <summary>Claims open intents whose lease ended at or after <paramref name="from"/>: the caller knows that there are none before.</summary>
    public async Task<IReadOnlyList<Claim>> ClaimAsync(OpenIntentRequest request, DateTimeOffset from, CancellationToken cancellationToken)
    {
        // Looked up first without a lock: there are hardly ever any.
        var any = await database.ReadAsync(
            async session => await session.AnyAsync(
                "select 1 from refresh_schedule where lease_until >= @from and lease_until <= @now limit 1",
                ("from", from), ("now", await database.LeaseNowAsync(session, request.Now).ConfigureAwait(false))).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        return any ? await database.WriteAsync(session => ClaimAsync(session, request, from), cancellationToken).ConfigureAwait(false) : [];
    }

    private async Task<IReadOnlyList<Claim>> ClaimAsync(SqlSession session, OpenIntentRequest request, DateTimeOffset from)
    {
        var now = await database.ClaimNowAsync(session, request.Now, request.Timeline).ConfigureAwait(false);
        var claims = new List<Claim>();
        foreach (var wait in request.Waits)
        {
            foreach (var id in await FindAsync(session, request, wait, from, now - wait.Wait).ConfigureAwait(false))
            {
                // Read again under the lock: what was found may have been settled since.
                var before = await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false);
                if (before is null || !IsOpen(before, now - wait.Wait))
                {
                    continue;
                }

                if (!IsRefreshed(before))
                {
                    await LeaseTaker.EndAsync(session, before, request.Holder, request.WorkerVersion).ConfigureAwait(false);
                    continue;
                }

                var terms = new LeaseTerms(request.Holder, now, request.Lease, Guid.CreateVersion7(request.Now));
                claims.Add(await LeaseTaker.TakeOverAsync(session, before, terms, request.WorkerVersion).ConfigureAwait(false));
            }
        }

        return claims;
    }

    // Those that are left alone must not stand in the way of the others.
    private async Task<IEnumerable<ConnectionId>> FindAsync(
        SqlSession session, OpenIntentRequest request, OpenIntentWait wait, DateTimeOffset from, DateTimeOffset until)
    {
        var except = request.Except;
        var found = await session.ListAsync(
            $"""
            select s.connection_id
            from refresh_schedule s
            where s.lease_until >= @from and s.lease_until <= @until and s.integration_id = @integration and not s.left_out
            order by s.lease_until limit @limit{database.RowLockOrSkip("s")}
            """,
            static row => row.ConnectionId(),
            ("from", from), ("until", until), ("integration", wait.IntegrationId), ("limit", wait.Limit + (except?.Count ?? 0))).ConfigureAwait(false);
        return found.Where(id => except?.Contains(id) != true).Take(wait.Limit);
    }

    private static bool IsOpen(ScheduledConnection found, DateTimeOffset until) =>
        found.Snapshot is { LeaseUntil: { } end, IsLeftOut: false } && end <= until;

    private static bool IsRefreshed(ScheduledConnection found) => found.Snapshot is
    {
        Tokens: not null, Connection.Status: ConnectionStatus.Active or ConnectionStatus.Degraded,
    };
}
