using Microsoft.Extensions.Logging;

namespace Rekindle.AspNetCore.Http;

/// <summary>Log messages of the API: event ids 1500-1599.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 1500, Message = "{Method} {Route} → {Status} {Code} key {Key} {Milliseconds:0.0} ms")]
    public static partial void Request(
        this ILogger logger, LogLevel level, string method, string route, int status, string? code, string? key, double milliseconds);

    [LoggerMessage(1501, LogLevel.Error, "{Method} {Route} broke ({TraceId})")]
    public static partial void RequestBroke(this ILogger logger, Exception exception, string method, string route, string traceId);

    [LoggerMessage(1502, LogLevel.Warning, "{Method} {Route} could not use the database: {Problem}")]
    public static partial void StoreAway(this ILogger logger, string method, string route, string problem);

    [LoggerMessage(1503, LogLevel.Warning, "A request of {Owner} was done and its answer could not be kept for its Idempotency-Key")]
    public static partial void AnswerNotKept(this ILogger logger, Exception exception, string owner);
}
