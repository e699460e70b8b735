using Microsoft.Extensions.Hosting;

namespace Rekindle.Telemetry;

/// <summary>Makes the instruments with the process: counters count from its start, not from the first reader.</summary>
internal sealed class TelemetryStartup(PrometheusPage page) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
