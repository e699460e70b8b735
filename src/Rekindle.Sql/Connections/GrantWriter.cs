using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>Stores a new grant: makes the connection, or lets it live on with the grant that wins over any refresh of an older one (I5).</summary>
internal sealed class GrantWriter(SqlDatabase database)
{
    /// <inheritdoc cref="IConnectionStore.SaveGrantAsync"/>
    public Task<GrantResult> SaveAsync(NewGrant grant, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            while (true)
            {
                if (await FindAsync(session, grant.Key).ConfigureAwait(false) is { } id)
                {
                    if (await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false))
                    {
                        return await SaveOverAsync(session, id, grant).ConfigureAwait(false);
                    }
                }
                else if (await TryCreateAsync(session, grant).ConfigureAwait(false))
                {
                    return new GrantResult.Created((await ConnectionSql.GetAsync(session, grant.NewId).ConfigureAwait(false))!);
                }

                // Between the look and the lock somebody else made, or deleted, the connection: look again.
            }
        },
        cancellationToken);

    /// <inheritdoc cref="IConnectionStore.CompleteWaitingAsync"/>
    public Task<GrantResult?> CompleteWaitingAsync(ConnectSession from, ConnectSession to, NewGrant grant, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                // The session first, the connection second: nobody else holds both. What is not stored leaves the session as it was.
                if (!await SqlConnectSessionStore.LockAsync(database, session, from).ConfigureAwait(false)
                    || to.ConnectionId is not { } id || !await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false))
                {
                    return null;
                }

                var result = await SaveOverAsync(session, id, grant).ConfigureAwait(false);
                if (result is GrantResult.Replaced)
                {
                    await SqlConnectSessionStore.AdvanceAsync(session, from, to).ConfigureAwait(false);
                }

                return (GrantResult?)result;
            },
            cancellationToken);

    private static Task<ConnectionId?> FindAsync(SqlSession session, ConnectionKey key) => session.FirstAsync(
        """
        select id from connections
        where shard = @shard and environment = @environment and integration = @integration and tenant = @tenant
          and subject = @subject and purpose = @purpose and account = @account
        """,
        static row => (ConnectionId?)row.ConnectionId(),
        ("shard", key.Shard), ("environment", key.Environment), ("integration", key.Integration), ("tenant", key.Tenant),
        ("subject", key.Subject), ("purpose", key.Purpose), ("account", key.Account));

    private static async Task<bool> TryCreateAsync(SqlSession session, NewGrant grant)
    {
        var (id, key) = (grant.NewId, grant.Key);
        var created = await session.ExecuteAsync(
            """
            insert into connections (shard, id, environment, integration, tenant, subject, purpose, account, integration_id, status,
                provider_account_id, provider_account_name, label, metadata, variables, created_at, updated_at)
            values (@shard, @id, @environment, @integration, @tenant, @subject, @purpose, @account, @integration_id, @status,
                @account_id, @account_name, @label, @metadata, @variables, @now, @now)
            on conflict (shard, environment, integration, tenant, subject, purpose, account) do nothing
            """,
            ("shard", id.Shard), ("id", id), ("environment", key.Environment), ("integration", key.Integration), ("tenant", key.Tenant),
            ("subject", key.Subject), ("purpose", key.Purpose), ("account", key.Account), ("integration_id", grant.IntegrationId),
            ("status", Names.Of(grant.Status)), ("account_id", grant.ProviderAccountId), ("account_name", grant.ProviderAccountName),
            ("label", grant.Label), ("metadata", SqlJson.Of(grant.Metadata ?? Connection.Empty)), ("variables", SqlJson.Of(grant.Variables)),
            ("now", grant.Now)).ConfigureAwait(false);
        if (created == 0)
        {
            return false;
        }

        await WriteTokensAsync(session, id, grantNo: 1, version: 1, grant).ConfigureAwait(false);
        await WriteScheduleAsync(session, id, grant).ConfigureAwait(false);
        await ChangeFeedSql.AppendSetAsync(session, id, version: 1, grant.Now).ConfigureAwait(false);
        return true;
    }

    private static async Task<GrantResult> SaveOverAsync(SqlSession session, ConnectionId id, NewGrant grant)
    {
        var before = (await ConnectionSql.GetAsync(session, id).ConfigureAwait(false))!;
        if (grant.IsRepetition && before.Tokens?.GrantedAt.ToUnixTimeMilliseconds() >= grant.GrantedAt.ToUnixTimeMilliseconds())
        {
            return new GrantResult.Replaced(before);
        }

        if (grant.IfExists == IfExists.Refuse || IsNoLongerThere(grant.Replaces, before))
        {
            return new GrantResult.Exists(before);
        }

        if (IsAnotherAccount(before.Connection, grant))
        {
            return new GrantResult.AnotherAccount(before);
        }

        // Read apart from the snapshot: a connection whose tokens were erased has numbers, and they must not come again.
        var parent = await session.FirstAsync(
            "select grant_no, version from token_sets where shard = @shard and connection_id = @id",
            static row => (GrantNo: row.Int(), Version: row.Int()), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await WriteTokensAsync(session, id, parent.GrantNo + 1, parent.Version + 1, grant).ConfigureAwait(false);
        await WriteConnectionAsync(session, before.Connection, grant).ConfigureAwait(false);
        await WriteScheduleAsync(session, id, grant).ConfigureAwait(false);
        await ConnectionSql.SetDependentsAsync(session, id, ConnectionSql.DependentsOf(grant.Status), grant.Now).ConfigureAwait(false);
        await NotificationSql.CloseAsync(session, id, grant.Now).ConfigureAwait(false);
        await ChangeFeedSql.AppendAsync(session, id, grant.Status, parent.Version + 1, grant.Now).ConfigureAwait(false);
        return new GrantResult.Replaced((await ConnectionSql.GetAsync(session, id).ConfigureAwait(false))!);
    }

    private static bool IsNoLongerThere(ReplacedGrant? replaced, ConnectionSnapshot now) =>
        replaced is not null && (replaced != ReplacedGrant.Of(now) || now.Connection.Status == ConnectionStatus.Disabled);

    private static bool IsAnotherAccount(Connection connection, NewGrant grant) => !grant.AllowAccountChange
        && connection.ProviderAccountId is { } pinned && grant.ProviderAccountId is { } given && pinned != given;

    // An answer to a code exchange without refresh token means that there is none (I9): the old grant's is not kept.
    private static Task<int> WriteTokensAsync(SqlSession session, ConnectionId id, int grantNo, int version, NewGrant grant)
    {
        var material = grant.Seal(id, grantNo);
        return session.ExecuteAsync(
            """
            insert into token_sets (shard, connection_id, grant_no, version, access_token, refresh_token, issued_at, expires_at,
                expiry_source, refresh_token_expires_at, granted_at, scope, token_type, client_id, updated_at)
            values (@shard, @id, @grant_no, @version, @access_token, @refresh_token, @issued_at, @expires_at,
                @expiry_source, @refresh_token_expires_at, @granted_at, @scope, @token_type, @client_id, @now)
            on conflict (shard, connection_id) do update set grant_no = excluded.grant_no, version = excluded.version, attempt_id = null,
                access_token = excluded.access_token, refresh_token = excluded.refresh_token, previous_refresh_token = null,
                previous_sent_at = null, fallback = null, issued_at = excluded.issued_at, expires_at = excluded.expires_at,
                expiry_source = excluded.expiry_source, refresh_token_expires_at = excluded.refresh_token_expires_at,
                granted_at = excluded.granted_at, scope = excluded.scope, token_type = excluded.token_type, client_id = excluded.client_id,
                updated_at = excluded.updated_at
            """,
            ("grant_no", grantNo), ("version", version), ("access_token", material.AccessToken), ("refresh_token", material.RefreshToken),
            ("issued_at", grant.IssuedAt), ("expires_at", grant.ExpiresAt), ("expiry_source", Names.Of(grant.ExpirySource)),
            ("refresh_token_expires_at", grant.RefreshTokenExpiresAt), ("granted_at", grant.GrantedAt), ("scope", SqlJson.Of(grant.Scopes)),
            ("token_type", grant.TokenType), ("client_id", grant.ClientId), ("now", grant.Now), ("shard", id.Shard), ("id", id));
    }

    private static Task<int> WriteConnectionAsync(SqlSession session, Connection before, NewGrant grant)
    {
        var variables = new Dictionary<string, string>(before.Variables);
        foreach (var (name, value) in grant.Variables)
        {
            variables[name] = value;
        }

        return session.ExecuteAsync(
            """
            update connections set status = @status, provider_account_id = coalesce(@account_id, provider_account_id),
                provider_account_name = coalesce(@account_name, provider_account_name), label = coalesce(@label, label),
                metadata = @metadata, variables = @variables, consecutive_failures = 0, consecutive_transient_failures = 0, strikes = 0,
                first_strike_at = null, last_strike_at = null, next_retry_at = null, last_refresh_error = null, disconnect_reason = null,
                degraded_at = null, simulation = null, updated_at = @now
            where shard = @shard and id = @id
            """,
            ("status", Names.Of(grant.Status)), ("account_id", grant.ProviderAccountId), ("account_name", grant.ProviderAccountName),
            ("label", grant.Label), ("metadata", SqlJson.Of(grant.Metadata ?? before.Metadata)), ("variables", SqlJson.Of(variables)),
            ("now", grant.Now), ("shard", before.Id.Shard), ("id", before.Id));
    }

    // A lease of a flight under the old grant stays: its commit finds that the parent moved on, and gives it back.
    private static Task<int> WriteScheduleAsync(SqlSession session, ConnectionId id, NewGrant grant)
    {
        var active = grant.Status == ConnectionStatus.Active;
        return session.ExecuteAsync(
            """
            insert into refresh_schedule (shard, connection_id, integration_id, due_at, degrade_at, jitter)
            values (@shard, @id, @integration_id, @due_at, @degrade_at, @jitter)
            on conflict (shard, connection_id) do update set due_at = excluded.due_at, degrade_at = excluded.degrade_at,
                epoch = refresh_schedule.epoch + 1, open_intents = 0, in_doubt_since = null, verdict_held = @no, left_out = @no, jitter = excluded.jitter
            """,
            ("due_at", active && grant.DueAt is { } due ? Levers.Later(due, grant.Now) : null), ("degrade_at", active ? grant.ExpiresAt : null),
            ("no", false), ("jitter", grant.Jitter), ("shard", id.Shard), ("id", id), ("integration_id", grant.IntegrationId));
    }
}
