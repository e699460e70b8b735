using Microsoft.Extensions.Logging;

namespace Rekindle.AspNetCore.Connect;

/// <summary>Log messages of the connect pages: event ids 1600-1699. Never an address that was asked for: it holds links, states and codes.</summary>
internal static partial class Log
{
    [LoggerMessage(1600, LogLevel.Error, "A connect page could not be served, the database is away: {Problem}")]
    public static partial void StoreAway(this ILogger logger, string problem);
}
