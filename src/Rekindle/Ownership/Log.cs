using Microsoft.Extensions.Logging;

namespace Rekindle.Ownership;

/// <summary>Log messages about whose database this is: event ids 1800-1899.</summary>
internal static partial class Log
{
    [LoggerMessage(1800, LogLevel.Critical,
        "FROZEN ({Reason}): valid tokens are served, nothing is refreshed, connected or revoked. {Detail} {Remedy}")]
    public static partial void Frozen(this ILogger logger, string reason, string detail, string remedy);

    [LoggerMessage(1801, LogLevel.Warning, "No longer frozen ({Reason}): refreshing goes on")]
    public static partial void Thawed(this ILogger logger, string reason);

    [LoggerMessage(1802, LogLevel.Information, "Database {DatabaseId} is now that of deployment {Deployment} at {Endpoint}")]
    public static partial void Adopted(this ILogger logger, string databaseId, string deployment, string endpoint);

    [LoggerMessage(1803, LogLevel.Warning,
        "The journal's folder remembers nothing of database {DatabaseId}, which was last worked on at {Mark:O}: it is taken as it is, and an old backup could not be told. Normal at the first start on a machine")]
    public static partial void NothingRemembered(this ILogger logger, string databaseId, DateTimeOffset mark);

    [LoggerMessage(1804, LogLevel.Warning,
        "The announced move is done: from deployment {OldDeployment} at {OldEndpoint} to deployment {Deployment} at {Endpoint}. Start nothing at the old place any more")]
    public static partial void Moved(this ILogger logger, string oldDeployment, string oldEndpoint, string deployment, string endpoint);

    [LoggerMessage(1805, LogLevel.Warning, "{Path} cannot be read, and nothing is remembered of the database: {Problem}")]
    public static partial void MemoryUnreadable(this ILogger logger, string path, string problem);

    [LoggerMessage(1806, LogLevel.Warning, "{Path} cannot be written: an old backup would look younger than it is: {Problem}")]
    public static partial void MemoryNotWritten(this ILogger logger, string path, string problem);

    [LoggerMessage(1807, LogLevel.Warning, "Whose database this is could not be looked up, and is taken to be as before: {Problem}")]
    public static partial void NotChecked(this ILogger logger, string problem);
}
