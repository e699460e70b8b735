using Microsoft.Extensions.Logging;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// How far this machine's clock is from the database's, which leases run on (I12). Beyond the bound this process claims nothing, on schedule
/// or on demand: it would judge due times and expiries by a clock that nobody else goes by. Where leases run on this machine's own
/// clock (SQLite) there is nothing to compare.
/// </summary>
internal sealed class ClockSkew(IDatabase database, RefreshClock clock, ILogger<ClockSkew> logger)
{
    /// <summary>A difference this small halts nobody, whatever the bound: round trips are not instant.</summary>
    public static readonly TimeSpan Smallest = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private Task<Measurement>? _latest;
    private Measurement? _known;
    private bool _isBeyond;

    /// <summary>This clock minus the database's, as last measured; null: not measured, or nothing to measure against.</summary>
    public TimeSpan? Latest => Volatile.Read(ref _known)?.Skew;

    /// <summary>The bound that is in force.</summary>
    public TimeSpan Bound => clock.Options.SkewBound > Smallest ? clock.Options.SkewBound : Smallest;

    /// <summary>
    /// Whether this clock may be claimed by. Asks the database when the last answer is old, or when this clock was set since: it then moved
    /// unlike the monotonic one.
    /// </summary>
    public async ValueTask<bool> IsTolerableAsync(CancellationToken cancellationToken)
    {
        var measured = await MeasureAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var beyond = measured.IsBeyond(Bound, TimeSpan.Zero);
        if (beyond != Interlocked.Exchange(ref _isBeyond, beyond))
        {
            Tell(beyond, measured);
        }

        return !beyond;
    }

    /// <summary>
    /// Whether this clock is off by more than the bound, by the last answer and by what it moved since unlike the monotonic one. Asks nobody, so it
    /// also holds while the database does not answer: for the last look before a token leaves, because the new token's end is counted from there.
    /// </summary>
    public bool IsOff => Volatile.Read(ref _known) is { } known
        && known.IsBeyond(Bound, SetSince(known, clock.Time.GetElapsedTime(known.Stamp)));

    private Task<Measurement> MeasureAsync()
    {
        lock (_gate)
        {
            if (_latest is null || (_latest.IsCompleted && !(_latest.IsCompletedSuccessfully && IsRecent(_latest.Result))))
            {
                Volatile.Write(ref _latest, AskAsync());
            }

            return _latest;
        }
    }

    private bool IsRecent(Measurement measured)
    {
        var passed = clock.Time.GetElapsedTime(measured.Stamp);
        return passed < Remembered && SetSince(measured, passed).Duration() < Smallest;
    }

    private TimeSpan SetSince(Measurement measured, TimeSpan passed) => clock.Now - measured.At - passed;

    private async Task<Measurement> AskAsync()
    {
        var asked = clock.Time.GetTimestamp();
        var before = clock.Now;
        var theirs = await database.ReadClockAsync(CancellationToken.None).ConfigureAwait(false);
        var roundTrip = clock.Time.GetElapsedTime(asked);
        var measured = new Measurement(before, asked, theirs is { } there ? before + (roundTrip / 2) - there : null, roundTrip / 2);
        Volatile.Write(ref _known, measured);
        return measured;
    }

    private void Tell(bool beyond, Measurement measured)
    {
        if (beyond)
        {
            logger.ClockSkewed(measured.Skew!.Value.TotalSeconds, Bound.TotalSeconds);
            return;
        }

        logger.ClockAgrees();
    }

    /// <param name="At">This machine's time when it was asked for.</param>
    /// <param name="Stamp">The same on the monotonic clock.</param>
    /// <param name="Skew">This clock minus the database's; null: no other clock rules.</param>
    /// <param name="Doubt">Half the round trip: the database read its clock some time within it.</param>
    private sealed record Measurement(DateTimeOffset At, long Stamp, TimeSpan? Skew, TimeSpan Doubt)
    {
        public bool IsBeyond(TimeSpan bound, TimeSpan setSince) => ((Skew ?? TimeSpan.Zero) + setSince).Duration() - Doubt > bound;
    }
}
