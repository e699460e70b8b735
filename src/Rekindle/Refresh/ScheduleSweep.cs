using Microsoft.Extensions.Logging;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// What time alone changes about the schedule, once a second: tokens end (A9), late results find nobody at work (I5), verdicts are published
/// (I10). A part that fails is tried again with the next sweep and holds up neither the others nor any refresh.
/// </summary>
internal sealed class ScheduleSweep(IRefreshStore store, VerdictPublisher verdicts, RefreshClock clock, ILogger<ScheduleSweep> logger)
{
    private const int DegradeBatch = 1000;
    private const int DegradeBatches = 10;
    private const int LateBatch = 64;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await TryAsync("ended tokens", () => MarkEndedAsync(cancellationToken)).ConfigureAwait(false);
        await TryAsync("late results", () => store.ApplyLateResultsAsync(clock.Now, LateBatch, cancellationToken)).ConfigureAwait(false);
        await TryAsync("verdicts", () => verdicts.RunAsync(cancellationToken)).ConfigureAwait(false);
    }

    private async Task TryAsync(string part, Func<Task> run)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            logger.SweepFailed(part, e.Message);
        }
    }

    /// <summary>The first part alone.</summary>
    public async Task MarkEndedAsync(CancellationToken cancellationToken)
    {
        for (var batch = 0; batch < DegradeBatches; batch++)
        {
            var count = await store.DegradeExpiredAsync(clock.Now, DegradeBatch, cancellationToken).ConfigureAwait(false);
            if (count > 0)
            {
                logger.Degraded(count);
            }

            if (count < DegradeBatch)
            {
                return;
            }
        }
    }
}
