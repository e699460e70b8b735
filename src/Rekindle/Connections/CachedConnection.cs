using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// A connection as this process knows it: an immutable snapshot with its opened access token, swapped as a whole. The one
/// mutable bit remembers that a caller used it.
/// </summary>
internal sealed class CachedConnection
{
    private int _used;

    public CachedConnection(ConnectionSnapshot snapshot, AccessToken? token, string? problem, TimeSpan freshness)
    {
        Snapshot = snapshot;
        Token = token;
        Problem = problem;
        Freshness = snapshot.Tokens?.Lifetime / 2 is { } half && half < freshness ? half : freshness;
        ServeAtOnceUntil = snapshot.Connection.Status == ConnectionStatus.Active && token is not null
            ? (token.ExpiresAt is { } end ? Earlier(end - Freshness, snapshot.DueAt) : snapshot.DueAt ?? DateTimeOffset.MaxValue)
            : DateTimeOffset.MinValue;
    }

    public ConnectionSnapshot Snapshot { get; }

    public Connection Connection => Snapshot.Connection;

    public ConnectionId Id => Snapshot.Connection.Id;

    /// <summary>The opened token; null: there is none, or it could not be opened.</summary>
    public AccessToken? Token { get; }

    /// <summary>Why the token could not be opened.</summary>
    public string? Problem { get; }

    /// <summary>Remaining validity that callers get who ask for none: the default, at most half the token's life.</summary>
    public TimeSpan Freshness { get; }

    /// <summary>Until then the token is handed out without a second look: active, fresh, and not yet due for a refresh.</summary>
    public DateTimeOffset ServeAtOnceUntil { get; }

    /// <summary>Size in memory, roughly, in bytes.</summary>
    public int Weight => 600 + (2 * (Token?.Value.Length ?? 0));

    /// <summary>Takes the mark that a caller used it.</summary>
    public bool TakeUsed() => Interlocked.Exchange(ref _used, 0) == 1;

    /// <summary>Marks it used.</summary>
    public void MarkUsed()
    {
        if (_used == 0)
        {
            _used = 1;
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset? b) => b < a ? b.Value : a;
}
