namespace Rekindle.Client;

/// <summary>The leases of an environment.</summary>
public sealed record LeaseList
{
    /// <summary>Oldest first, at most 1000.</summary>
    public required IReadOnlyList<Lease> Items { get; init; }
}

/// <summary>A worker's time-limited claim on a connection.</summary>
public sealed record Lease
{
    /// <summary>Connection.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>Customer or organisation.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The operator's user.</summary>
    public required string Subject { get; init; }

    /// <summary><c>normal</c>, <c>dead_holder</c> or <c>open_intent</c>.</summary>
    public required string Verdict { get; init; }

    /// <summary>The verdict in words.</summary>
    public required string Detail { get; init; }

    /// <summary>When the connection is free again by itself, at the latest.</summary>
    public DateTimeOffset ReturnsAt { get; init; }

    /// <summary>Instance id of the holder.</summary>
    public required string Holder { get; init; }

    /// <summary>Its program's version; null: it never reported.</summary>
    public string? HolderVersion { get; init; }

    /// <summary>Its last sign of life.</summary>
    public DateTimeOffset? HolderSeenAt { get; init; }

    /// <summary>Seconds since then.</summary>
    public long? HolderSilentSeconds { get; init; }

    /// <summary>Attempt it is for.</summary>
    public Guid AttemptId { get; init; }

    /// <summary>Counts the leases of this connection.</summary>
    public long Fence { get; init; }

    /// <summary>When it was taken.</summary>
    public DateTimeOffset AcquiredAt { get; init; }

    /// <summary>Seconds since then.</summary>
    public long HeldSeconds { get; init; }

    /// <summary>When it ends, or ended.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Seconds since its end; negative: until it.</summary>
    public long ExpiredSeconds { get; init; }

    /// <summary>Leases in a row that ended without outcome.</summary>
    public int OpenIntents { get; init; }
}
