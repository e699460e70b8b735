using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Notifications;
using Rekindle.Refresh;

namespace Rekindle.Storage;

/// <summary>Connections outside a refresh: look-ups, new grants, levers. Each method is one transaction.</summary>
public interface IConnectionStore
{
    /// <summary>By id; null: there is none.</summary>
    Task<ConnectionSnapshot?> GetAsync(ConnectionId id, CancellationToken cancellationToken);

    /// <summary>By full key; null: there is none.</summary>
    Task<ConnectionSnapshot?> FindAsync(ConnectionKey key, CancellationToken cancellationToken);

    /// <summary>All purposes and accounts of a subject under an integration, by purpose, account; at most 100.</summary>
    Task<IReadOnlyList<ConnectionSnapshot>> FindBySubjectAsync(
        string environment, string integration, string tenant, string subject, CancellationToken cancellationToken);

    /// <summary>One page by id. <paramref name="after"/> is the last id of the page before; null: the first page.</summary>
    Task<IReadOnlyList<ConnectionSnapshot>> ListAsync(
        ConnectionFilter filter, ConnectionId? after, int limit, CancellationToken cancellationToken);

    /// <summary>How many connections the filter finds, counted up to <paramref name="ceiling"/>.</summary>
    Task<int> CountAsync(ConnectionFilter filter, int ceiling, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a new grant (connect, reconnect, import): raises <c>grant_no</c> and the version over any flight (I5), resets
    /// counters, resumes dependents, closes messages, keeps the id and, unless given, metadata. Creates the connection when there is none.
    /// </summary>
    Task<GrantResult> SaveGrantAsync(NewGrant grant, CancellationToken cancellationToken);

    /// <summary>
    /// Completes a pending connection: it becomes active, and due at <paramref name="dueAt"/>. False when it is not pending, or its
    /// grant is no longer this one: a code that completes one consent must not complete another's.
    /// </summary>
    Task<bool> CompleteAsync(ConnectionId id, int grantNo, DateTimeOffset? dueAt, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the consent that waited in a session beside its connection and takes the session's last step, both or neither. Null: the
    /// session or the connection is no longer there for it.
    /// </summary>
    /// <param name="from">The session as it was read, awaiting its completion.</param>
    /// <param name="to">The session when it is done.</param>
    /// <param name="grant">The grant, with what it <see cref="NewGrant.Replaces"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<GrantResult?> CompleteWaitingAsync(ConnectSession from, ConnectSession to, NewGrant grant, CancellationToken cancellationToken);

    /// <summary>Changes label and metadata, never tokens or status. Null: there is no such connection.</summary>
    Task<ConnectionSnapshot?> PatchAsync(ConnectionId id, ConnectionPatch patch, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Applies a lever: raises the epoch, so that a flight that started before keeps its token and loses its verdict (I2).
    /// It acts on the connection as it is without a simulation, and ends that. Null: there is no such connection.
    /// </summary>
    Task<ConnectionSnapshot?> ApplyAsync(ConnectionId id, LeverChange change, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Erases the token material of a revoked connection.</summary>
    Task EraseTokensAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes a connection that is still pending with this grant, as <see cref="DeleteAsync"/> does. False: it is not.</summary>
    Task<bool> DeletePendingAsync(ConnectionId id, int grantNo, string reason, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes a connection and leaves a tombstone. False: there was none.</summary>
    Task<bool> DeleteAsync(ConnectionId id, string reason, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Brings connections back to what the database once said they are, where it has forgotten that: those that are missing without a tombstone,
    /// and those under an older epoch. Tokens are replaced by newer ones only. Returns how many it had forgotten.
    /// </summary>
    /// <param name="states">As they were after a new grant or a lever, oldest first.</param>
    /// <param name="now">Time by the caller's clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<int> RestoreAsync(IReadOnlyList<ConnectionSnapshot> states, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Counts for the summary page (A13) in one consistent read.</summary>
    Task<ConnectionSummary> SummarizeAsync(string environment, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>Which connections. Null fields do not filter.</summary>
public sealed record ConnectionFilter
{
    /// <summary>Environment: always given.</summary>
    public required string Environment { get; init; }

    /// <summary>Only these integrations; null: all.</summary>
    public IReadOnlyCollection<string>? Integrations { get; init; }

    /// <summary>Only these tenants; null: all.</summary>
    public IReadOnlyCollection<string>? Tenants { get; init; }

    /// <summary>Subject.</summary>
    public string? Subject { get; init; }

    /// <summary>Purpose.</summary>
    public string? Purpose { get; init; }

    /// <summary>Account.</summary>
    public string? Account { get; init; }

    /// <summary>Label, exactly.</summary>
    public string? Label { get; init; }

    /// <summary>Status.</summary>
    public ConnectionStatus? Status { get; init; }

    /// <summary>Token ends before this instant.</summary>
    public DateTimeOffset? ExpiresBefore { get; init; }

    /// <summary>In back-off at this instant.</summary>
    public DateTimeOffset? InBackoffAt { get; init; }

    /// <summary>Text that the last error contains, without case.</summary>
    public string? Error { get; init; }

    /// <summary>Fewer consecutive failures (of both kinds together) than this.</summary>
    public int? FailuresBelow { get; init; }

    /// <summary>Text that subject, tenant, account, account name or label contains, without case.</summary>
    public string? Text { get; init; }

    /// <summary>Changed since.</summary>
    public DateTimeOffset? UpdatedSince { get; init; }
}

/// <summary>A new grant to store.</summary>
public sealed record NewGrant
{
    /// <summary>Key of the connection.</summary>
    public required ConnectionKey Key { get; init; }

    /// <summary>
    /// Id for the case that it is created. Token material is sealed to the connection id and grant number, so the store
    /// calls <see cref="Seal"/> once it knows both.
    /// </summary>
    public required ConnectionId NewId { get; init; }

    /// <summary>Row of the integration.</summary>
    public required int IntegrationId { get; init; }

    /// <summary>Seals the material for (connection, grant number). Called under the row lock; pure and fast.</summary>
    public required Func<ConnectionId, int, GrantMaterialSealed> Seal { get; init; }

    /// <summary>What to do when the connection exists.</summary>
    public required IfExists IfExists { get; init; }

    /// <summary>What it takes the place of: anything else, or a disabled connection, is left alone. Null: whatever is there.</summary>
    public ReplacedGrant? Replaces { get; init; }

    /// <summary>
    /// Whether this write was tried before, and may have taken effect unheard: a connection whose consent is as young, or younger, is left alone
    /// and taken for its result.
    /// </summary>
    public bool IsRepetition { get; init; }

    /// <summary>Status to take: active, pending, or standby.</summary>
    public required ConnectionStatus Status { get; init; }

    /// <summary>Client id the grant belongs to.</summary>
    public required string ClientId { get; init; }

    /// <summary>When the request that brought the tokens was sent.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When the access token ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where the expiry came from.</summary>
    public ExpirySource ExpirySource { get; init; }

    /// <summary>When the refresh token ends.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>When the user consented.</summary>
    public required DateTimeOffset GrantedAt { get; init; }

    /// <summary>Scopes granted.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Token type.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>The account's id at the provider.</summary>
    public string? ProviderAccountId { get; init; }

    /// <summary>Its name for people.</summary>
    public string? ProviderAccountName { get; init; }

    /// <summary>Whether a different pinned account is replaced; otherwise the grant is refused (F78).</summary>
    public bool AllowAccountChange { get; init; }

    /// <summary>Label; null: keep.</summary>
    public string? Label { get; init; }

    /// <summary>Metadata; null: keep.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>URL variables: merged over those that are there.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>When a refresh is wanted; null: never.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Stored jitter, 0 to 999.</summary>
    public int Jitter { get; init; }

    /// <summary>Time by the caller's clock.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>What a connection was when a person consented beside it.</summary>
/// <param name="GrantNo">Number of its grant; null: its material was erased.</param>
/// <param name="IsRevoked">Whether it had ended: one that was ended after the consent does not live again by it.</param>
public sealed record ReplacedGrant(int? GrantNo, bool IsRevoked)
{
    /// <summary>What a connection is now.</summary>
    public static ReplacedGrant Of(ConnectionSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return new(snapshot.Tokens?.GrantNo, snapshot.Connection.Status == ConnectionStatus.Revoked);
    }
}

/// <summary>Sealed material of a new grant.</summary>
public sealed record GrantMaterialSealed(SealedSecret AccessToken, SealedSecret? RefreshToken);

/// <summary>What a new grant does to a connection that exists.</summary>
public enum IfExists
{
    /// <summary>Nothing is changed; the caller is told.</summary>
    Refuse,

    /// <summary>The new grant wins.</summary>
    Replace,
}

/// <summary>What became of a new grant.</summary>
public abstract record GrantResult
{
    private GrantResult()
    {
    }

    /// <summary>A connection was made.</summary>
    public sealed record Created(ConnectionSnapshot Snapshot) : GrantResult;

    /// <summary>The connection lives on with the new grant.</summary>
    public sealed record Replaced(ConnectionSnapshot Snapshot) : GrantResult;

    /// <summary>It exists and was left alone.</summary>
    public sealed record Exists(ConnectionSnapshot Snapshot) : GrantResult;

    /// <summary>Another account is pinned; nothing was changed.</summary>
    public sealed record AnotherAccount(ConnectionSnapshot Snapshot) : GrantResult;
}

/// <summary>Changes to what the operator wrote. Null fields stay; a metadata value of null removes that name.</summary>
public sealed record ConnectionPatch(string? Label, IReadOnlyDictionary<string, string?>? Metadata);

/// <summary>What a lever does to one connection (A12). All raise the epoch.</summary>
public abstract record LeverChange
{
    private LeverChange()
    {
    }

    /// <summary>Due now, counters and back-off cleared; a degraded, or needing, connection is tried again.</summary>
    public sealed record ForceRetry : LeverChange;

    /// <summary>Back-off and counters cleared; due as its expiry says, but at <paramref name="DueAt"/> at the earliest.</summary>
    public sealed record ClearBackoff(DateTimeOffset DueAt) : LeverChange;

    /// <summary>Only the user can help, because an operator says so.</summary>
    public sealed record RequireReauthorization(string Note) : LeverChange;

    /// <summary>Paused: no refresh, no token handed out. Material is kept.</summary>
    public sealed record Disable : LeverChange;

    /// <summary>No longer paused; due now.</summary>
    public sealed record Enable : LeverChange;

    /// <summary>Readers are stopped at once; the material stays until it was revoked at the provider and erased.</summary>
    public sealed record Revoke(DisconnectReason Reason) : LeverChange;

    /// <summary>Standby ends: ours to refresh, due as its expiry says.</summary>
    public sealed record TakeOver(DateTimeOffset DueAt) : LeverChange;

    /// <summary>
    /// Shows a failure that did not happen, and keeps beside it what it hides. <paramref name="Play"/> says what would follow; it is called
    /// under the row lock with the connection as it truly is; pure and fast.
    /// </summary>
    public sealed record Simulate(SimulatedFailure Failure, Func<ConnectionSnapshot, SimulatedState> Play) : LeverChange;

    /// <summary>Puts back what a simulation hides; due at <paramref name="DueAt"/> when the tokens were renewed meanwhile.</summary>
    public sealed record EndSimulation(DateTimeOffset? DueAt) : LeverChange;
}

/// <summary>A connection with a simulated failure.</summary>
/// <param name="Connection">What it shows.</param>
/// <param name="DueAt">When the next, real, refresh is wanted; null: none.</param>
/// <param name="Opens">Messages to open, marked as tests.</param>
public sealed record SimulatedState(Connection Connection, DateTimeOffset? DueAt, IReadOnlyList<NotificationDraft> Opens);

/// <summary>Counts of an environment's connections.</summary>
public sealed record ConnectionSummary
{
    /// <summary>By status; absent statuses have none.</summary>
    public required IReadOnlyDictionary<ConnectionStatus, int> ByStatus { get; init; }

    /// <summary>Active ones whose token ends within 10 minutes.</summary>
    public required int ExpiringSoon { get; init; }

    /// <summary>Due and neither claimed nor in back-off.</summary>
    public required int Overdue { get; init; }

    /// <summary>Expired while still shown active: more than zero is a defect (A9).</summary>
    public required int ExpiredWhileActive { get; init; }

    /// <summary>With an outcome in doubt.</summary>
    public required int InDoubt { get; init; }

    /// <summary>Never refreshed.</summary>
    public required int NeverRefreshed { get; init; }

    /// <summary>Left out when the database was confirmed (I14).</summary>
    public int LeftOut { get; init; }

    /// <summary>In back-off by consecutive failures of both kinds together.</summary>
    public required IReadOnlyList<BackoffGroup> InBackoff { get; init; }

    /// <summary>Most common last errors, most frequent first, at most 10.</summary>
    public required IReadOnlyList<ErrorCount> TopErrors { get; init; }

    /// <summary>When the next refresh is due.</summary>
    public DateTimeOffset? NextDueAt { get; init; }
}

/// <summary>Connections in back-off with the same number of failures (A13).</summary>
public sealed record BackoffGroup(int Failures, int Count, DateTimeOffset Earliest, DateTimeOffset Latest, string? TopError);

/// <summary>An error and how many connections show it.</summary>
public sealed record ErrorCount(string Error, int Count);
