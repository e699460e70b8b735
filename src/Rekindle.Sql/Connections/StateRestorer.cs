using System.Globalization;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>Brings connections back to a state that the database had before it failed over to a replica without its last commits (F4).</summary>
internal sealed class StateRestorer(SqlDatabase database)
{
    private const int BatchSize = 64;

    /// <inheritdoc cref="IConnectionStore.RestoreAsync"/>
    public async Task<int> RestoreAsync(IReadOnlyList<ConnectionSnapshot> states, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var restored = 0;
        foreach (var batch in states.Chunk(BatchSize))
        {
            // Most of what is offered was not forgotten: seen without a lock and a transaction for each.
            var epochs = await ReadEpochsAsync(batch, cancellationToken).ConfigureAwait(false);
            foreach (var state in batch.Where(s => s.Tokens is null || !(epochs.TryGetValue(s.Connection.Id, out var epoch) && epoch >= s.Epoch)))
            {
                restored += await database.WriteAsync(session => RestoreAsync(session, state, now), cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        return restored;
    }

    private Task<Dictionary<ConnectionId, int>> ReadEpochsAsync(ConnectionSnapshot[] states, CancellationToken cancellationToken)
    {
        var ids = states.Select(s => s.Connection.Id).Distinct().ToArray();
        var rows = string.Join(", ", ids.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"(@s{i}, @c{i})")));
        var parameters = ids.SelectMany((id, i) => new (string, object?)[] { (Name('s', i), id.Shard), (Name('c', i), id) }).ToArray();
        return database.ReadAsync(
            async session => (await session.ListAsync(
                $"select connection_id, epoch from refresh_schedule where (shard, connection_id) in (values {rows})",
                static row => (Id: row.ConnectionId(), Epoch: row.Int()), parameters).ConfigureAwait(false)).ToDictionary(r => r.Id, r => r.Epoch),
            cancellationToken);

        static string Name(char kind, int i) => string.Create(CultureInfo.InvariantCulture, $"{kind}{i}");
    }

    private async Task<bool> RestoreAsync(SqlSession session, ConnectionSnapshot state, DateTimeOffset now)
    {
        var id = state.Connection.Id;
        if (await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false))
        {
            if (!IsForgotten(state, (await ConnectionSql.GetAsync(session, id).ConfigureAwait(false))!))
            {
                return false;
            }
        }
        else if (state.Tokens is null || !await TryCreateAsync(session, state.Connection, now).ConfigureAwait(false))
        {
            return false;
        }

        await WriteTokensAsync(session, state, now).ConfigureAwait(false);
        await WriteConnectionAsync(session, state.Connection, now).ConfigureAwait(false);
        await WriteScheduleAsync(session, state).ConfigureAwait(false);
        await ConnectionSql.SetDependentsAsync(session, id, ConnectionSql.DependentsOf(state.Connection.Status), now).ConfigureAwait(false);
        if (state.Connection.Status == ConnectionStatus.Active)
        {
            await NotificationSql.CloseAsync(session, id, now).ConfigureAwait(false);
        }

        await ChangeFeedSql.AppendSetAsync(session, id, state.Tokens?.Version ?? 0, now).ConfigureAwait(false);
        if (state.Connection.Status.IsWithheld())
        {
            await ChangeFeedSql.AppendWithheldAsync(session, id, state.Tokens?.Version ?? 0, now).ConfigureAwait(false);
        }

        return true;
    }

    // The end of a revocation erases the material under the epoch that the revocation began with.
    private static bool IsForgotten(ConnectionSnapshot state, ConnectionSnapshot standing) =>
        standing.Epoch < state.Epoch || (standing.Epoch == state.Epoch && state.Tokens is null && standing.Tokens is not null);

    // A tombstone is younger than what is offered here; and who was connected anew meanwhile under the same key is somebody else.
    private static async Task<bool> TryCreateAsync(SqlSession session, Connection connection, DateTimeOffset now)
    {
        var (id, key) = (connection.Id, connection.Key);
        return !await session.AnyAsync("select 1 from tombstones where connection_id = @id", ("id", id)).ConfigureAwait(false)
            && await session.ExecuteAsync(
                """
                insert into connections (shard, id, environment, integration, tenant, subject, purpose, account, integration_id, status, created_at, updated_at)
                values (@shard, @id, @environment, @integration, @tenant, @subject, @purpose, @account, @integration_id, @status, @created_at, @now)
                on conflict do nothing
                """,
                ("shard", id.Shard), ("id", id), ("environment", key.Environment), ("integration", key.Integration), ("tenant", key.Tenant),
                ("subject", key.Subject), ("purpose", key.Purpose), ("account", key.Account), ("integration_id", connection.IntegrationId),
                ("status", Names.Of(connection.Status)), ("created_at", connection.CreatedAt), ("now", now)).ConfigureAwait(false) > 0;
    }

    private static Task<int> WriteTokensAsync(SqlSession session, ConnectionSnapshot state, DateTimeOffset now)
    {
        var id = state.Connection.Id;
        if (state.Tokens is not { } tokens)
        {
            return session.ExecuteAsync(
                """
                update token_sets set access_token = null, refresh_token = null, previous_refresh_token = null, previous_sent_at = null,
                    fallback = null, attempt_id = null, version = version + 1, updated_at = @now
                where shard = @shard and connection_id = @id and access_token is not null
                """,
                ("now", now), ("shard", id.Shard), ("id", id));
        }

        return session.ExecuteAsync(
            """
            insert into token_sets (shard, connection_id, grant_no, version, access_token, refresh_token, previous_refresh_token, previous_sent_at,
                fallback, issued_at, expires_at, expiry_source, refresh_token_expires_at, granted_at, scope, token_type, client_id, updated_at)
            values (@shard, @id, @grant_no, @version, @access_token, @refresh_token, @previous_refresh_token, @previous_sent_at,
                @fallback, @issued_at, @expires_at, @expiry_source, @refresh_token_expires_at, @granted_at, @scope, @token_type, @client_id, @now)
            on conflict (shard, connection_id) do update set grant_no = excluded.grant_no, version = excluded.version, attempt_id = null,
                access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                previous_refresh_token = excluded.previous_refresh_token, previous_sent_at = excluded.previous_sent_at,
                fallback = excluded.fallback, issued_at = excluded.issued_at, expires_at = excluded.expires_at, expiry_source = excluded.expiry_source,
                refresh_token_expires_at = excluded.refresh_token_expires_at, granted_at = excluded.granted_at, scope = excluded.scope,
                token_type = excluded.token_type, client_id = excluded.client_id, updated_at = excluded.updated_at
            where (token_sets.grant_no, token_sets.version) < (excluded.grant_no, excluded.version)
            """,
            ("grant_no", tokens.GrantNo), ("version", tokens.Version), ("access_token", tokens.AccessToken), ("refresh_token", tokens.RefreshToken),
            ("previous_refresh_token", tokens.PreviousRefreshToken), ("previous_sent_at", tokens.PreviousSentAt), ("fallback", tokens.Fallback is { } fallback ? Names.Of(fallback) : null), ("issued_at", tokens.IssuedAt),
            ("expires_at", tokens.ExpiresAt), ("expiry_source", Names.Of(tokens.ExpirySource)),
            ("refresh_token_expires_at", tokens.RefreshTokenExpiresAt), ("granted_at", tokens.GrantedAt), ("scope", SqlJson.Of(tokens.Scopes)),
            ("token_type", tokens.TokenType), ("client_id", tokens.ClientId), ("now", now), ("shard", id.Shard), ("id", id));
    }

    private static async Task WriteConnectionAsync(SqlSession session, Connection connection, DateTimeOffset now)
    {
        await ConnectionSql.WriteStateAsync(session, connection, now).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            update connections set provider_account_id = @account_id, provider_account_name = @account_name, label = @label, metadata = @metadata
            where shard = @shard and id = @id
            """,
            ("account_id", connection.ProviderAccountId), ("account_name", connection.ProviderAccountName), ("label", connection.Label),
            ("metadata", SqlJson.Of(connection.Metadata)), ("shard", connection.Id.Shard), ("id", connection.Id)).ConfigureAwait(false);
    }

    // A lease stays: a flight goes on, and its commit finds the raised epoch (I2).
    private static Task<int> WriteScheduleAsync(SqlSession session, ConnectionSnapshot state) => session.ExecuteAsync(
        """
        insert into refresh_schedule (shard, connection_id, integration_id, due_at, degrade_at, epoch, verdict_held, in_doubt_since, open_intents)
        values (@shard, @id, @integration_id, @due_at, @degrade_at, @epoch, @verdict_held, @in_doubt_since, @open_intents)
        on conflict (shard, connection_id) do update set due_at = excluded.due_at, degrade_at = excluded.degrade_at, epoch = excluded.epoch,
            verdict_held = excluded.verdict_held, in_doubt_since = excluded.in_doubt_since, open_intents = excluded.open_intents
        """,
        ("integration_id", state.Connection.IntegrationId), ("due_at", state.DueAt),
        ("degrade_at", state.Connection.Status == ConnectionStatus.Active ? state.Tokens?.ExpiresAt : null), ("epoch", state.Epoch),
        ("verdict_held", state.VerdictHeld), ("in_doubt_since", state.InDoubtSince), ("open_intents", state.OpenIntents),
        ("shard", state.Connection.Id.Shard), ("id", state.Connection.Id));
}
