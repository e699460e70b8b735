using Microsoft.Extensions.Logging;

namespace Rekindle.Connections;

/// <summary>Log messages about connections: event ids 1100-1199.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Error, "The change feed cannot be read; tokens in memory grow stale: {Problem}")]
    public static partial void FeedUnreadable(this ILogger logger, string problem);

    [LoggerMessage(1101, LogLevel.Information, "Lever {Lever} applied to connection {Connection} by {Actor}")]
    public static partial void LeverApplied(this ILogger logger, string lever, string connection, string actor);

    [LoggerMessage(1102, LogLevel.Information, "Connection {Connection} revoked; at the provider: {Outcome}")]
    public static partial void Revoked(this ILogger logger, string connection, string outcome);
}
