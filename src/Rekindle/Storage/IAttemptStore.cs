using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;

namespace Rekindle.Storage;

/// <summary>The attempt log. Attempts arrive with commits; this is for reading them, and for those that no commit carries.</summary>
public interface IAttemptStore
{
    /// <summary>Appends attempts that belong to no commit (refusals to attempt, settled intents). Repeating is harmless.</summary>
    Task AppendAsync(IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken);

    /// <summary>By id; null: there is none, or it is past retention.</summary>
    Task<Attempt?> GetAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Newest first. <paramref name="before"/> is the last id of the page before; null: the newest.</summary>
    Task<IReadOnlyList<Attempt>> ListAsync(AttemptFilter filter, Guid? before, int limit, CancellationToken cancellationToken);

    /// <summary>How many the filter finds, counted up to <paramref name="ceiling"/>.</summary>
    Task<int> CountAsync(AttemptFilter filter, int ceiling, CancellationToken cancellationToken);

    /// <summary>
    /// Attempts at positions above <paramref name="after"/>, and at those of <paramref name="missing"/>, in order of position.
    /// Positions are given before a transaction commits, so a reader sees holes that fill later: <see cref="FeedCursor"/> keeps them.
    /// </summary>
    Task<IReadOnlyList<Attempt>> ReadAfterAsync(
        long after, IReadOnlyCollection<long> missing, int limit, CancellationToken cancellationToken);

    /// <summary>The highest position so far; zero for an empty log.</summary>
    Task<long> LastPositionAsync(CancellationToken cancellationToken);

    /// <summary>Makes room for the coming days and drops what is past retention (D7). Any worker may call it at any time.</summary>
    Task MaintainAsync(DateTimeOffset now, TimeSpan retention, CancellationToken cancellationToken);
}

/// <summary>Which attempts. Null fields do not filter.</summary>
public sealed record AttemptFilter
{
    /// <summary>Environment: always given.</summary>
    public required string Environment { get; init; }

    /// <summary>Only these integrations; null: all.</summary>
    public IReadOnlyCollection<string>? Integrations { get; init; }

    /// <summary>Only these tenants; null: all.</summary>
    public IReadOnlyCollection<string>? Tenants { get; init; }

    /// <summary>Connection.</summary>
    public ConnectionId? ConnectionId { get; init; }

    /// <summary>Subject.</summary>
    public string? Subject { get; init; }

    /// <summary>Who asked.</summary>
    public RefreshSource? Source { get; init; }

    /// <summary>How it ended.</summary>
    public AttemptAction? Action { get; init; }

    /// <summary>What the answer meant.</summary>
    public RefreshClass? Class { get; init; }

    /// <summary>Made at or after.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Made before.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether it lets an attempt through: the same answer that a store gives.</summary>
    public bool Matches(Attempt attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return attempt.Key.Environment == Environment
            && (Integrations is null || Integrations.Contains(attempt.Key.Integration))
            && (Tenants is null || Tenants.Contains(attempt.Key.Tenant))
            && (ConnectionId is null || ConnectionId == attempt.ConnectionId)
            && (Subject is null || Subject == attempt.Key.Subject)
            && (Source is null || Source == attempt.Source)
            && (Action is null || Action == attempt.Action)
            && (Class is null || Class == attempt.Class)
            && (Since is null || attempt.CreatedAt >= Since)
            && (Until is null || attempt.CreatedAt < Until);
    }
}
