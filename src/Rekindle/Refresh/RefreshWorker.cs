using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Journal;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// The background loop: rounds when something is due, a slot came free or somebody called; a report at least every
/// heartbeat interval. Ending drains: no new claims, what is in flight is finished and written.
/// </summary>
internal sealed class RefreshWorker(
    Heartbeat heartbeat, DatabaseTimeline timeline, RefreshClock clock, WorkerPulse pulse, ILogger<RefreshWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Makes the next round come at once: a lever was pulled, a connection came in.</summary>
    public void Wake() => _calls.Writer.TryWrite(true);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!clock.Options.WorkerEnabled)
        {
            return;
        }

        await Task.Yield();
        timeline.Settled += Wake;
        var reportAt = clock.Now + clock.Options.HeartbeatInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var freed = heartbeat.Slots.Freed;
                var next = await heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, stoppingToken).ConfigureAwait(false);
                pulse.Note(clock.Now);
                if (clock.Now >= reportAt || pulse.LastCycleAt is null)
                {
                    await heartbeat.CompleteCycleAsync(stoppingToken).ConfigureAwait(false);
                    pulse.NoteCycle(clock.Now);
                    reportAt = clock.Now + clock.Options.HeartbeatInterval;
                }

                await SleepAsync(next, reportAt, freed, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e) when (e is StoreException or TimeoutException)
            {
                if (e is StoreException { IsAnotherTimeline: true })
                {
                    timeline.Suspect();
                }

                logger.RoundFailed(StoreRetry.TotalSeconds, e.Message);
                pulse.Note(clock.Now, e.Message);
                await Task.Delay(StoreRetry, clock.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await heartbeat.DrainAsync().WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        timeline.Settled -= Wake;
    }

    private async Task SleepAsync(DateTimeOffset? next, DateTimeOffset reportAt, Task freed, CancellationToken stoppingToken)
    {
        var until = next < reportAt ? next.Value : reportAt;
        var sleep = until - clock.Now;
        sleep = sleep < ShortestSleep ? ShortestSleep : sleep > LongestSleep ? LongestSleep : sleep;

        // Slots that come back within this time are claimed for together.
        await Task.Delay(ShortestSleep, clock.Time, stoppingToken).ConfigureAwait(false);
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var called = _calls.Reader.WaitToReadAsync(wake.Token).AsTask();
        var slept = Task.Delay(sleep, clock.Time, wake.Token);

        // A free slot matters only while something is due.
        await (next <= clock.Now + Heartbeat.BacklogLook ? Task.WhenAny(called, slept, freed) : Task.WhenAny(called, slept)).ConfigureAwait(false);
        _calls.Reader.TryRead(out _);
        await wake.CancelAsync().ConfigureAwait(false);
        stoppingToken.ThrowIfCancellationRequested();
    }
}
