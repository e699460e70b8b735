using Microsoft.Extensions.Logging;

namespace Rekindle.Hosting;

/// <summary>Log messages of starting and housekeeping: event ids 1200-1299.</summary>
internal static partial class Log
{
    [LoggerMessage(1200, LogLevel.Information, "Migration applied: {Name}")]
    public static partial void MigrationApplied(this ILogger logger, string name);

    [LoggerMessage(1201, LogLevel.Information, "Database ready: {Database}, sealing with key {KeyId}")]
    public static partial void DatabaseReady(this ILogger logger, string database, string keyId);

    [LoggerMessage(1202, LogLevel.Error, "Housekeeping of the attempt log failed and is tried again in an hour: {Problem}")]
    public static partial void MaintenanceFailed(this ILogger logger, string problem);
}
