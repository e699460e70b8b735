using Rekindle.Encryption;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// This process among the workers. Processes that refresh on demand only are on the list as well, with no slots: they too hold tokens that
/// nobody else knows.
/// </summary>
internal sealed class WorkerPresence(
    IWorkerStore workers, WorkerIdentity identity, Heartbeat heartbeat, ResultJournal journal, KeyRing ring, WorkerPulse pulse, ClockSkew skew,
    DatabaseOwnership ownership, StoreAbsence absence, RefreshClock clock, JournalOptions options)
{
    /// <summary>Who was alive shows himself within this time, once the database answers: he looks every second while it does not.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(5);

    // Whoever was silent for longer is gone, or so long without the database that his leases are nobody's surprise.
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(1);

    /// <summary>
    /// Before the first sign of life: who did not give one lately, and neither said goodbye nor left his journal to this process, may have been
    /// kept from it by a database that was away until now.
    /// </summary>
    public async Task ArriveAsync(CancellationToken cancellationToken)
    {
        var now = clock.Now;
        var others = await workers.ListAsync(now - Remembered, cancellationToken).ConfigureAwait(false);
        if (others.Any(w => now - w.SeenAt >= LeaseInspector.SilentAfter))
        {
            absence.Begin();
            absence.End();
        }
    }

    /// <summary>Notes that the database is on this timeline. Before the first sign of life there, so that it is known who was alive before.</summary>
    public Task<TimelineEntry> EnterAsync(string timeline, CancellationToken cancellationToken) =>
        workers.EnterTimelineAsync(timeline, clock.Now, cancellationToken);

    /// <summary>A sign of life, unless the loop that refreshes has none.</summary>
    /// <param name="replayed">The timeline onto which this process has given back what it knows.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task BeatAsync(string? replayed, CancellationToken cancellationToken)
    {
        if (pulse.Status(clock.Now) == PulseStatus.Silent)
        {
            return;
        }

        // Whose clock is off says so here, whether or not it has anything to refresh.
        await skew.IsTolerableAsync(cancellationToken).ConfigureAwait(false);
        var view = new WorkerView
        {
            InstanceId = identity.InstanceId,
            Version = identity.Version,
            StartedAt = identity.StartedAt,
            SeenAt = clock.Now,
            LastCycleAt = pulse.LastCycleAt,
            InFlight = heartbeat.Slots.InFlight,
            Slots = clock.Options.WorkerEnabled ? heartbeat.Slots.Total : 0,
            KeyIds = string.Join(',', ring.Keys.Select(k => k.Id)),
            Journal = journal.State,
            JournalOpen = journal.Pending,
            JournalOldestAt = journal.OldestPendingAt,
            Timeline = replayed,
            ClockSkew = skew.Latest,
            Frozen = ownership.Freeze?.Reason,
        };
        try
        {
            await workers.BeatAsync(view, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Full, or read-only: it may be read all the while, but nobody can write there what he knows.
            absence.Begin();
            throw;
        }
    }

    /// <summary>
    /// Whose journals are still to come, of those who were alive when the last timeline ended; null: nobody's that is worth waiting for.
    /// </summary>
    public async Task<string?> AwaitedAsync(string timeline, TimelineEntry entry, CancellationToken cancellationToken)
    {
        if (entry.IsFirst || clock.Now >= entry.FirstSeenAt + options.ReplayWait)
        {
            return null;
        }

        var aliveSince = (entry.LastSignAt ?? entry.FirstSeenAt) - LeaseInspector.SilentAfter;
        var awaited = (await workers.ListAsync(aliveSince, cancellationToken).ConfigureAwait(false))
            .Where(w => w.Journal is JournalState.Ready or JournalState.Failing && w.Timeline != timeline).Select(w => w.InstanceId).ToArray();
        return awaited.Length > 0 ? string.Join(", ", awaited)
            : clock.Now < entry.FirstSeenAt + Gathering ? "whoever has not shown up yet"
            : null;
    }

    /// <summary>Ends cleanly.</summary>
    public Task LeaveAsync(CancellationToken cancellationToken) => workers.RemoveAsync(identity.InstanceId, cancellationToken);
}
