using Microsoft.Extensions.Logging;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>What time alone changes about the schedule, once a second: tokens end (A9), late results find nobody at work (I5), verdicts are published (I10).</summary>
internal sealed class ScheduleSweep(IRefreshStore store, VerdictPublisher verdicts, RefreshClock clock, ILogger<ScheduleSweep> logger)
{
    private const int DegradeBatch = 1000;
    private const int LateBatch = 64;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await MarkEndedAsync(cancellationToken).ConfigureAwait(false);
        await store.ApplyLateResultsAsync(clock.Now, LateBatch, cancellationToken).ConfigureAwait(false);
        await verdicts.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task MarkEndedAsync(CancellationToken cancellationToken)
    {
        int count;
        do
        {
            count = await store.DegradeExpiredAsync(clock.Now, DegradeBatch, cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                logger.Degraded(count);
            }
        }
        while (count == DegradeBatch);
    }
}
