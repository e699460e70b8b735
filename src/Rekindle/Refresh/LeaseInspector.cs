using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>Leases with what an operator wants to know about them (A4): is this normal, and when does it end by itself.</summary>
public sealed class LeaseInspector
{
    /// <summary>Workers report every five seconds; who is silent for this long counts as gone.</summary>
    public static TimeSpan SilentAfter { get; } = TimeSpan.FromSeconds(20);

    private readonly IRefreshStore _store;
    private readonly IntegrationDirectory _directory;
    private readonly Heartbeat _heartbeat;
    private readonly TimeProvider _time;

    internal LeaseInspector(IRefreshStore store, IntegrationDirectory directory, Heartbeat heartbeat, TimeProvider time)
    {
        _store = store;
        _directory = directory;
        _heartbeat = heartbeat;
        _time = time;
    }

    /// <summary>Leases of an environment, oldest first.</summary>
    public async Task<IReadOnlyList<InspectedLease>> ListAsync(string environment, int limit, CancellationToken cancellationToken = default)
    {
        var inspected = new List<InspectedLease>();
        foreach (var lease in await _store.ListLeasesAsync(environment, limit, cancellationToken).ConfigureAwait(false))
        {
            var entry = await _directory.FindAsync(environment, lease.Key.Integration, cancellationToken).ConfigureAwait(false);
            inspected.Add(Inspect(lease, entry));
        }

        return inspected;
    }

    private InspectedLease Inspect(LeaseView lease, IntegrationEntry? entry)
    {
        var now = _time.GetUtcNow();
        var settlesAt = lease.LeaseUntil + (entry?.Provider is null ? TimeSpan.Zero : _heartbeat.IntentWait(entry));
        if (lease.LeaseUntil <= now)
        {
            return new InspectedLease(lease, LeaseVerdict.OpenIntent, settlesAt,
                "The lease ended without outcome: whether the token was sent is not known. It is taken over by itself at the time given.");
        }

        // A process without worker (a web node refreshing on demand) reports no life; its lease's end is all there is to go by.
        return lease.HolderSeenAt is { } seen && now - seen > SilentAfter
            ? new InspectedLease(lease, LeaseVerdict.DeadHolder, settlesAt,
                $"Its holder has not been heard of for {(now - seen).TotalSeconds:0} s. The connection is taken over by itself at the time given.")
            : new InspectedLease(lease, LeaseVerdict.Normal, lease.LeaseUntil, "Somebody refreshes it now.");
    }
}

/// <summary>A lease and what it means.</summary>
/// <param name="Lease">The lease.</param>
/// <param name="Verdict">What it means.</param>
/// <param name="ReturnsAt">When the connection is free again by itself, at the latest.</param>
/// <param name="Detail">The same in words.</param>
public sealed record InspectedLease(LeaseView Lease, LeaseVerdict Verdict, DateTimeOffset ReturnsAt, string Detail);

/// <summary>What a lease means.</summary>
public enum LeaseVerdict
{
    /// <summary>A refresh under way.</summary>
    Normal,

    /// <summary>Its holder is gone; it returns by itself.</summary>
    DeadHolder,

    /// <summary>It ended without outcome and waits to be taken over.</summary>
    OpenIntent,
}
