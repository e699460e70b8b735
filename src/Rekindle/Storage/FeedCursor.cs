namespace Rekindle.Storage;

/// <summary>
/// Reads a log whose positions are handed out before their transactions commit, without missing one: it remembers the
/// holes it saw and asks for them again until they fill, or until no transaction can be that old any more. Not thread-safe.
/// </summary>
public sealed class FeedCursor
{
    private static readonly TimeSpan LeastHoleLife = TimeSpan.FromSeconds(60);

    // A jump larger than this is a sequence's cache or a restore, not transactions in flight.
    private const long LargestHole = 10_000;

    private readonly SortedDictionary<long, DateTimeOffset> _holes = [];
    private readonly TimeProvider _time;
    private readonly TimeSpan _holeLife;

    /// <summary>Begins after a position.</summary>
    /// <param name="start">The position.</param>
    /// <param name="time">Clock.</param>
    /// <param name="commitDeadline">Longest time of a transaction; null: 30 s.</param>
    public FeedCursor(long start, TimeProvider time, TimeSpan? commitDeadline = null)
        : this(start, [], time, commitDeadline)
    {
    }

    /// <summary>Begins where another reader ended, with the positions that were missing there.</summary>
    /// <param name="start">The position.</param>
    /// <param name="missing">Those below it that were not there yet.</param>
    /// <param name="time">Clock.</param>
    /// <param name="commitDeadline">Longest time of a transaction; null: 30 s.</param>
    public FeedCursor(long start, IEnumerable<long> missing, TimeProvider time, TimeSpan? commitDeadline = null)
    {
        ArgumentNullException.ThrowIfNull(missing);
        ArgumentNullException.ThrowIfNull(time);
        (Position, _time, _holeLife) = (start, time, HoleLife(commitDeadline));
        foreach (var hole in missing)
        {
            _holes[hole] = time.GetUtcNow();
        }
    }

    /// <summary>How long a missing position may still appear: twice a transaction's longest time, and it is a hole for good.</summary>
    internal static TimeSpan HoleLife(TimeSpan? commitDeadline) => commitDeadline * 2 is { } life && life > LeastHoleLife ? life : LeastHoleLife;

    /// <summary>Highest position seen.</summary>
    public long Position { get; private set; }

    /// <summary>Positions below <see cref="Position"/> that may still appear.</summary>
    public IReadOnlyCollection<long> Missing
    {
        get
        {
            var now = _time.GetUtcNow();
            foreach (var old in _holes.Where(h => now - h.Value > _holeLife).Select(h => h.Key).ToArray())
            {
                _holes.Remove(old);
            }

            return _holes.Keys;
        }
    }

    /// <summary>Notes a position that was read. True the first time.</summary>
    public bool Advance(long position)
    {
        if (position <= Position)
        {
            return _holes.Remove(position);
        }

        var now = _time.GetUtcNow();
        for (var hole = Math.Max(Position + 1, position - LargestHole); hole < position; hole++)
        {
            _holes[hole] = now;
        }

        Position = position;
        return true;
    }
}
