namespace Rekindle.Refresh;

/// <summary>Whether this process's worker is alive: noted by its loop, read by health checks.</summary>
public sealed class WorkerPulse(RefreshOptions options)
{
    // The loop looks at the schedule at least every 5 s; a store that is slow for a while is no reason to be restarted.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private Beat? _last;
    private Beat? _lastCycle;

    /// <summary>Where it stands.</summary>
    public PulseStatus Status(DateTimeOffset now) => !options.WorkerEnabled ? PulseStatus.Off : Volatile.Read(ref _last) switch
    {
        null => PulseStatus.Starting,
        { Problem: not null } => PulseStatus.Failing,
        { At: var at } => now - at > Silence ? PulseStatus.Silent : PulseStatus.Beating,
    };

    /// <summary>The same in words.</summary>
    public string Describe(DateTimeOffset now) => Status(now) switch
    {
        PulseStatus.Off => "Proactive refreshing is switched off in this process.",
        PulseStatus.Starting => "The worker has not looked at the schedule yet.",
        PulseStatus.Failing => "The worker cannot read the schedule.",
        PulseStatus.Silent => "The worker has stopped looking at the schedule.",
        _ => "The worker looks at the schedule.",
    };

    /// <summary>When the last cycle was reported; null: none yet.</summary>
    internal DateTimeOffset? LastCycleAt => Volatile.Read(ref _lastCycle)?.At;

    internal void NoteCycle(DateTimeOffset now) => Volatile.Write(ref _lastCycle, new Beat(now, null));

    internal void Note(DateTimeOffset now, string? problem = null) => Volatile.Write(ref _last, new Beat(now, problem));

    private sealed record Beat(DateTimeOffset At, string? Problem);
}

/// <summary>State of a worker.</summary>
public enum PulseStatus
{
    /// <summary>Switched off by a setting.</summary>
    Off,

    /// <summary>It has not run yet.</summary>
    Starting,

    /// <summary>It does its rounds.</summary>
    Beating,

    /// <summary>Its last round failed.</summary>
    Failing,

    /// <summary>It has not been heard of for a minute.</summary>
    Silent,
}
