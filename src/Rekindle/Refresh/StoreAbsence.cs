namespace Rekindle.Refresh;

/// <summary>
/// Remembers that the store was away, or took no writes. Who held results then writes them when it is back, however long it was away; until they have had the time
/// to, nobody takes their leases for lost, although these ran out meanwhile (I3): what would be sent once more is a used-up token, whose
/// successor is on its way to the store.
/// </summary>
internal sealed class StoreAbsence(RefreshClock clock)
{
    private const long None = long.MinValue;
    private const long Now = long.MaxValue;

    private long _endedAt = None;

    /// <summary>How much time the holders of results still have; zero: the store was not away, or came back long ago.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var given = clock.Options.CommitDeadline + CommitQueue.LongestRetry;
            var left = Volatile.Read(ref _endedAt) switch
            {
                None => TimeSpan.Zero,
                Now => given,
                var endedAt => given - clock.Time.GetElapsedTime(endedAt),
            };
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The store did not answer, or could not be written to: whoever says the latter goes on saying it for as long as it is so.</summary>
    public void Begin() => Volatile.Write(ref _endedAt, Now);

    /// <summary>The store has answered.</summary>
    public void End() => Interlocked.CompareExchange(ref _endedAt, clock.Time.GetTimestamp(), Now);
}
