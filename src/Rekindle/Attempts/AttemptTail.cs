using System.Globalization;
using System.Runtime.CompilerServices;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Attempts;

/// <summary>
/// The attempt log as it grows, without gaps (D2): positions are given before their transactions commit, so a reader keeps the holes
/// it saw and asks for them again. A <see cref="TailPosition"/> carries them, so that a reader who comes back misses nothing.
/// </summary>
public sealed class AttemptTail(IAttemptStore attempts, RefreshOptions options, TimeProvider time)
{
    private const int Page = 200;
    private const int LookBack = 500;
    private const int LongestLookBack = 32_000;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>Where the log ends now; entries whose transactions are under way come after it.</summary>
    public async Task<TailPosition> NowAsync(CancellationToken cancellationToken = default)
    {
        var last = await attempts.LastPositionAsync(cancellationToken).ConfigureAwait(false);
        var cursor = new FeedCursor(await StartAsync(last, cancellationToken).ConfigureAwait(false), time, options.CommitDeadline);
        while (cursor.Position < last
            && await attempts.ReadAfterAsync(cursor.Position, [], LookBack, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (var attempt in page)
            {
                cursor.Advance(attempt.Position);
            }
        }

        return TailPosition.Of(cursor);
    }

    // As far back as an entry that is older than any transaction under way: no position below it is still to come.
    private async ValueTask<long> StartAsync(long last, CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - FeedCursor.HoleLife(options.CommitDeadline);
        for (var back = LookBack; last - back > 0; back *= 4)
        {
            var there = await attempts.ReadAfterAsync(last - back, [], 1, cancellationToken).ConfigureAwait(false);
            if (back >= LongestLookBack || there is [{ } first] && first.CreatedAt < oldest)
            {
                return last - back;
            }
        }

        return 0;
    }

    /// <summary>
    /// Attempts after a position, each with the position after it; a null attempt when nothing came for a while, so that the
    /// reader can show that it is alive. Ends only by cancellation.
    /// </summary>
    public async IAsyncEnumerable<(Attempt? Attempt, TailPosition Position)> FollowAsync(
        TailPosition from, AttemptFilter filter, TimeSpan quiet, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(filter);
        var cursor = new FeedCursor(from.Position, from.Missing, time, options.CommitDeadline);
        var spokeAt = time.GetTimestamp();
        while (true)
        {
            var page = await attempts.ReadAfterAsync(cursor.Position, cursor.Missing, Page, cancellationToken).ConfigureAwait(false);
            foreach (var attempt in page)
            {
                if (cursor.Advance(attempt.Position) && filter.Matches(attempt))
                {
                    yield return (attempt, TailPosition.Of(cursor));
                    spokeAt = time.GetTimestamp();
                }
            }

            if (time.GetElapsedTime(spokeAt) >= quiet)
            {
                yield return (null, TailPosition.Of(cursor));
                spokeAt = time.GetTimestamp();
            }

            if (page.Count < Page)
            {
                await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>A place in the log: the highest position seen, and those below it that may still appear.</summary>
/// <param name="Position">Highest position seen.</param>
/// <param name="Missing">Positions below it that were not there yet.</param>
public sealed record TailPosition(long Position, IReadOnlyCollection<long> Missing)
{
    private const int MostMissing = 64;

    /// <summary>Reads the text form.</summary>
    public static TailPosition? TryParse(string? text)
    {
        var parts = text?.Split('-', MostMissing + 2) ?? [];
        if (parts.Length is 0 or > MostMissing + 1)
        {
            return null;
        }

        var numbers = new List<long>(parts.Length);
        foreach (var part in parts)
        {
            if (part.Length is 0 or > 18 || !long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers.Skip(1).All(n => n < numbers[0]) ? new TailPosition(numbers[0], [.. numbers.Skip(1)]) : null;
    }

    /// <summary>The text form: the position, then the missing ones.</summary>
    public override string ToString() => string.Join('-', Missing.Prepend(Position).Select(n => n.ToString(CultureInfo.InvariantCulture)));

    internal static TailPosition Of(FeedCursor cursor)
    {
        var missing = cursor.Missing;

        // Too many to name: start before the first of them. Some entries come twice then, none is missed.
        return missing.Count <= MostMissing ? new TailPosition(cursor.Position, [.. missing]) : new TailPosition(missing.Min() - 1, []);
    }
}
