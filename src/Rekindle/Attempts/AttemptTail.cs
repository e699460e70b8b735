using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Attempts;

/// <summary>
/// The attempt log as it grows, without gaps (D2): positions are given before their transactions commit, so a reader keeps the holes
/// it saw and asks for them again. A <see cref="TailPosition"/> carries them, so that a reader who comes back misses nothing. A database that
/// fails over gives positions out again: whoever comes from another timeline is taken back to before this one began, and reads some twice.
/// </summary>
public sealed class AttemptTail
{
    private const int Page = 200;
    private const int LookBack = 500;
    private const int LongestLookBack = 32_000;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    private readonly IAttemptStore _attempts;
    private readonly DatabaseTimeline _timeline;
    private readonly TimeSpan _commitDeadline;
    private readonly TimeProvider _time;

    internal AttemptTail(IAttemptStore attempts, DatabaseTimeline timeline, RefreshOptions options, TimeProvider time)
    {
        _attempts = attempts;
        _timeline = timeline;
        _commitDeadline = options.CommitDeadline;
        _time = time;
    }

    /// <summary>Where the log ends now; entries whose transactions are under way come after it.</summary>
    public async Task<TailPosition> NowAsync(CancellationToken cancellationToken = default)
    {
        var timeline = TagOf(_timeline.Standing);
        var last = await _attempts.LastPositionAsync(cancellationToken).ConfigureAwait(false);
        var cursor = new FeedCursor(await StartAsync(last, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false), _time, _commitDeadline);
        while (cursor.Position < last
            && await _attempts.ReadAfterAsync(cursor.Position, [], LookBack, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (var attempt in page)
            {
                cursor.Advance(attempt.Position);
            }
        }

        return TailPosition.Of(cursor, timeline);
    }

    // As far back as an entry that is older than any transaction under way at an instant: no position below it was still to come.
    private async ValueTask<long> StartAsync(long last, DateTimeOffset instant, CancellationToken cancellationToken)
    {
        var oldest = instant - FeedCursor.HoleLife(_commitDeadline);
        for (var back = LookBack; last - back > 0; back *= 4)
        {
            var there = await _attempts.ReadAfterAsync(last - back, [], 1, cancellationToken).ConfigureAwait(false);
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
        var cursor = new FeedCursor(from.Position, from.Missing, _time, _commitDeadline);
        var timeline = from.Timeline;
        var spokeAt = _time.GetTimestamp();
        while (true)
        {
            var standing = _timeline.Standing;
            if (TagOf(standing) is { } met && met != timeline)
            {
                cursor = timeline is null ? cursor : await RewindAsync(cursor, standing.Began, cancellationToken).ConfigureAwait(false);
                timeline = met;
            }

            var page = await _attempts.ReadAfterAsync(cursor.Position, cursor.Missing, Page, cancellationToken).ConfigureAwait(false);
            foreach (var attempt in page)
            {
                if (cursor.Advance(attempt.Position) && filter.Matches(attempt))
                {
                    yield return (attempt, TailPosition.Of(cursor, timeline));
                    spokeAt = _time.GetTimestamp();
                }
            }

            if (_time.GetElapsedTime(spokeAt) >= quiet)
            {
                yield return (null, TailPosition.Of(cursor, timeline));
                spokeAt = _time.GetTimestamp();
            }

            if (page.Count < Page)
            {
                await Task.Delay(Poll, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Positions that this reader saw may be given out again, to others.
    private async Task<FeedCursor> RewindAsync(FeedCursor cursor, DateTimeOffset began, CancellationToken cancellationToken)
    {
        var last = await _attempts.LastPositionAsync(cancellationToken).ConfigureAwait(false);
        var start = await StartAsync(last, began, cancellationToken).ConfigureAwait(false);
        return start < cursor.Position ? new FeedCursor(start, _time, _commitDeadline) : cursor;
    }

    // Its name is nobody's business who reads the log.
    private static string? TagOf(TimelineStanding standing) =>
        standing.Timeline is { } name ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4)) : null;
}

/// <summary>A place in the log: the highest position seen, and those below it that may still appear.</summary>
/// <param name="Position">Highest position seen.</param>
/// <param name="Missing">Positions below it that were not there yet.</param>
public sealed record TailPosition(long Position, IReadOnlyCollection<long> Missing)
{
    private const int MostMissing = 64;
    private const int TagLength = 8;

    /// <summary>Stands for the timeline of the database that gave the positions; null: it has none.</summary>
    internal string? Timeline { get; init; }

    /// <summary>Reads the text form.</summary>
    public static TailPosition? TryParse(string? text)
    {
        var at = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        var timeline = at < 0 ? null : text![(at + 1)..];
        if (timeline is not null && (timeline.Length != TagLength || !timeline.All(char.IsAsciiHexDigitLower)))
        {
            return null;
        }

        var parts = (at < 0 ? text : text![..at])?.Split('-', MostMissing + 2) ?? [];
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

        return numbers.Skip(1).All(n => n < numbers[0]) ? new TailPosition(numbers[0], [.. numbers.Skip(1)]) { Timeline = timeline } : null;
    }

    /// <summary>The text form: the position, then the missing ones, then the timeline.</summary>
    public override string ToString() =>
        string.Join('-', Missing.Prepend(Position).Select(n => n.ToString(CultureInfo.InvariantCulture))) + (Timeline is null ? "" : $".{Timeline}");

    internal static TailPosition Of(FeedCursor cursor, string? timeline)
    {
        var missing = cursor.Missing;

        // Too many to name: start before the first of them. Some entries come twice then, none is missed.
        var (position, holes) = missing.Count <= MostMissing ? (cursor.Position, missing.ToArray()) : (missing.Min() - 1, []);
        return new TailPosition(position, holes) { Timeline = timeline };
    }
}
