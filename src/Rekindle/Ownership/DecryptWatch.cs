using Rekindle.Connections;

namespace Rekindle.Ownership;

/// <summary>
/// Counts stored tokens that do not open. One is that row's own fault; many at once say that the database as a whole is not what was
/// sealed here: restored in part, or put together from two (D6).
/// </summary>
internal sealed class DecryptWatch(TimeProvider time)
{
    private const int Many = 10;
    private const int OneIn = 5;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly HashSet<ConnectionId> _failed = [];
    private DateTimeOffset _since;
    private int _opened;
    private Freeze? _found;

    /// <summary>Many did not open; null: not so.</summary>
    public Freeze? Found => Volatile.Read(ref _found);

    public void NoteOpened() => Interlocked.Increment(ref _opened);

    /// <summary>Counts it; what is <see cref="Found"/> then.</summary>
    public Freeze? NoteUndecryptable(ConnectionId id)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now - _since >= Window)
            {
                Start(now);
            }

            _failed.Add(id);
            var tried = _failed.Count + Volatile.Read(ref _opened);
            if (_failed.Count >= Many && _failed.Count * OneIn >= tried)
            {
                Volatile.Write(ref _found, new Freeze(
                    FreezeReason.Undecryptable, $"Within {(now - _since).TotalSeconds:0} s {_failed.Count} stored tokens of {tried} did not open under the keys that sealed them.", now));
            }

            return Found;
        }
    }

    /// <summary>It is on record: counts anew.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            Start(time.GetUtcNow());
            Volatile.Write(ref _found, null);
        }
    }

    private void Start(DateTimeOffset now)
    {
        _since = now;
        _failed.Clear();
        Volatile.Write(ref _opened, 0);
    }
}
