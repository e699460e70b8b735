namespace Rekindle.Drills.Chaos;

/// <summary>What is done to the fleet.</summary>
internal enum ChaosFaultKind
{
    /// <summary>A server is killed by signal 9 and started again.</summary>
    Kill,

    /// <summary>A server is stopped for longer than its leases last, and continued.</summary>
    Stop,

    /// <summary>A server is stopped for a moment.</summary>
    Pause,

    /// <summary>The database is shut down fast and started again.</summary>
    DatabaseFast,

    /// <summary>The database is shut down at once and recovers from its log.</summary>
    DatabaseImmediate,

    /// <summary>The database's first process is killed by signal 9.</summary>
    DatabaseKill,

    /// <summary>One session's process is killed by signal 9: the database restarts all of them.</summary>
    SessionKill,

    /// <summary>A server's line to the database is cut, and nothing comes through for a while.</summary>
    Partition,

    /// <summary>The database commits a result, and its server never hears of it.</summary>
    LostCommit,

    /// <summary>The database grants claims, and its server never hears of it.</summary>
    LostClaim,

    /// <summary>The disk of a journal is full.</summary>
    DiskFull,

    /// <summary>A provider answers 503.</summary>
    Outage,

    /// <summary>A provider answers 500 in its own words.</summary>
    ServerError,

    /// <summary>A provider does nothing and answers nothing.</summary>
    Hang,

    /// <summary>A provider does its work and answers too late.</summary>
    LateAnswer,

    /// <summary>A provider does its work and the answer is lost, whole or by half, or replaced by a gateway's.</summary>
    LostAnswer,

    /// <summary>A provider wants fewer requests.</summary>
    Throttle,

    /// <summary>A server's line to the providers breaks.</summary>
    ProviderLine,

    /// <summary>A worker's wall clock is set ahead or back, and later right again.</summary>
    Clock,
}

/// <summary>One fault of the plan.</summary>
/// <param name="At">Since the faults began.</param>
/// <param name="Kind">What.</param>
/// <param name="Seat">Whom it strikes; empty: the database, or a provider.</param>
/// <param name="Provider">Which provider; empty: none.</param>
/// <param name="Lasts">For how long.</param>
/// <param name="Variant">Which of several ways.</param>
internal sealed record ChaosFault(TimeSpan At, ChaosFaultKind Kind, string Seat, string Provider, TimeSpan Lasts, int Variant)
{
    /// <summary>Whom it strikes, in words.</summary>
    public string Target => Seat.Length > 0 ? Seat : Provider.Length > 0 ? Provider : "database";
}
