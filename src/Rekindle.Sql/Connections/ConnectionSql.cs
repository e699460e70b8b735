using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>The statements about one connection that several stores need: reading it, locking it, and keeping its dependents in step.</summary>
internal static class ConnectionSql
{
    /// <summary>The columns of a snapshot, in the order of <see cref="ReadSnapshot"/>.</summary>
    public const string Columns =
        """
        c.id, c.environment, c.integration, c.tenant, c.subject, c.purpose, c.account, c.integration_id, c.status,
        c.provider_account_id, c.provider_account_name, c.label, c.metadata, c.variables,
        c.consecutive_failures, c.consecutive_transient_failures, c.strikes, c.first_strike_at, c.last_strike_at,
        c.next_retry_at, c.last_refresh_error, c.last_failure_at, c.disconnect_reason, c.degraded_at, c.simulation, t.refreshed_at,
        c.created_at, case when t.updated_at > c.updated_at then t.updated_at else c.updated_at end, s.last_used_at,
        s.due_at, s.lease_until, s.in_doubt_since, s.verdict_held, s.left_out, s.open_intents, s.epoch,
        t.access_token, t.grant_no, t.version, t.refresh_token, t.previous_refresh_token, t.previous_sent_at, t.fallback, t.issued_at, t.expires_at,
        t.expiry_source, t.refresh_token_expires_at, t.granted_at, t.scope, t.token_type, t.client_id
        """;

    /// <summary>The tables of a snapshot.</summary>
    public const string Tables =
        """
        refresh_schedule s
        join connections c on c.shard = s.shard and c.id = s.connection_id
        join token_sets t on t.shard = s.shard and t.connection_id = s.connection_id
        """;

    /// <summary>Selects snapshots; a condition follows.</summary>
    public const string Select = $"select {Columns} from {Tables} ";

    private const int TokenColumns = 15;

    public static ConnectionSnapshot ReadSnapshot(SqlRow row) => new()
    {
        Connection = ReadConnection(row),
        DueAt = row.InstantOrNull(),
        LeaseUntil = row.InstantOrNull(),
        InDoubtSince = row.InstantOrNull(),
        VerdictHeld = row.Flag(),
        IsLeftOut = row.Flag(),
        OpenIntents = row.Int(),
        Epoch = row.Int(),
        Tokens = ReadTokensOrNull(row),
    };

    /// <summary>
    /// Locks a connection until the transaction ends; false: there is none. The schedule row is the lock of all that belongs
    /// to a connection: whoever writes more than one of its tables takes it first, so that nobody waits in a circle.
    /// </summary>
    public static Task<bool> LockAsync(SqlDatabase database, SqlSession session, ConnectionId id) => session.AnyAsync(
        $"select 1 from refresh_schedule where shard = @shard and connection_id = @id{database.RowLock}", ("shard", id.Shard), ("id", id));

    public static Task<ConnectionSnapshot?> GetAsync(SqlSession session, ConnectionId id) => session.FirstAsync(
        Select + "where c.shard = @shard and c.id = @id", ReadSnapshot, ("shard", id.Shard), ("id", id));

    /// <summary>The state that dependents have while their connection has this status (A9, C6).</summary>
    public static DependentState DependentsOf(ConnectionStatus status) => status switch
    {
        ConnectionStatus.Active => DependentState.Active,
        ConnectionStatus.Degraded => DependentState.Degraded,
        _ => DependentState.Paused,
    };

    /// <summary>Brings a connection's dependents to a state; those that have it keep their date.</summary>
    public static Task SetDependentsAsync(SqlSession session, ConnectionId id, DependentState state, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            update dependents set state = @state, state_since = @now
            where shard = @shard and connection_id = @id and state <> @state
            """,
            ("state", Names.Of(state)), ("now", now), ("shard", id.Shard), ("id", id));

    /// <summary>Writes what refreshes and levers change about a connection: status, counters, errors, dates, variables.</summary>
    public static Task WriteStateAsync(SqlSession session, Connection after, DateTimeOffset now) => session.ExecuteAsync(
        """
        update connections set status = @status, consecutive_failures = @failures, consecutive_transient_failures = @transient,
            strikes = @strikes, first_strike_at = @first_strike_at, last_strike_at = @last_strike_at, next_retry_at = @next_retry_at,
            last_refresh_error = @error, last_failure_at = @last_failure_at, disconnect_reason = @reason, degraded_at = @degraded_at,
            simulation = @simulation, variables = @variables, updated_at = @now
        where shard = @shard and id = @id
        """,
        ("status", Names.Of(after.Status)), ("failures", after.ConsecutiveFailures), ("transient", after.ConsecutiveTransientFailures),
        ("strikes", after.Strikes), ("first_strike_at", after.FirstStrikeAt), ("last_strike_at", after.LastStrikeAt),
        ("next_retry_at", after.NextRetryAt), ("error", after.LastRefreshError), ("last_failure_at", after.LastFailureAt),
        ("reason", after.DisconnectReason is { } reason ? Names.Of(reason) : null), ("degraded_at", after.DegradedAt),
        ("simulation", after.Simulation is { } simulation ? SqlJson.Of(simulation) : null), ("variables", SqlJson.Of(after.Variables)), ("now", now),
        ("shard", after.Id.Shard), ("id", after.Id));

    private static Connection ReadConnection(SqlRow row) => new()
    {
        Id = row.ConnectionId(),
        Key = row.Key(),
        IntegrationId = row.Int(),
        Status = row.Word<ConnectionStatus>(),
        ProviderAccountId = row.TextOrNull(),
        ProviderAccountName = row.TextOrNull(),
        Label = row.TextOrNull(),
        Metadata = row.TextMap(),
        Variables = row.TextMap(),
        ConsecutiveFailures = row.Int(),
        ConsecutiveTransientFailures = row.Int(),
        Strikes = row.Int(),
        FirstStrikeAt = row.InstantOrNull(),
        LastStrikeAt = row.InstantOrNull(),
        NextRetryAt = row.InstantOrNull(),
        LastRefreshError = row.TextOrNull(),
        LastFailureAt = row.InstantOrNull(),
        DisconnectReason = row.WordOrNull<DisconnectReason>(),
        DegradedAt = row.InstantOrNull(),
        Simulation = row.TextOrNull() is { } simulation ? SqlJson.Read<Simulation>(simulation) : null,
        LastRefreshedAt = row.InstantOrNull(),
        CreatedAt = row.Instant(),
        UpdatedAt = row.Instant(),
        LastUsedAt = row.InstantOrNull(),
    };

    private static TokenSet? ReadTokensOrNull(SqlRow row)
    {
        if (!row.IsNull)
        {
            return ReadTokens(row);
        }

        row.Skip(TokenColumns);
        return null;
    }

    private static TokenSet ReadTokens(SqlRow row) => new()
    {
        AccessToken = row.Sealed(),
        GrantNo = row.Int(),
        Version = row.Int(),
        RefreshToken = row.SealedOrNull(),
        PreviousRefreshToken = row.SealedOrNull(),
        PreviousSentAt = row.InstantOrNull(),
        Fallback = row.WordOrNull<Fallback>(),
        IssuedAt = row.Instant(),
        ExpiresAt = row.InstantOrNull(),
        ExpirySource = row.Word<ExpirySource>(),
        RefreshTokenExpiresAt = row.InstantOrNull(),
        GrantedAt = row.Instant(),
        Scopes = row.TextList(),
        TokenType = row.Text(),
        ClientId = row.Text(),
    };
}
