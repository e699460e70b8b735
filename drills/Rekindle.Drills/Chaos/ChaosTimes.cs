namespace Rekindle.Drills.Chaos;

/// <summary>The times of a run, scaled: what lasts minutes in production lasts seconds here, and keeps its proportions.</summary>
internal sealed record ChaosTimes
{
    /// <summary>Of every access token.</summary>
    public required TimeSpan TokenLifetime { get; init; }

    /// <summary>How long a claim lasts.</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>A provider call, whole.</summary>
    public required TimeSpan HttpDeadline { get; init; }

    /// <summary>Writing a result.</summary>
    public required TimeSpan CommitDeadline { get; init; }

    /// <summary>How long a strict token in doubt waits for its lost holder.</summary>
    public required TimeSpan InDoubtHold { get; init; }

    /// <summary>From the start of one fault to the start of the next.</summary>
    public required TimeSpan FaultEvery { get; init; }

    /// <summary>Most time without faults until everybody has to be well.</summary>
    public required TimeSpan Settle { get; init; }

    /// <summary>Clock difference that is put up with.</summary>
    public TimeSpan SkewBound { get; } = TimeSpan.FromSeconds(2);

    public static ChaosTimes Long { get; } = new()
    {
        TokenLifetime = TimeSpan.FromSeconds(30),
        Lease = TimeSpan.FromSeconds(15),
        HttpDeadline = TimeSpan.FromSeconds(5),
        CommitDeadline = TimeSpan.FromSeconds(5),
        InDoubtHold = TimeSpan.FromSeconds(20),
        FaultEvery = TimeSpan.FromSeconds(4),
        Settle = TimeSpan.FromMinutes(3),
    };

    public static ChaosTimes Quick { get; } = new()
    {
        TokenLifetime = TimeSpan.FromSeconds(8),
        Lease = TimeSpan.FromSeconds(8),
        HttpDeadline = TimeSpan.FromSeconds(2.5),
        CommitDeadline = TimeSpan.FromSeconds(2.5),
        InDoubtHold = TimeSpan.FromSeconds(4),
        FaultEvery = TimeSpan.FromSeconds(1.2),
        Settle = TimeSpan.FromSeconds(90),
    };
}
