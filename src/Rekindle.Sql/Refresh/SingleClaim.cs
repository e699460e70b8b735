using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>Claims one connection for a caller.</summary>
internal sealed class SingleClaim(SqlDatabase database)
{
    public Task<ClaimAnswer> ClaimAsync(
        ConnectionId id, int version, LeaseTerms terms, TimeSpan openIntentWait, CancellationToken cancellationToken) =>
        database.WriteAsync<ClaimAnswer>(
            async session =>
            {
                if (await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false) is not { } found)
                {
                    return new ClaimAnswer.Unknown();
                }

                var now = await database.ClaimNowAsync(session, terms.Now, terms.Timeline).ConfigureAwait(false);
                return InTheWay(found, version, terms, now, openIntentWait)
                    ?? await TakeAsync(session, found, terms with { Now = now }).ConfigureAwait(false);
            },
            cancellationToken);

    private static ClaimAnswer? InTheWay(ScheduledConnection found, int version, LeaseTerms terms, DateTimeOffset now, TimeSpan openIntentWait)
    {
        var snapshot = found.Snapshot;
        // The caller looked before it asked: what was found dead since is not sent again.
        if (snapshot.IsLeftOut || snapshot.Tokens?.Version != version || snapshot.Connection.Status is not (ConnectionStatus.Active or ConnectionStatus.Degraded)
            || (snapshot.VerdictHeld && !terms.DespiteVerdict))
        {
            return new ClaimAnswer.Moved(snapshot);
        }

        if (snapshot.LeaseUntil is not { } leaseUntil)
        {
            return null;
        }

        if (leaseUntil > now)
        {
            // Ours already: the claim was made, and its acknowledgement lost.
            return found.AttemptId == terms.AttemptId ? new ClaimAnswer.Taken(found.ToClaim()) : new ClaimAnswer.Held(found.Holder!, leaseUntil);
        }

        return leaseUntil + openIntentWait > now ? new ClaimAnswer.InDoubt(leaseUntil + openIntentWait) : null;
    }

    private static async Task<ClaimAnswer> TakeAsync(SqlSession session, ScheduledConnection found, LeaseTerms terms) => new ClaimAnswer.Taken(
        found.Snapshot.LeaseUntil is null
            ? await LeaseTaker.TakeAsync(session, found, terms).ConfigureAwait(false)
            : await LeaseTaker.TakeOverAsync(session, found, terms, await VersionOfAsync(session, terms.Holder).ConfigureAwait(false))
                .ConfigureAwait(false));

    private static async Task<string> VersionOfAsync(SqlSession session, string worker) =>
        await session.FirstAsync("select version from workers where instance_id = @id", static row => row.Text(), ("id", worker))
            .ConfigureAwait(false) ?? "";
}
