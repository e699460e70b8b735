using Rekindle.Sql;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sqlite.Refresh;

/// <summary>Takes over leases that ran out without outcome, once their wait has passed.</summary>
internal sealed class OpenIntentClaims(SqliteDatabase database)
{
    private const string Select =
        ScheduledConnection.Select +
        """
        where s.lease_until <= @until and s.integration_id = @integration and c.status in ('active', 'degraded') and t.access_token is not null
        order by s.lease_until limit @limit
        """;

    public async Task<IReadOnlyList<Claim>> ClaimAsync(OpenIntentRequest request, CancellationToken cancellationToken)
    {
        var any = await database.ReadAsync(
            session => session.AnyAsync("select 1 from refresh_schedule where lease_until <= @now limit 1", ("now", request.Now)), cancellationToken)
            .ConfigureAwait(false);
        return any ? await database.WriteAsync(session => ClaimAsync(session, request), cancellationToken).ConfigureAwait(false) : [];
    }

    private static async Task<IReadOnlyList<Claim>> ClaimAsync(SqlSession session, OpenIntentRequest request)
    {
        var claims = new List<Claim>();
        foreach (var wait in request.Waits)
        {
            var lost = await session.ListAsync(
                Select, ScheduledConnection.Read, ("until", request.Now - wait.Wait), ("integration", wait.IntegrationId), ("limit", wait.Limit))
                .ConfigureAwait(false);
            foreach (var before in lost)
            {
                var terms = new LeaseTerms(request.Holder, request.Now, request.Lease, Guid.CreateVersion7(request.Now));
                claims.Add(await LeaseTaker.TakeOverAsync(session, before, terms, request.WorkerVersion).ConfigureAwait(false));
            }
        }

        return claims;
    }
}
