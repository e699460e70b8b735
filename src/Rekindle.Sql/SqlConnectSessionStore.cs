using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Connect flows, with the same statements on every database.</summary>
internal sealed class SqlConnectSessionStore(SqlDatabase database) : IConnectSessionStore
{
    private const string Columns =
        """
        id, environment, integration, tenant, subject, purpose, account, reconnects, metadata, variables, return_url, client_reference,
        auto_complete, state, state_hash, browser_hash, verifier, waiting_consent, completion_hash, connection_id, error_code, error,
        created_at, expires_at, link_expires_at
        """;

    public Task CreateAsync(ConnectSession session, CancellationToken cancellationToken) => database.WriteAsync(
        sql => sql.ExecuteAsync(
            $"""
            insert into connect_sessions ({Columns})
            values (@id, @environment, @integration, @tenant, @subject, @purpose, @account, @reconnects, @metadata, @variables, @return_url,
                @client_reference, @auto_complete, @state, @state_hash, @browser_hash, @verifier, @waiting_consent, @completion_hash, @connection_id,
                @error_code, @error, @created_at, @expires_at, @link_expires_at)
            """,
            [.. Changeable(session), ("id", session.Id), ("environment", session.Environment), ("created_at", session.CreatedAt),
                ("link_expires_at", session.LinkExpiresAt)]),
        cancellationToken);

    public Task<ConnectSession?> FindAsync(string id, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstAsync($"select {Columns} from connect_sessions where id = @id", Read, ("id", id)), cancellationToken);

    public Task<ConnectSession?> FindByStateAsync(byte[] stateHash, CancellationToken cancellationToken) => database.ReadAsync(
        sql => sql.FirstAsync($"select {Columns} from connect_sessions where state_hash = @hash", Read, ("hash", stateHash)), cancellationToken);

    public Task<bool> AdvanceAsync(ConnectSession from, ConnectSession to, CancellationToken cancellationToken) =>
        database.WriteAsync(sql => AdvanceAsync(sql, from, to), cancellationToken);

    public Task<IReadOnlyList<ConnectSession>> ListAbandonedAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ConnectSession>>(
            async sql => await sql.ListAsync(
                $"select {Columns} from connect_sessions where waiting_consent is not null and expires_at < @before order by expires_at limit @limit",
                Read, ("before", before), ("limit", limit)).ConfigureAwait(false),
            cancellationToken);

    public Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => database.WriteAsync(
        sql => sql.ExecuteAsync("delete from connect_sessions where expires_at < @before", ("before", before)), cancellationToken);

    /// <summary>Locks a session until the transaction ends; false: it is no longer at this step.</summary>
    public static Task<bool> LockAsync(SqlDatabase database, SqlSession sql, ConnectSession at) => sql.AnyAsync(
        $"select 1 from connect_sessions where id = @id and state = @state and state_hash is not distinct from @hash{database.RowLock}",
        ("id", at.Id), ("state", Names.Of(at.State)), ("hash", at.StateHash));

    /// <summary>Takes a step inside a transaction that does more; false: somebody else took it.</summary>
    public static async Task<bool> AdvanceAsync(SqlSession sql, ConnectSession from, ConnectSession to) => await sql.ExecuteAsync(
        """
        update connect_sessions set integration = @integration, tenant = @tenant, subject = @subject, purpose = @purpose, account = @account,
            reconnects = @reconnects, metadata = @metadata, variables = @variables, return_url = @return_url,
            client_reference = @client_reference, auto_complete = @auto_complete, state = @state, state_hash = @state_hash,
            browser_hash = @browser_hash, verifier = @verifier, waiting_consent = @waiting_consent, completion_hash = @completion_hash,
            connection_id = @connection_id, error_code = @error_code, error = @error, expires_at = @expires_at
        where id = @id and state = @from and state_hash is not distinct from @from_hash
        """,
        [.. Changeable(to), ("id", from.Id), ("from", Names.Of(from.State)), ("from_hash", from.StateHash)]).ConfigureAwait(false) > 0;

    private static (string, object?)[] Changeable(ConnectSession session) =>
    [
        ("integration", session.Integration), ("tenant", session.Tenant), ("subject", session.Subject), ("purpose", session.Purpose),
        ("account", session.Account), ("reconnects", session.Reconnects), ("metadata", SqlJson.Of(session.Metadata)),
        ("variables", SqlJson.Of(session.Variables)), ("return_url", session.ReturnUrl), ("client_reference", session.ClientReference),
        ("auto_complete", session.AutoComplete), ("state", Names.Of(session.State)), ("state_hash", session.StateHash),
        ("browser_hash", session.BrowserHash), ("verifier", session.Verifier), ("waiting_consent", session.WaitingConsent),
        ("completion_hash", session.CompletionHash),
        ("connection_id", session.ConnectionId), ("error_code", session.ErrorCode), ("error", session.Error), ("expires_at", session.ExpiresAt),
    ];

    private static ConnectSession Read(SqlRow row) => new()
    {
        Id = row.Text(),
        Environment = row.Text(),
        Integration = row.TextOrNull(),
        Tenant = row.Text(),
        Subject = row.Text(),
        Purpose = row.Text(),
        Account = row.Text(),
        Reconnects = row.ConnectionIdOrNull(),
        Metadata = row.TextMap(),
        Variables = row.TextMap(),
        ReturnUrl = row.TextOrNull(),
        ClientReference = row.TextOrNull(),
        AutoComplete = row.Flag(),
        State = row.Word<ConnectState>(),
        StateHash = row.BytesOrNull(),
        BrowserHash = row.BytesOrNull(),
        Verifier = row.SealedOrNull(),
        WaitingConsent = row.SealedOrNull(),
        CompletionHash = row.BytesOrNull(),
        ConnectionId = row.ConnectionIdOrNull(),
        ErrorCode = row.TextOrNull(),
        Error = row.TextOrNull(),
        CreatedAt = row.Instant(),
        ExpiresAt = row.Instant(),
        LinkExpiresAt = row.Instant(),
    };
}
