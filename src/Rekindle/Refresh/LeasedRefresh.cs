using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// A claim with the monotonic moment before it was asked for: what remains of the lease is measured from there, so that
/// neither a slow answer of the store nor a stepped wall clock can make it look longer than it is (I4).
/// </summary>
/// <param name="Claim">The claim.</param>
/// <param name="AskedAt">Timestamp from before it was asked for.</param>
/// <param name="Lease">How long it was asked for.</param>
/// <param name="Permit">The permit to send, given back if nothing is sent.</param>
internal sealed record LeasedRefresh(Claim Claim, long AskedAt, TimeSpan Lease, Permits Permit)
{
    public TimeSpan Remaining(TimeProvider time) => Lease - time.GetElapsedTime(AskedAt);
}
