namespace Rekindle.Storage;

/// <summary>Workers and their last sign of life.</summary>
public interface IWorkerStore
{
    /// <summary>Writes a worker's state.</summary>
    Task BeatAsync(WorkerView worker, CancellationToken cancellationToken);

    /// <summary>All workers seen since.</summary>
    Task<IReadOnlyList<WorkerView>> ListAsync(DateTimeOffset seenSince, CancellationToken cancellationToken);

    /// <summary>A worker that ends cleanly takes itself off the list.</summary>
    Task RemoveAsync(string instanceId, CancellationToken cancellationToken);
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
}
