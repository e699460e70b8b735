using Microsoft.Extensions.Logging;

namespace Rekindle.Postgres;

/// <summary>Log messages of the PostgreSQL stores: events 7100 to 7199.</summary>
internal static partial class Log
{
    [LoggerMessage(7101, LogLevel.Warning, "fsync is off at {Server}: after a crash of that machine its data may be lost or damaged, refresh tokens included")]
    public static partial void NoFsync(ILogger logger, string server);

    [LoggerMessage(7102, LogLevel.Warning, "LISTEN at {Server} failed and is tried again in {RetrySeconds} s; until then changes are found by polling: {Problem}")]
    public static partial void ListenFailed(ILogger logger, string server, double retrySeconds, string problem);

    [LoggerMessage(7103, LogLevel.Debug, "NOTIFY failed; readers find the change by polling: {Problem}")]
    public static partial void NotifyFailed(ILogger logger, string problem);

    [LoggerMessage(7104, LogLevel.Information, "The attempt log could not drop {Partition} yet, something is reading it; the next maintenance tries again")]
    public static partial void PartitionInUse(ILogger logger, string partition);

    [LoggerMessage(7105, LogLevel.Warning, "The attempts of a batch of {Count} results could not be recorded with them and get a transaction of their own: {Problem}")]
    public static partial void AttemptsApart(ILogger logger, int count, string problem);

    [LoggerMessage(7106, LogLevel.Warning,
        "The timeline cannot be read, so that a failover to a replica is not noticed and what it forgot is not given back: {Problem} Grant EXECUTE on pg_control_system() and pg_walfile_name(pg_lsn)")]
    public static partial void TimelineHidden(ILogger logger, string problem);
}
