using Microsoft.Extensions.Hosting;
using Rekindle.Storage;

namespace Rekindle.Providers;

/// <summary>Keeps the discovery documents of all integrations at hand: reads what is missing or old, and tries again what could not be read.</summary>
internal sealed class DiscoveryWorker(IntegrationDirectory directory, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                await directory.MakeAllReadyAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (StoreException)
            {
                // The change follower reports that the store is away; this tries again with it.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
