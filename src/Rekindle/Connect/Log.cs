using Microsoft.Extensions.Logging;

namespace Rekindle.Connect;

/// <summary>Log messages of connecting accounts: event ids 1300-1399. Never a link, a state or a code.</summary>
internal static partial class Log
{
    [LoggerMessage(1300, LogLevel.Information, "Connect session {Session}: signed in at {Integration} for {Connection}, session {Status}")]
    public static partial void Connected(this ILogger logger, string session, string integration, string connection, string status);

    [LoggerMessage(1301, LogLevel.Warning, "Connect session {Session} at {Integration} failed: {Code} {Detail}")]
    public static partial void ConnectFailed(this ILogger logger, string session, string integration, string code, string detail);

    [LoggerMessage(1302, LogLevel.Warning, "An answer came to the callback of {Integration} that belongs to no sign-in: {Code}")]
    public static partial void StrayAnswer(this ILogger logger, string integration, string code);

    [LoggerMessage(1303, LogLevel.Error, "A new grant of {Integration} could not be stored: {Problem}")]
    public static partial void GrantNotStored(this ILogger logger, string integration, string problem);

    [LoggerMessage(1307, LogLevel.Information, "A grant for {Integration} that the journal kept while the database was away is stored")]
    public static partial void GrantStoredLate(this ILogger logger, string integration);

    [LoggerMessage(1308, LogLevel.Error, "A new grant of {Integration} is lost, for the journal does not have it either; the person has to connect again")]
    public static partial void GrantLost(this ILogger logger, string integration);

    [LoggerMessage(1304, LogLevel.Information, "Connection {Connection} was not completed in time; its tokens were erased")]
    public static partial void Abandoned(this ILogger logger, string connection);

    [LoggerMessage(1305, LogLevel.Error, "Housekeeping of connect sessions failed and is tried again later: {Problem}")]
    public static partial void HousekeepingFailed(this ILogger logger, Exception exception, string problem);

    [LoggerMessage(1306, LogLevel.Information, "Connect session {Session} was not completed in time; its consent was dropped")]
    public static partial void WaitingDropped(this ILogger logger, string session);
}
