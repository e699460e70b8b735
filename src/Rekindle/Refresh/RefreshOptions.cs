using System.ComponentModel.DataAnnotations;

namespace Rekindle.Refresh;

/// <summary>The heartbeat and the on-demand path. Defaults are SPEC's.</summary>
public sealed class RefreshOptions
{
    /// <summary>Whether this process refreshes proactively (A1). Off on web nodes; on-demand refreshes still work. Default true.</summary>
    public bool WorkerEnabled { get; set; } = true;

    /// <summary>Longest time between two looks at the schedule; the worker wakes earlier for due times. Default 120 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:02:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>Refreshes in flight at once in this process. Default 64.</summary>
    [Range(1, 4096)]
    public int Slots { get; set; } = 64;

    /// <summary>Most connections claimed in one round; 0, the default: as many as slots are free.</summary>
    [Range(0, 4096)]
    public int MaxBatch { get; set; }

    /// <summary>How long a claim is ours. Default 180 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(180);

    /// <summary>Time between a claim and its request's start that the lease allows for. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan QueueAllowance { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Deadline of a provider call, from connecting to the answer's end. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan HttpDeadline { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for a commit that the lease allows for. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan CommitDeadline { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Clock difference between machines that the lease allows for. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan SkewBound { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Remaining validity that a caller gets who names none; at most half the token's life. Default 120 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DemandFreshness { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a caller waits for a refresh unless told. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan DefaultMaxWait { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Least time between two refreshes of one connection; at most 20 % of the token's life. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan RefreshFloor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>First cool-down before a caller of an expired token may jump its back-off; doubles with each failure. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan DemandCooldown { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>First probe of an integration whose provider does not answer; doubles up to <see cref="BreakerCeiling"/>. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan BreakerBase { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Longest wait between such probes. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan BreakerCeiling { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>First probe of a misconfigured integration; doubles up to <see cref="ProbeCeiling"/>. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ProbeBase { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time between probes. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "7.00:00:00")]
    public TimeSpan ProbeCeiling { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Longest pause that a provider's Retry-After is given before one probe. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ThrottleCeiling { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long valid tokens are served from memory while the database is away. Default 15 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan MaxStale { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long attempts are kept. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan AttemptRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>What the fields say together that each alone cannot; empty when all is well (I4).</summary>
    public IEnumerable<string> Mistakes()
    {
        var needed = QueueAllowance + HttpDeadline + CommitDeadline + SkewBound;
        if (needed > Lease)
        {
            yield return $"Refresh:Lease is {Lease.TotalSeconds:0.###} s, but Refresh:QueueAllowance + Refresh:HttpDeadline + "
                + $"Refresh:CommitDeadline + Refresh:SkewBound is {needed.TotalSeconds:0.###} s. Raise the lease or lower the others.";
        }

        if (BreakerBase > BreakerCeiling)
        {
            yield return "Refresh:BreakerBase is longer than Refresh:BreakerCeiling.";
        }

        if (ProbeBase > ProbeCeiling)
        {
            yield return "Refresh:ProbeBase is longer than Refresh:ProbeCeiling.";
        }
    }
}
