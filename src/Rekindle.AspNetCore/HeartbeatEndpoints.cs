using Microsoft.AspNetCore.Http;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>One bounded heartbeat by request (C5), by GET too: many schedulers can do nothing else.</summary>
internal sealed class HeartbeatEndpoints(CronHeartbeat heartbeat, IAttemptStore attempts) : IApiEndpoints<HeartbeatEndpoints>
{
    private const int DefaultSeconds = 25;

    private static readonly QueryParameter<bool?> Verbose = Query.Flag("verbose", "Adds the attempts of this heartbeat.");
    private static readonly QueryParameter<int?> MaxSeconds = Query.Number(
        "max_seconds", $"How long it may take; default {DefaultSeconds}. Refreshes under way are finished.", 1, (int)CronHeartbeat.LongestRun.TotalSeconds);

    public static void Map(ApiRoutes<HeartbeatEndpoints> routes)
    {
        var operation = new ApiOperation("run_heartbeat", "Refresh what is due, and what will be before the next call")
        {
            Description = "For deployments where no worker can live. It learns the time between calls and looks one and a half times as far ahead.",
            Scope = ApiScopes.Heartbeat,
            WholeEnvironment = true,
            Query = [Verbose, MaxSeconds],
            Answer = typeof(Wire.HeartbeatResult),
        };
        routes.Post("/v1/heartbeat", operation, static (e, call) => e.RunAsync(call));
        routes.Get("/v1/heartbeat", operation with { Id = "run_heartbeat_by_get" }, static (e, call) => e.RunAsync(call));
    }

    private async ValueTask<ApiAnswer> RunAsync(ApiCall call)
    {
        var verbose = call.Get(Verbose) ?? false;
        var seconds = call.Get(MaxSeconds) ?? DefaultSeconds;
        if (call.Failed)
        {
            return call.Failure();
        }

        if (await heartbeat.RunAsync(call.Environment, TimeSpan.FromSeconds(seconds), call.Cancelled).ConfigureAwait(false) is not { } summary)
        {
            return Problems.Busy("heartbeat_in_progress", "Heartbeat in progress", "A call is running already.", TimeSpan.FromSeconds(5));
        }

        var log = verbose ? await ReadAttemptsAsync(call, summary).ConfigureAwait(false) : null;
        return ApiAnswer.Of(StatusCodes.Status200OK, ToWire(summary) with { Attempts = log });
    }

    private async Task<IReadOnlyList<Wire.Attempt>> ReadAttemptsAsync(ApiCall call, CronSummary summary)
    {
        var filter = new AttemptFilter { Environment = call.Environment, Source = RefreshSource.Cron, Since = summary.StartedAt };
        var found = await attempts.ListAsync(filter, null, CommonQuery.MaxLimit, call.Cancelled).ConfigureAwait(false);
        return [.. found.Select(AttemptMapping.Of)];
    }

    private static Wire.HeartbeatResult ToWire(CronSummary s) => new()
    {
        StartedAt = s.StartedAt,
        DurationMs = (long)s.Duration.TotalMilliseconds,
        Claimed = s.Cycle.Claimed,
        Refreshed = s.Cycle.Refreshed,
        Failed = s.Cycle.Failed.ToDictionary(f => Names.Of(f.Key), f => f.Value),
        Skipped = s.Cycle.Skipped,
        Complete = s.IsComplete,
        InFlight = s.InFlight,
        ObservedIntervalSeconds = s.Interval is { } interval ? (long)interval.TotalSeconds : null,
        DueWithinSeconds = (long)s.DueWithin.TotalSeconds,
        ShortLived =
        [
            .. s.ShortLived.Select(t => new Wire.ShortLivedTokens(
                t.Integration, (long)t.Lifetime.TotalSeconds, t.Connections,
                $"{t.Connections} connections of '{t.Integration}' have tokens that live {t.Lifetime.TotalSeconds:0} s, shorter than the {s.Interval!.Value.TotalSeconds:0} s "
                + $"between calls. Call at least every {t.Lifetime.TotalSeconds / 2:0} s, or run a worker.")),
        ],
    };
}
