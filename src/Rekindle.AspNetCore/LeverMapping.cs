using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>What a lever did, as the wire has it.</summary>
internal static class LeverMapping
{
    /// <summary>One connection's outcome; <paramref name="versionBefore"/> is that of its tokens before a refresh, null for other levers.</summary>
    public static Wire.LeverOutcome Of(LeverResult result, IntegrationEntry? entry, int? versionBefore, DateTimeOffset now) => new()
    {
        Connection = ConnectionMapping.Of(result.Snapshot!, entry, now),
        Refreshed = versionBefore is { } before ? result.Snapshot!.Tokens?.Version > before : null,
        Problem = result.Error is { } error ? Problems.ToProblem(error) : null,
        Attempt = result.Attempt is { } attempt ? AttemptMapping.Of(attempt) : null,
        AtProvider = result.AtProvider is { } outcome ? Names.Of(outcome) : null,
    };

    public static Wire.BatchOutcomeItem Of(BatchItem item, bool dryRun)
    {
        var error = item.After?.Error;
        return new Wire.BatchOutcomeItem
        {
            ConnectionId = item.Before.Connection.Id.ToString(),
            StatusBefore = Names.Of(item.Before.Connection.Status),
            StatusAfter = item.After?.Snapshot is { } after ? Names.Of(after.Connection.Status) : null,
            Ok = dryRun || (item is { After: not null, Problem: null } && error is null),
            Code = item.Problem is not null ? "lever_failed" : error is not null ? Names.Of(error.Code) : null,
            Detail = item.Problem ?? error?.Message,
            AtProvider = item.After?.AtProvider is { } outcome ? Names.Of(outcome) : null,
        };
    }
}
