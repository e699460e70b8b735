using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Hosting;

/// <summary>Once an hour: room for the attempts of the coming days, and none of those past retention (D7).</summary>
internal sealed class AttemptMaintenance(IAttemptStore attempts, RefreshOptions options, TimeProvider time, ILogger<AttemptMaintenance> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await attempts.MaintainAsync(time.GetUtcNow(), options.AttemptRetention, stoppingToken).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.MaintenanceFailed(e.Message);
            }
        }
    }
}
