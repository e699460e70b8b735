using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Providers;

namespace Rekindle.AspNetCore;

/// <summary>The levers of A12 on one connection.</summary>
internal sealed class LeverEndpoints(ConnectionLevers levers, ConnectionName names, IntegrationDirectory directory, TimeProvider time) : IApiEndpoints<LeverEndpoints>
{
    private const int MaxNote = 500;

    public static void Map(ApiRoutes<LeverEndpoints> routes)
    {
        var lever = new ApiOperation("", "")
        {
            Scope = ApiScopes.ConnectionsWrite,
            Answer = typeof(Wire.LeverOutcome),
            Problems = [404, 409],
            BodyOptional = true,
            Idempotent = true,
        };
        routes.Post(
            "/v1/connections/{id}/refresh",
            lever with
            {
                Id = "refresh_connection",
                Summary = "Refresh now and wait for the result",
                Description = "With capture everything about the exchange is recorded, redacted. The answer is 200 also when no new token came: refreshed and problem "
                    + "tell. Moments after a refresh nothing is sent, unless to capture.",
                Body = typeof(Wire.RefreshConnection),
            },
            static (e, call) => e.RefreshAsync(call));
        routes.Post(
            "/v1/connections/{id}/require-reauthorization",
            lever with
            {
                Id = "require_reauthorization",
                Summary = "Declare that only the user can help; nothing is told to the provider",
                Body = typeof(Wire.RequireReauthorization),
            },
            static (e, call) => e.RequireReauthorizationAsync(call));
        routes.Post(
            "/v1/connections/{id}/simulate",
            lever with
            {
                Id = "simulate_failure",
                Summary = "Show a failure that did not happen, or put back what one hides",
                Description = "Nothing is sent and no attempt is recorded; texts begin with TEST:. It ends with reset, with the first real result, and with "
                    + "the next lever. Refused in the environment production.",
                Body = typeof(Wire.SimulateFailure),
                BodyOptional = false,
            },
            static (e, call) => e.SimulateAsync(call));
        foreach (var (path, id, summary, which) in new[]
                 {
                     ("retry", "retry_connection", "Clear back-off and counters and make it due now", ConnectionLever.Retry),
                     ("clear-backoff", "clear_backoff", "Clear back-off and counters; due as its expiry says", ConnectionLever.ClearBackoff),
                     ("revoke", "revoke_connection", "End the grant here and at the provider", ConnectionLever.Revoke),
                     ("disable", "disable_connection", "Pause: no refresh, no token handed out", ConnectionLever.Disable),
                     ("enable", "enable_connection", "End a pause", ConnectionLever.Enable),
                     ("take-over", "take_over_connection", "End standby: refreshed here from now on", ConnectionLever.TakeOver),
                 })
        {
            routes.Post($"/v1/connections/{{id}}/{path}", lever with { Id = id, Summary = summary }, (e, call) => e.PullAsync(call, which));
        }
    }

    private async ValueTask<ApiAnswer> RefreshAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.RefreshConnection>().ConfigureAwait(false);
        return await OnAsync(call, id => levers.RefreshAsync(id, body?.Capture ?? false, call.Actor, call.Cancelled), isRefresh: true).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> RequireReauthorizationAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.RequireReauthorization>().ConfigureAwait(false);
        TextRules.Check("note", body?.Note, MaxNote, call.Mistakes);
        return await OnAsync(call, id => levers.RequireReauthorizationAsync(id, body?.Note ?? "", call.Actor, call.Cancelled)).ConfigureAwait(false);
    }

    private async ValueTask<ApiAnswer> SimulateAsync(ApiCall call)
    {
        var body = await call.BodyAsync<Wire.SimulateFailure>().ConfigureAwait(false);
        var failure = body is null ? null : SimulationReader.Read(body, "", call.Mistakes);
        return await OnAsync(call, id => failure is null
            ? levers.EndSimulationAsync(id, call.Actor, call.Cancelled)
            : levers.SimulateAsync(id, failure, call.Actor, call.Cancelled)).ConfigureAwait(false);
    }

    private ValueTask<ApiAnswer> PullAsync(ApiCall call, ConnectionLever lever) => OnAsync(call, id => levers.PullAsync(id, new(lever), call.Actor, call.Cancelled));

    private async ValueTask<ApiAnswer> OnAsync(ApiCall call, Func<ConnectionId, Task<LeverResult>> pull, bool isRefresh = false)
    {
        var (found, problem) = await names.FindAsync(call).ConfigureAwait(false);
        if (call.Failed || found is null)
        {
            return call.Failed ? call.Failure() : problem!;
        }

        var result = await pull(found.Connection.Id).ConfigureAwait(false);
        if (result.Refusal is { } refusal)
        {
            return Problems.Refused(refusal);
        }

        if (result.Snapshot is not { } now)
        {
            return Problems.UnknownConnection(call.Route("id"));
        }

        var entry = await directory.FindAsync(now.Connection.IntegrationId, call.Cancelled).ConfigureAwait(false);
        return ApiAnswer.Ok(LeverMapping.Of(result, entry, isRefresh ? found.Tokens?.Version ?? 0 : null, time.GetUtcNow()));
    }
}
