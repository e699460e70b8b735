namespace Rekindle.Client;

/// <summary>The workers of a deployment.</summary>
public sealed record WorkerList
{
    /// <summary>Those seen within a day, newest first.</summary>
    public required IReadOnlyList<Worker> Items { get; init; }
}

/// <summary>A process that refreshes.</summary>
public sealed record Worker
{
    /// <summary>Host name and a random part.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Version of its program.</summary>
    public required string Version { get; init; }

    /// <summary>Whether it reported within the last 20 seconds.</summary>
    public bool Alive { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Its last sign of life.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>When its last cycle ended.</summary>
    public DateTimeOffset? LastCycleAt { get; init; }

    /// <summary>Refreshes in flight.</summary>
    public int InFlight { get; init; }

    /// <summary>Slots it has; none: it refreshes on demand only.</summary>
    public int Slots { get; init; }

    /// <summary>Ids of the encryption keys it holds.</summary>
    public IReadOnlyList<string> KeyIds { get; init; } = [];

    /// <summary>Its clock minus the database's; null: leases run on its own clock.</summary>
    public double? ClockSkewSeconds { get; init; }

    /// <summary>Its journal; null: a process that has none to speak of.</summary>
    public WorkerJournal? Journal { get; init; }

    /// <summary>Why it refreshes nothing: <c>other_deployment</c>, <c>other_endpoint</c>, <c>moving</c>, <c>old_backup</c>, <c>key_ring</c> or <c>undecryptable</c>; null: it refreshes.</summary>
    public string? Frozen { get; init; }
}

/// <summary>Where a worker keeps what providers answered until the database has it.</summary>
public sealed record WorkerJournal
{
    /// <summary><c>ready</c>; <c>failing</c>: it cannot be written; <c>off</c>: the operator wants none.</summary>
    public required string Status { get; init; }

    /// <summary>Entries that the database has not acknowledged.</summary>
    public int Open { get; init; }

    /// <summary>When the oldest of them was written.</summary>
    public DateTimeOffset? OldestAt { get; init; }

    /// <summary>The database's timeline onto which it has given back what it holds; null: it cannot tell timelines apart.</summary>
    public string? Timeline { get; init; }
}
