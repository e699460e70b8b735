using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Hosting;
using Rekindle.Notifications;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Alerts;

/// <summary>
/// Evaluates the rules every 15 s and keeps the operators' notifications in step: one opens when a rule begins to fire and closes when its
/// condition is over, whichever processes look and however often. What each knows of itself alone it reports among the workers, so that
/// all of them judge by the same.
/// </summary>
internal sealed class AlertWorker(
    AlertBoard board, INotificationStore notifications, RekindleOptions options, TimeProvider time, ILogger<AlertWorker> logger) : BackgroundService
{
    private readonly HashSet<(string, int)> _told = [];

    /// <summary>One evaluation, and what follows from it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var alerts = await board.EvaluateAsync(cancellationToken).ConfigureAwait(false);
        Log(alerts);
        var told = alerts.Where(a => a.Rule.Notice is not null && a.State != AlertState.Ok).ToArray();
        await notifications.SyncAlertsAsync(
            [.. told.Where(a => a.State == AlertState.Firing).Select(ToNotice)],
            [.. told.Where(a => a.State == AlertState.Pending).Select(a => new AlertKey(a.IntegrationId, a.Rule.Notice!.Value))],
            time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Alerts.Enabled)
        {
            return;
        }

        using var timer = new PeriodicTimer(Observer.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await RunAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.NotEvaluated(e.Message);
            }
        }
    }

    private AlertNotice ToNotice(Alert alert) => new(
        alert.IntegrationId, alert.Environment ?? options.DefaultEnvironment, alert.Integration ?? "",
        new NotificationDraft(alert.Rule.Notice!.Value, Audience.Operator, alert.Title, $"{alert.Remedy} More: {alert.Runbook}"));

    private void Log(IReadOnlyList<Alert> alerts)
    {
        foreach (var alert in alerts)
        {
            var key = (alert.Id, alert.IntegrationId);
            if (alert.State == AlertState.Firing && _told.Add(key))
            {
                logger.AlertFires(alert.Id, alert.Integration ?? "-", alert.Value, alert.Threshold, alert.Runbook);
            }
            else if (alert.State == AlertState.Ok && _told.Remove(key))
            {
                logger.AlertEnded(alert.Id, alert.Integration ?? "-");
            }
        }
    }
}
