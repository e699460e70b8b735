using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// Notices that the database has failed over to a replica, which may have forgotten the last commits, and sees to it that nothing of them is
/// lost (DESIGN §6).
/// <code>
///   met        nothing that a refresh uses up is sent any more by this process; claims name the new timeline
///   given back what this process kept is offered again, each result over its exact parent; its flights have landed
///   settled    so has every worker that was alive before, or the wait for it is over: all goes on
/// </code>
/// It looks every five seconds, and at once when a claim was refused: the database itself compares the timeline that a claim names with its
/// own, so that nobody claims on one that he does not know of. Valid tokens are served all the while.
/// </summary>
internal sealed class TimelineFollower(
    IDatabase database, DatabaseTimeline timeline, JournalRecovery recovery, ResultJournal journal, WorkerPresence presence, ChangeFollower changes,
    TimeProvider time, ILogger<TimelineFollower> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Impatience = TimeSpan.FromSeconds(1);

    private TimelineEntry? _entry;
    private string _waitedFor = "";

    /// <summary>Before anything is claimed it is known on which timeline.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await presence.ArriveAsync(cancellationToken).ConfigureAwait(false);
        await LookAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>After the last refresh: this process is no longer one of those who work here.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await presence.LeaveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is StoreException or OperationCanceledException)
        {
            // It ages off the list instead.
            logger.TimelineUnknown(e.Message);
        }
    }

    /// <summary>Looks once, and does the next thing that is to be done.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (await database.ReadTimelineAsync(cancellationToken).ConfigureAwait(false) is not { } found)
        {
            await presence.BeatAsync(null, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (found != timeline.Standing.Timeline)
        {
            await MeetAsync(found, cancellationToken).ConfigureAwait(false);
        }

        await presence.BeatAsync(timeline.Replayed, cancellationToken).ConfigureAwait(false);
        if (timeline.Replayed != found)
        {
            await recovery.GiveBackAsync(cancellationToken).ConfigureAwait(false);
            if (await database.ReadTimelineAsync(cancellationToken).ConfigureAwait(false) != found)
            {
                timeline.Suspect();
                return;
            }

            timeline.Replayed = found;
            await presence.BeatAsync(found, cancellationToken).ConfigureAwait(false);
        }

        await SettleAsync(found, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = Interval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await timeline.WaitAsync(timeline.Standing.IsSettled ? wait : Impatience, time, stoppingToken).ConfigureAwait(false);
                await LookAsync(stoppingToken).ConfigureAwait(false);
                wait = Interval;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreException or TimeoutException or IOException)
            {
                logger.TimelineUnknown(e.Message);
                wait = Impatience;
            }
        }
    }

    private async Task MeetAsync(string found, CancellationToken cancellationToken)
    {
        // Closed first: until the new timeline is entered, claims name the old one and are refused.
        timeline.Unsettle();
        _entry = await presence.EnterAsync(found, cancellationToken).ConfigureAwait(false);
        if (timeline.Standing.Timeline is { } before)
        {
            // What this process has read of the change feed may be of a history that ended.
            changes.Rewind();
            logger.FailedOver(database.Description, found, before);
        }

        timeline.Enter(found, _entry.LastSignAt ?? _entry.FirstSeenAt);
    }

    private async Task SettleAsync(string found, CancellationToken cancellationToken)
    {
        if (!timeline.Standing.IsSettled)
        {
            if (await presence.AwaitedAsync(found, _entry!, cancellationToken).ConfigureAwait(false) is { } awaited)
            {
                if (awaited != _waitedFor)
                {
                    logger.ReplaysAwaited(found, _waitedFor = awaited);
                }

                return;
            }

            // What readers have in memory may be newer than what could be given back.
            changes.ForgetAll();
            timeline.Settle();
            logger.TimelineSettled(found);
        }

        journal.Confirm();
    }
}
