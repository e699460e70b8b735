using Rekindle.Ownership;

namespace Rekindle.Storage;

/// <summary>Workers and their last sign of life.</summary>
public interface IWorkerStore
{
    /// <summary>Writes a worker's state.</summary>
    Task BeatAsync(WorkerView worker, CancellationToken cancellationToken);

    /// <summary>All workers seen since.</summary>
    Task<IReadOnlyList<WorkerView>> ListAsync(DateTimeOffset seenSince, CancellationToken cancellationToken);

    /// <summary>Notes a timeline when it is met for the first time, with the last sign of life that any worker gave before.</summary>
    Task<TimelineEntry> EnterTimelineAsync(string timeline, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>A worker that ends cleanly takes itself off the list.</summary>
    Task RemoveAsync(string instanceId, CancellationToken cancellationToken);
}

/// <summary>A timeline of the database as its workers met it.</summary>
/// <param name="FirstSeenAt">When the first of them did.</param>
/// <param name="LastSignAt">The last sign of life of any worker before that; null: there was none.</param>
/// <param name="IsFirst">Whether no other was met before it: there is nothing that it could have forgotten.</param>
public sealed record TimelineEntry(DateTimeOffset FirstSeenAt, DateTimeOffset? LastSignAt, bool IsFirst);

/// <summary>State of a worker's journal.</summary>
public enum JournalState
{
    /// <summary>It has none, by the operator's choice.</summary>
    Off,

    /// <summary>It can be written.</summary>
    Ready,

    /// <summary>It cannot be written: refresh tokens that a refresh uses up are not refreshed by this worker.</summary>
    Failing,
}

/// <summary>A worker as others see it.</summary>
public sealed record WorkerView
{
    /// <summary>Instance id: host name and a random part.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Its last sign of life.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>When its last cycle ended; null: none yet.</summary>
    public DateTimeOffset? LastCycleAt { get; init; }

    /// <summary>Refreshes in flight.</summary>
    public int InFlight { get; init; }

    /// <summary>Slots it has.</summary>
    public int Slots { get; init; }

    /// <summary>Ids of the encryption keys it holds, comma-separated.</summary>
    public string KeyIds { get; init; } = "";

    /// <summary>Its journal; null: it has none to speak of.</summary>
    public JournalState? Journal { get; init; }

    /// <summary>Entries of its journal that the database has not acknowledged.</summary>
    public int JournalOpen { get; init; }

    /// <summary>When the oldest of them was written.</summary>
    public DateTimeOffset? JournalOldestAt { get; init; }

    /// <summary>The timeline onto which it has given back what its journal holds.</summary>
    public string? Timeline { get; init; }

    /// <summary>Its clock minus the database's; null: leases run on its own clock.</summary>
    public TimeSpan? ClockSkew { get; init; }

    /// <summary>Why it refreshes nothing; null: it may (I14).</summary>
    public FreezeReason? Frozen { get; init; }
}
