using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Sql;
using Rekindle.Sql.Connections;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sqlite.Refresh;

/// <summary>Makes connections whose token has ended degraded, together with their dependents (A9), whatever stopped their refreshing.</summary>
internal sealed class DegradeSweep(SqliteDatabase database)
{
    internal const string Select = ScheduledConnection.Select + "where s.degrade_at <= @now order by s.degrade_at limit @limit";

    public async Task<int> RunAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var any = await database.ReadAsync(
            session => session.AnyAsync("select 1 from refresh_schedule where degrade_at <= @now limit 1", ("now", now)), cancellationToken)
            .ConfigureAwait(false);
        return any ? await database.WriteAsync(session => RunAsync(session, now, limit), cancellationToken).ConfigureAwait(false) : 0;
    }

    private static async Task<int> RunAsync(SqlSession session, DateTimeOffset now, int limit)
    {
        var ended = await session.ListAsync(
            Select, ScheduledConnection.Read, ("now", now), ("limit", limit)).ConfigureAwait(false);
        foreach (var before in ended)
        {
            await DegradeAsync(session, before.Snapshot, now).ConfigureAwait(false);
        }

        return ended.Count;
    }

    // The epoch stays: a flight that is under way may still say more about the connection than that its token has ended.
    private static async Task DegradeAsync(SqlSession session, ConnectionSnapshot before, DateTimeOffset now)
    {
        var id = before.Connection.Id;
        // A due time without refresh token: the provider renews access tokens by themselves, and has the last word.
        var recovers = before.Tokens?.RefreshToken is not null || before.DueAt is not null;
        var after = before.Connection with
        {
            Status = recovers ? ConnectionStatus.Degraded : ConnectionStatus.NeedsReauthorization,
            DisconnectReason = recovers ? null : DisconnectReason.NoRefreshToken,
            DegradedAt = before.Tokens?.ExpiresAt ?? now,
        };
        await ConnectionSql.WriteStateAsync(session, after, now).ConfigureAwait(false);
        await session.ExecuteAsync(
            "update refresh_schedule set degrade_at = null where shard = @shard and connection_id = @id", ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await ConnectionSql.SetDependentsAsync(session, id, ConnectionSql.DependentsOf(after.Status), now).ConfigureAwait(false);
        await ChangeFeedSql.AppendAsync(session, id, before.Tokens?.Version ?? 0, now).ConfigureAwait(false);
    }
}
