using Rekindle.Sql;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sqlite.Refresh;

/// <summary>Claims what is due, integration by integration.</summary>
internal sealed class DueClaims(SqliteDatabase database)
{
    private const int RecentlyUsed = 0;
    private const int Idle = 1;

    // "claimable_at <= …" also tells SQLite that the index of claimable rows serves. Its order makes this bounded work.
    internal const string Select =
        ScheduledConnection.Select +
        """
        where s.integration_id = @integration and s.priority = @priority and s.claimable_at <= @due and t.access_token is not null
        order by s.claimable_at limit @limit
        """;

    public async Task<IReadOnlyList<Claim>> ClaimAsync(ClaimRequest request, CancellationToken cancellationToken)
    {
        // Looked up first without the write lock: most rounds of a quiet worker find nothing.
        return await AnyDueAsync(request, cancellationToken).ConfigureAwait(false)
            ? await database.WriteAsync(session => ClaimAsync(session, request), cancellationToken).ConfigureAwait(false)
            : [];
    }

    private static async Task<IReadOnlyList<Claim>> ClaimAsync(SqlSession session, ClaimRequest request)
    {
        var claims = new List<Claim>();
        foreach (var quota in request.Quotas)
        {
            foreach (var due in await ChooseAsync(session, request, quota).ConfigureAwait(false))
            {
                var terms = new LeaseTerms(request.Holder, request.Now, request.Lease, Guid.CreateVersion7(request.Now));
                claims.Add(await LeaseTaker.TakeAsync(session, due, terms).ConfigureAwait(false));
            }
        }

        return claims;
    }

    private static async Task<IEnumerable<ScheduledConnection>> ChooseAsync(SqlSession session, ClaimRequest request, ClaimQuota quota)
    {
        var used = await FindAsync(session, request, quota, RecentlyUsed).ConfigureAwait(false);
        var idle = await FindAsync(session, request, quota, Idle).ConfigureAwait(false);
        if (quota.Limit == 1)
        {
            return used.Concat(idle).OrderBy(d => d.Snapshot.DueAt).Take(1);
        }

        var idleShare = Math.Min(idle.Count, Math.Max(ScheduleRules.IdleShare(quota.Limit), quota.Limit - used.Count));
        return used.Take(quota.Limit - idleShare).Concat(idle.Take(idleShare)).OrderBy(d => d.Snapshot.DueAt);
    }

    private static async Task<List<ScheduledConnection>> FindAsync(SqlSession session, ClaimRequest request, ClaimQuota quota, int priority) =>
        quota.Limit <= 0
            ? []
            : await session.ListAsync(
                Select, ScheduledConnection.Read, ("integration", quota.IntegrationId), ("priority", priority),
                ("due", request.Now + request.DueWithin), ("limit", quota.Limit)).ConfigureAwait(false);

    private Task<bool> AnyDueAsync(ClaimRequest request, CancellationToken cancellationToken) => database.ReadAsync(
        async session =>
        {
            foreach (var quota in request.Quotas.Where(q => q.Limit > 0))
            {
                if (await session.AnyAsync(
                    """
                    select 1 from refresh_schedule where integration_id = @integration and priority in (0, 1) and claimable_at <= @due limit 1
                    """,
                    ("integration", quota.IntegrationId), ("due", request.Now + request.DueWithin)).ConfigureAwait(false))
                {
                    return true;
                }
            }

            return false;
        },
        cancellationToken);
}
