using System.Collections.Concurrent;

namespace Rekindle.Postgres;

/// <summary>
/// From where to search an index whose low end is full of the dead: rows that moved on leave their old entries behind, and
/// while some transaction holds an old snapshot open nothing can clear them away, so that every search would walk over all.
/// </summary>
/// <remarks>
/// A bound is a hint. It stands behind what was last found by <see cref="Margin"/>, for rows whose writers were about to commit, and
/// rows that come back below it (a lease given back by another machine, or by the time of a slower clock) are found by the next search without bound. That one
/// is due after fifty times what the last one took: at once while it is cheap, and never for more than a fiftieth of the time.
/// </remarks>
internal sealed class ScanBounds(TimeProvider time)
{
    private const int Share = 50;
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBounded = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<int, long> _bounds = new();
    private readonly long _epoch = time.GetTimestamp();
    private long _boundedUntil;

    /// <summary>Begins a search.</summary>
    public Search Begin() => new(this, time.GetTimestamp(), time.GetElapsedTime(_epoch).Ticks >= Volatile.Read(ref _boundedUntil));

    /// <summary>One search, with or without bounds.</summary>
    public readonly struct Search(ScanBounds bounds, long startedAt, bool whole)
    {
        /// <summary>Whether this one searches all there is.</summary>
        public bool IsWhole => whole;

        /// <summary>From where to search this index range, as Unix milliseconds.</summary>
        public long From(int range) => whole || !bounds._bounds.TryGetValue(range, out var bound) ? 0 : bound;

        /// <summary>Remembers that nothing below <paramref name="found"/> was left, as of <paramref name="now"/>.</summary>
        public void Remember(int range, DateTimeOffset found, DateTimeOffset now)
        {
            var latest = now - Margin;
            bounds._bounds[range] = (found < latest ? found : latest).ToUnixTimeMilliseconds();
        }

        /// <summary>Ends the search: what it took decides how long the bounds hold.</summary>
        public void End()
        {
            if (whole)
            {
                var held = bounds.Elapsed(startedAt) * Share;
                bounds.HoldFor(held < LongestBounded ? held : LongestBounded);
            }
        }
    }

    private TimeSpan Elapsed(long since) => time.GetElapsedTime(since);

    private void HoldFor(TimeSpan held) => Volatile.Write(ref _boundedUntil, (time.GetElapsedTime(_epoch) + held).Ticks);
}
