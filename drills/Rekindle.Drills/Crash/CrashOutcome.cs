namespace Rekindle.Drills.Crash;

/// <summary>How a cell ended.</summary>
internal enum CrashEnd
{
    /// <summary>Active with a token that the provider's API takes, and refreshed once more since.</summary>
    Well,

    /// <summary>The user is asked, and told why: <c>rotation_lost</c>.</summary>
    RotationLost,

    /// <summary>Ended for another reason.</summary>
    Ended,

    /// <summary>Neither well nor ended in time.</summary>
    Stuck,

    /// <summary>The server did not die in the gap.</summary>
    Survived,

    /// <summary>The drill itself broke.</summary>
    Broken,
}

/// <summary>What one cell showed.</summary>
internal sealed record CrashOutcome(CrashCell Cell, CrashEnd End)
{
    /// <summary>Status and reason as the API says them, or what went wrong.</summary>
    public string Said { get; init; } = "";

    /// <summary>From the death until the connection was active with a new token, or had ended.</summary>
    public TimeSpan UntilSettled { get; init; }

    public CallerRecord Caller { get; init; } = new(0, 0, 0, TimeSpan.Zero, new Dictionary<string, int>());

    /// <summary>Refresh tokens presented more often than the provider's rule and a recorded doubt allow.</summary>
    public IReadOnlyList<string> Breaches { get; init; } = [];

    /// <summary>Lost where nobody could have kept it, and said so.</summary>
    public bool IsKnownLoss => End == CrashEnd.RotationLost && Cell.OnlyTheProviderKnows;

    /// <summary>Whether the cell is as promised.</summary>
    public bool IsAsPromised => (End == CrashEnd.Well || IsKnownLoss) && Breaches.Count == 0;
}
