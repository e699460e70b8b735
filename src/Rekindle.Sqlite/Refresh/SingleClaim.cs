using Rekindle.Connections;
using Rekindle.Sql;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sqlite.Refresh;

/// <summary>Claims one connection for a caller.</summary>
internal sealed class SingleClaim(SqliteDatabase database)
{
    public Task<ClaimAnswer> ClaimAsync(
        ConnectionId id, int version, LeaseTerms terms, TimeSpan openIntentWait, CancellationToken cancellationToken) =>
        database.WriteAsync<ClaimAnswer>(
            async session =>
            {
                if (await ScheduledConnection.FindAsync(session, id).ConfigureAwait(false) is not { } found)
                {
                    return new ClaimAnswer.Unknown();
                }

                if (InTheWay(found, version, terms.Now, openIntentWait) is { } obstacle)
                {
                    return obstacle;
                }

                return new ClaimAnswer.Taken(
                    found.Snapshot.LeaseUntil is null
                        ? await LeaseTaker.TakeAsync(session, found, terms).ConfigureAwait(false)
                        : await LeaseTaker.TakeOverAsync(session, found, terms, await VersionOfAsync(session, terms.Holder).ConfigureAwait(false))
                            .ConfigureAwait(false));
            },
            cancellationToken);

    private static ClaimAnswer? InTheWay(ScheduledConnection found, int version, DateTimeOffset now, TimeSpan openIntentWait)
    {
        var snapshot = found.Snapshot;
        if (snapshot.Tokens?.Version != version || snapshot.Connection.Status is not (ConnectionStatus.Active or ConnectionStatus.Degraded))
        {
            return new ClaimAnswer.Moved(snapshot);
        }

        if (snapshot.LeaseUntil is not { } leaseUntil)
        {
            return null;
        }

        if (leaseUntil > now)
        {
            return new ClaimAnswer.Held(found.Holder!, leaseUntil);
        }

        return leaseUntil + openIntentWait > now ? new ClaimAnswer.InDoubt(leaseUntil + openIntentWait) : null;
    }

    private static async Task<string> VersionOfAsync(SqlSession session, string worker) =>
        await session.FirstAsync("select version from workers where instance_id = @id", static row => row.Text(), ("id", worker))
            .ConfigureAwait(false) ?? "";
}
