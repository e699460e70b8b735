using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rekindle.AspNetCore.Http;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>Is it alive, can it work: for load balancers and supervisors, without a key and without details for strangers.</summary>
internal sealed class HealthEndpoints(IDatabase database, KeyRing ring, WorkerPulse pulse, WorkerIdentity worker, TimeProvider time) : IApiEndpoints<HealthEndpoints>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Map(ApiRoutes<HealthEndpoints> routes)
    {
        routes.Anonymous("/healthz", new("get_health", "The process answers") { Answer = typeof(Wire.Health) }, static (e, http) => e.HealthAsync(http));
        routes.Anonymous(
            "/readyz",
            new("get_readiness", "The API and the worker can do their work")
            {
                Description = "503 when the API cannot: the database cannot be written, or the key ring is missing. A worker in trouble is told beside it and does not make the API unready.",
                Answer = typeof(Wire.Health),
                Problems = [503],
            },
            static (e, http) => e.ReadyAsync(http));
    }

    private Task HealthAsync(HttpContext http) => WriteAsync(http, new Wire.Health { Status = "ok", Version = worker.Version });

    private async Task ReadyAsync(HttpContext http)
    {
        var api = await CheckApiAsync(http.RequestAborted).ConfigureAwait(false);
        await WriteAsync(http, new Wire.Health
        {
            Status = api.Status,
            Version = worker.Version,
            Api = api,
            Worker = new(pulse.Status(time.GetUtcNow()) switch
            {
                PulseStatus.Off => "off",
                PulseStatus.Beating => "ok",
                _ => "unavailable",
            }, pulse.Describe(time.GetUtcNow())),
        }).ConfigureAwait(false);
    }

    private async Task<Wire.HealthPart> CheckApiAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.ProbeAsync(cancellationToken).WaitAsync(Patience, time, cancellationToken).ConfigureAwait(false);
            return new("ok", $"The database can be written; sealing with key {ring.Current.Id}.");
        }
        catch (Exception e) when (e is StoreException or TimeoutException)
        {
            return new("unavailable", "The database cannot be written.");
        }
    }

    private static async Task WriteAsync(HttpContext http, Wire.Health health)
    {
        http.Response.StatusCode = health.Status == "ok" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        await JsonSerializer.SerializeAsync(http.Response.Body, health, ApiJson.Default.Health, http.RequestAborted).ConfigureAwait(false);
    }
}
