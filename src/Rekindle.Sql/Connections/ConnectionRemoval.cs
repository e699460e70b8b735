using Rekindle.Connections;

namespace Rekindle.Sql.Connections;

/// <summary>The end of a connection: its material erased, or all of it deleted with a tombstone left.</summary>
internal sealed class ConnectionRemoval(SqlDatabase database)
{
    /// <inheritdoc cref="Rekindle.Storage.IConnectionStore.EraseTokensAsync"/>
    public Task EraseTokensAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false);
            // The raised version turns away what a flight may still bring; the numbers stay, so that they never come again.
            var version = await session.FirstAsync(
                """
                update token_sets set access_token = null, refresh_token = null, previous_refresh_token = null, previous_sent_at = null,
                    fallback = null, attempt_id = null, version = version + 1, updated_at = @now
                where shard = @shard and connection_id = @id and access_token is not null
                  and exists (select 1 from connections where shard = @shard and id = @id and status = 'revoked')
                returning version
                """,
                static row => row.Int(), ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
            if (version > 0)
            {
                await DeleteLateResultsAsync(session, id).ConfigureAwait(false);
                await ChangeFeedSql.AppendWithheldAsync(session, id, version, now).ConfigureAwait(false);
            }
        },
        cancellationToken);

    /// <inheritdoc cref="Rekindle.Storage.IConnectionStore.DeleteAsync"/>
    public Task<bool> DeleteAsync(ConnectionId id, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session => await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false)
                && await DeleteAsync(session, id, reason, now).ConfigureAwait(false),
            cancellationToken);

    /// <inheritdoc cref="Rekindle.Storage.IConnectionStore.DeletePendingAsync"/>
    public Task<bool> DeletePendingAsync(ConnectionId id, int grantNo, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session => await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false)
                && await ConnectionSql.GetAsync(session, id).ConfigureAwait(false) is { Connection.Status: ConnectionStatus.Pending, Tokens: { } tokens }
                && tokens.GrantNo == grantNo
                && await DeleteAsync(session, id, reason, now).ConfigureAwait(false),
            cancellationToken);

    private static async Task<bool> DeleteAsync(SqlSession session, ConnectionId id, string reason, DateTimeOffset now)
    {
        var version = await session.FirstAsync(
            "select version from token_sets where shard = @shard and connection_id = @id",
            static row => row.Int(), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            insert into tombstones (connection_id, environment, integration, tenant, subject, purpose, account, grant_no, reason, deleted_at)
            select c.id, c.environment, c.integration, c.tenant, c.subject, c.purpose, c.account, t.grant_no, @reason, @now
            from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
            where c.shard = @shard and c.id = @id
            """,
            ("reason", reason), ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        foreach (var table in (string[])["dependents", "held_verdicts", "token_sets", "refresh_schedule"])
        {
            await session.ExecuteAsync(
                $"delete from {table} where shard = @shard and connection_id = @id", ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        }

        await session.ExecuteAsync("delete from connections where shard = @shard and id = @id", ("shard", id.Shard), ("id", id))
            .ConfigureAwait(false);
        await DeleteLateResultsAsync(session, id).ConfigureAwait(false);
        await NotificationSql.CloseAsync(session, id, now).ConfigureAwait(false);
        await ChangeFeedSql.AppendWithheldAsync(session, id, version + 1, now).ConfigureAwait(false);
        return true;
    }

    private static Task<int> DeleteLateResultsAsync(SqlSession session, ConnectionId id) => session.ExecuteAsync(
        "delete from late_results where shard = @shard and connection_id = @id", ("shard", id.Shard), ("id", id));
}
