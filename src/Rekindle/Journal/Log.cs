using Microsoft.Extensions.Logging;

namespace Rekindle.Journal;

/// <summary>Log messages of the journal: event ids 1700-1799.</summary>
internal static partial class Log
{
    [LoggerMessage(1700, LogLevel.Information, "Journal in {Folder}")]
    public static partial void JournalOpened(this ILogger logger, string folder);

    [LoggerMessage(1701, LogLevel.Warning,
        "There is no journal (Rekindle:Journal:Enabled is false): a crash between a provider's answer and its commit loses a rotated refresh token")]
    public static partial void NoJournal(this ILogger logger);

    [LoggerMessage(1702, LogLevel.Information,
        "Journal of {InstanceId} adopted: {Results} results, {Applied} were missing and are stored now, {AlreadyThere} already there, {Deferred} wait for a refresh in flight, {Superseded} superseded; {Released} leases given back, {InDoubt} in doubt")]
    public static partial void Adopted(
        this ILogger logger, string instanceId, int results, int applied, int alreadyThere, int deferred, int superseded, int released, int inDoubt);

    [LoggerMessage(1703, LogLevel.Warning, "Journal of {InstanceId}: {Problem} What stands before it was read")]
    public static partial void JournalEndsEarly(this ILogger logger, string instanceId, string problem);

    [LoggerMessage(1704, LogLevel.Error, "Journal of {InstanceId} cannot be read and stays where it is ({Folder}): {Problem}")]
    public static partial void JournalUnreadable(this ILogger logger, string instanceId, string folder, string problem);

    [LoggerMessage(1705, LogLevel.Error, "The journal cannot be written: {Problem} Refresh tokens that are used up by a refresh are not refreshed until it can")]
    public static partial void JournalFailed(this ILogger logger, string problem);

    [LoggerMessage(1706, LogLevel.Information, "The journal can be written again")]
    public static partial void JournalRecovered(this ILogger logger);

    [LoggerMessage(1707, LogLevel.Warning, "The journal of a process that is gone waits to be adopted: {Problem}")]
    public static partial void AdoptionPostponed(this ILogger logger, string problem);

    [LoggerMessage(1708, LogLevel.Warning, "{Database} has failed over: it is on timeline {Timeline} now, and was on {Before}. It is reminded of what this process did last")]
    public static partial void FailedOver(this ILogger logger, string database, string timeline, string before);

    [LoggerMessage(1709, LogLevel.Information, "Given back: {Results} results of this process, {Applied} were missing and are stored now, {Deferred} wait for what other workers know")]
    public static partial void GivenBack(this ILogger logger, int results, int applied, int deferred);

    [LoggerMessage(1710, LogLevel.Warning, "On timeline {Timeline} refresh tokens that a refresh uses up wait for {Workers}, who may know more than the database")]
    public static partial void ReplaysAwaited(this ILogger logger, string timeline, string workers);

    [LoggerMessage(1711, LogLevel.Information, "Timeline {Timeline} has all that is known: everything is refreshed")]
    public static partial void TimelineSettled(this ILogger logger, string timeline);

    [LoggerMessage(1714, LogLevel.Information, "A consent for {Integration} that a process left in its journal is stored")]
    public static partial void ConsentStored(this ILogger logger, string integration);

    [LoggerMessage(1713, LogLevel.Warning, "The database had forgotten {Count} new grants or levers, and has them again")]
    public static partial void ChangesRestored(this ILogger logger, int count);

    [LoggerMessage(1712, LogLevel.Warning, "The database cannot be looked at: {Problem}")]
    public static partial void TimelineUnknown(this ILogger logger, string problem);
}
