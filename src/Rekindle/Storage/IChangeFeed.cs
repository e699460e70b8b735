using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>
/// What changed, for caches on every machine. Entries are written by the transactions that make the changes; reading once
/// a second is enough, <see cref="WaitAsync"/> only hurries it up.
/// </summary>
public interface IChangeFeed
{
    /// <summary>Entries above a position and at the missing ones, in order; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<Change>> ReadAsync(long after, IReadOnlyCollection<long> missing, int limit, CancellationToken cancellationToken);

    /// <summary>The highest position so far.</summary>
    Task<long> LastPositionAsync(CancellationToken cancellationToken);

    /// <summary>The position before the first entry written at or after an instant; the highest so far when there is none. Looks at the whole feed.</summary>
    Task<long> PositionBeforeAsync(DateTimeOffset instant, CancellationToken cancellationToken);

    /// <summary>Returns when something was probably written, or after <paramref name="atMost"/>. A hint: polling alone is correct.</summary>
    Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>Removes entries written before <paramref name="before"/>.</summary>
    Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>One change.</summary>
/// <param name="Position">Place in the feed.</param>
/// <param name="Kind">What kind of thing changed.</param>
/// <param name="ConnectionId">Connection, for the kinds that are about one.</param>
/// <param name="IntegrationId">Integration, for <see cref="ChangeKind.Integration"/>.</param>
/// <param name="Version">The connection's token-set version after the change.</param>
public sealed record Change(long Position, ChangeKind Kind, ConnectionId? ConnectionId, int? IntegrationId, int Version);

/// <summary>Kind of change.</summary>
public enum ChangeKind
{
    /// <summary>A connection's status or tokens, and tokens may be handed out.</summary>
    Connection,

    /// <summary>A connection was disabled, revoked or deleted: nothing of it may be handed out any more.</summary>
    ConnectionWithheld,

    /// <summary>A connection was made: what a subject's name leads to may be another.</summary>
    ConnectionSet,

    /// <summary>An integration's configuration or state.</summary>
    Integration,

    /// <summary>An API key.</summary>
    ApiKey,
}
