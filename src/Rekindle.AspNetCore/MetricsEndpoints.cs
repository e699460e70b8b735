using Microsoft.AspNetCore.Http;
using Rekindle.ApiKeys;
using Rekindle.AspNetCore.Http;
using Rekindle.Hosting;
using Rekindle.Telemetry;

namespace Rekindle.AspNetCore;

/// <summary>
/// <c>/metrics</c> for Prometheus. A key shows its own environment and what belongs to none; who reads without key, where the operator allows it,
/// sees all of them.
/// </summary>
internal sealed class MetricsEndpoints(PrometheusPage page, RekindleOptions options, ApiPipeline pipeline) : IApiEndpoints<MetricsEndpoints>
{
    private static readonly ApiOperation Operation = new("get_metrics", "Metrics in Prometheus' text format")
    {
        Description = "Needs a key with the scope metrics:read, which shows its own environment, unless Metrics:Anonymous is on. Names and meanings: docs/operations.md.",
        Scope = ApiScopes.MetricsRead,
        WholeEnvironment = true,
        AnswerType = "text/plain",
        Quiet = true,
    };

    public static void Map(ApiRoutes<MetricsEndpoints> routes) => routes.Own("/metrics", Operation, static (e, http) => e.ReadAsync(http));

    private Task ReadAsync(HttpContext http) => options.Metrics.Anonymous
        ? WriteAsync(http, null)
        : pipeline.RunAsync(http, Operation, call => new(ApiAnswer.Stream(answering => WriteAsync(answering, call.Environment))));

    private async Task WriteAsync(HttpContext http, string? environment)
    {
        var text = await page.WriteAsync(environment, http.RequestAborted).ConfigureAwait(false);
        http.Response.ContentType = PrometheusPage.MediaType;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsync(text, http.RequestAborted).ConfigureAwait(false);
    }
}
