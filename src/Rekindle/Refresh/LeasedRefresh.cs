using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// A claim with the monotonic moment before it was asked for: what remains of the lease is measured from there, so that
/// neither a slow answer of the store nor a stepped wall clock can make it look longer than it is (I4).
/// </summary>
internal sealed record LeasedRefresh(Claim Claim, long AskedAt, TimeSpan Lease)
{
    public TimeSpan Remaining(TimeProvider time) => Lease - time.GetElapsedTime(AskedAt);
}
