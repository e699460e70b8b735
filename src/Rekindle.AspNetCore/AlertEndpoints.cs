using Rekindle.Alerts;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>The alert rules and whether they fire.</summary>
internal sealed class AlertEndpoints(AlertBoard board, TimeProvider time) : IApiEndpoints<AlertEndpoints>
{
    private static readonly QueryParameter<bool?> All = Query.Flag("all", "True: also rules whose condition does not hold.");

    public static void Map(ApiRoutes<AlertEndpoints> routes) => routes.Get(
        "/v1/alerts",
        new("list_alerts", "What needs an operator now")
        {
            Description = "Rules about the environment's integrations and about the deployment as a whole, as this server sees them; at most 15 s old. pending: the value is too high, not yet for long enough.",
            Scope = ApiScopes.ConnectionsRead,
            WholeEnvironment = true,
            Query = [All],
            Answer = typeof(Wire.AlertList),
        },
        static (e, call) => e.ListAsync(call));

    private async ValueTask<ApiAnswer> ListAsync(ApiCall call)
    {
        var all = call.Get(All) ?? false;
        if (call.Failed)
        {
            return call.Failure();
        }

        var alerts = await board.EvaluateAsync(call.Cancelled).ConfigureAwait(false);
        var shown = alerts.Where(a => a.Environment is null || a.Environment == call.Environment).Where(a => all || a.State != AlertState.Ok);
        return ApiAnswer.Ok(new Wire.AlertList
        {
            At = time.GetUtcNow(),
            Items = [.. shown.OrderByDescending(a => a.State).ThenByDescending(a => a.Severity).ThenBy(a => a.Id, StringComparer.Ordinal).Select(ToWire)],
        });
    }

    private static Wire.Alert ToWire(Alert alert) => new()
    {
        Id = alert.Id,
        State = Names.Of(alert.State),
        Severity = Names.Of(alert.Severity),
        Integration = alert.Integration,
        Title = alert.Title,
        Remedy = alert.Remedy,
        Runbook = alert.Runbook,
        Value = Math.Round(alert.Value, 4),
        Threshold = alert.Threshold,
        ForSeconds = (long)alert.For.TotalSeconds,
        Since = alert.Since,
    };
}
