using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>Every few seconds: is it still ours? In every process, since those without a worker refresh on demand.</summary>
internal sealed class OwnershipWatch(DatabaseOwnership ownership, VolumeMemory memory, TimeProvider time, ILogger<OwnershipWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        ownership.Stop();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The mark is to be exact compared with the span that is judged by it.
        using var timer = new PeriodicTimer(TimeSpan.FromTicks(Math.Clamp((memory.Span / 20).Ticks, Shortest.Ticks, Longest.Ticks)), time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await ownership.LookAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.NotChecked(e.Message);
            }
        }
    }
}
