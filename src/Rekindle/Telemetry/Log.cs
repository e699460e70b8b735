using Microsoft.Extensions.Logging;

namespace Rekindle.Telemetry;

/// <summary>Log messages of observing: event ids 1800-1849.</summary>
internal static partial class Log
{
    [LoggerMessage(1800, LogLevel.Warning, "The monitor at Rekindle:Ping:Url was not told of a completed cycle: {Problem}. The next cycle's ping is the next try; this is said once")]
    public static partial void PingFailed(this ILogger logger, string problem);

    [LoggerMessage(1801, LogLevel.Information, "The monitor at Rekindle:Ping:Url is told of completed cycles again")]
    public static partial void PingWorksAgain(this ILogger logger);
}
