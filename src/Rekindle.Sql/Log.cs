using Microsoft.Extensions.Logging;

namespace Rekindle.Sql;

/// <summary>Log messages of the stores: events 7000 to 7099.</summary>
internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Error, "Attempt {AttemptId} of {ConnectionId} could not be recorded; its result was stored")]
    public static partial void AttemptNotRecorded(ILogger logger, Exception exception, Guid attemptId, string connectionId);
}
