using Rekindle.Connections;
using Rekindle.Ownership;

namespace Rekindle.Storage;

/// <summary>Whose database this is (DESIGN §6): one row, and the connections that were left out when it was confirmed.</summary>
public interface IOwnershipStore
{
    /// <summary>Who owns it; null: nobody has worked on it yet.</summary>
    Task<DatabaseOwner?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Makes it this place's if nobody has worked on it yet. Returns who owns it then, ourselves or whoever came first.</summary>
    Task<DatabaseOwner> AdoptAsync(string databaseId, DatabasePlace place, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Moves the mark on to now, on the clock that leases run on, if the owner is still this deployment in this epoch, and neither is a move
    /// announced nor the database frozen. Returns the owner as it is afterwards, also when nothing was changed.
    /// </summary>
    Task<DatabaseOwner> MarkAsync(DatabasePlace place, long epoch, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Freezes it for everybody, unless it is frozen, or its owner has been confirmed since that epoch. Returns the owner afterwards.</summary>
    Task<DatabaseOwner> FreezeAsync(FreezeReason reason, string detail, long epoch, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Announces a move, or with null takes the announcement back.</summary>
    Task AnnounceAsync(AnnouncedMove? move, CancellationToken cancellationToken);

    /// <summary>
    /// Confirms a place as the owner: ends a freeze and an announcement, and moves the mark on. False: the epoch is no longer
    /// <paramref name="before"/>, somebody else was confirmed meanwhile.
    /// </summary>
    Task<bool> ConfirmAsync(DatabasePlace place, long before, long epoch, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Active and degraded connections with tokens, by id: what would be refreshed. <paramref name="after"/> null: the first page.</summary>
    Task<IReadOnlyList<RefreshableGrant>> ListRefreshableAsync(ConnectionId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Leaves these connections out of refreshing, or takes them in again.</summary>
    Task LeaveOutAsync(IReadOnlyCollection<ConnectionId> ids, bool leftOut, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>A deployment, and where it meets its database.</summary>
/// <param name="Deployment">Id of the deployment.</param>
/// <param name="Endpoint">Endpoints, separated by commas where a database has several.</param>
public sealed record DatabasePlace(string Deployment, string Endpoint);

/// <summary>The owner of a database, as the database says it.</summary>
public sealed record DatabaseOwner
{
    /// <summary>The database's random id: a copy has the same.</summary>
    public required string DatabaseId { get; init; }

    /// <summary>Who works on it, and where.</summary>
    public required DatabasePlace Place { get; init; }

    /// <summary>Raised whenever an owner is confirmed.</summary>
    public required long Epoch { get; init; }

    /// <summary>Until when its owner has worked on it, to a few seconds.</summary>
    public required DateTimeOffset Mark { get; init; }

    /// <summary>Why nobody may refresh; null: nothing says so for everybody.</summary>
    public Freeze? Freeze { get; init; }

    /// <summary>Where it is going; null: no move is announced.</summary>
    public AnnouncedMove? Move { get; init; }
}

/// <summary>A planned move.</summary>
/// <param name="To">The place where it will be met.</param>
/// <param name="Until">A start there is taken for this move until then.</param>
public sealed record AnnouncedMove(DatabasePlace To, DateTimeOffset Until);

/// <summary>What has to be known about a connection to say whether its refresh token may be presented.</summary>
public sealed record RefreshableGrant
{
    /// <summary>Connection.</summary>
    public required ConnectionId Id { get; init; }

    /// <summary>Integration.</summary>
    public required int IntegrationId { get; init; }

    /// <summary>Whether a refresh token is stored.</summary>
    public required bool HasRefreshToken { get; init; }

    /// <summary>Number of its grant.</summary>
    public required int GrantNo { get; init; }

    /// <summary>Version of its token set.</summary>
    public required int Version { get; init; }

    /// <summary>When a refresh is wanted; null: not at all.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the access token ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When the refresh token ends; null: not known.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>Whether a lease was out, or the outcome in doubt, when the rows were written.</summary>
    public bool IsInDoubt { get; init; }

    /// <summary>Whether it is left out.</summary>
    public bool IsLeftOut { get; init; }
}
