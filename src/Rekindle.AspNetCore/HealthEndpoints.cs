using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Rekindle.AspNetCore.Http;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore;

/// <summary>Is it alive, can it work: for load balancers and supervisors, without a key and without details for strangers.</summary>
internal sealed class HealthEndpoints(IDatabase database, WorkerPulse pulse, DatabaseOwnership ownership, WorkerIdentity worker, TimeProvider time) : IApiEndpoints<HealthEndpoints>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A probe is a write that reaches the disk, and anybody may ask: one serves all who ask meanwhile.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Task<bool>? _probe;
    private long _probedAt;

    public static void Map(ApiRoutes<HealthEndpoints> routes)
    {
        routes.Anonymous("/healthz", new("get_health", "The process answers") { Answer = typeof(Wire.Health) }, static (e, http) => e.HealthAsync(http));
        routes.Anonymous(
            "/readyz",
            new("get_readiness", "The API and the worker can do their work")
            {
                Description = "503 when the API cannot: the database cannot be written, or the key ring is not the database's. A worker in trouble, or frozen, is told beside it and does not make the API unready. The answer may be two seconds old.",
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
            Worker = DescribeWorker(),
        }).ConfigureAwait(false);
    }

    private Wire.HealthPart DescribeWorker() => ownership.Freeze is { } freeze
        ? new("frozen", $"Nothing is refreshed: this may not be the database that the server works on ({Names.Of(freeze.Reason)}). The log says what to do.")
        : new(pulse.Status(time.GetUtcNow()) switch
        {
            PulseStatus.Off => "off",
            PulseStatus.Beating => "ok",
            _ => "unavailable",
        }, pulse.Describe(time.GetUtcNow()));

    private async Task<Wire.HealthPart> CheckApiAsync(CancellationToken cancellationToken) =>
        ownership.Freeze is { Reason: FreezeReason.KeyRing }
            ? new("unavailable", "The key ring is not the one that the database was sealed with.")
            : await CanWriteAsync().WaitAsync(cancellationToken).ConfigureAwait(false)
            ? new("ok", "The database can be written.")
            : new("unavailable", "The database cannot be written.");

    private Task<bool> CanWriteAsync()
    {
        lock (_lock)
        {
            if (_probe is null || (_probe.IsCompleted && time.GetElapsedTime(_probedAt) >= Remembered))
            {
                (_probedAt, _probe) = (time.GetTimestamp(), ProbeAsync());
            }

            return _probe;
        }
    }

    private async Task<bool> ProbeAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await database.ProbeAsync(patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException)
        {
            return false;
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
