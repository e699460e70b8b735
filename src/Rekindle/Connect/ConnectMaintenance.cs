using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// Forgets sessions that ended long ago, and drops what nobody completed, which may be the consent of somebody whom the operator's
/// backend did not recognise: first connections, and consents that wait beside a connection.
/// </summary>
internal sealed class ConnectMaintenance(
    IConnectSessionStore sessions, IConnectionStore connections, AbandonedGrants abandoned, IntegrationDirectory directory, ResultJournal journal,
    DatabaseOwnership ownership, RefreshClock clock,
    ConnectOptions options, ILogger<ConnectMaintenance> logger) : BackgroundService
{
    private const int Page = 100;
    private const string NotCompleted = "not completed in time";
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KeepSessions = TimeSpan.FromDays(30);

    /// <summary>One round.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (ownership.Freeze is not null)
        {
            // What a copy drops here would be revoked at the provider, where it is the original's.
            return;
        }

        await sessions.PruneAsync(clock.Now - KeepSessions, cancellationToken).ConfigureAwait(false);
        await DropWaitingAsync(cancellationToken).ConfigureAwait(false);
        foreach (var environment in (await directory.AllAsync(cancellationToken).ConfigureAwait(false)).Select(e => e.Integration.Environment).Distinct())
        {
            await EndAbandonedAsync(environment, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await RunAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it was, it must not stop the host that refreshes everybody else.
                logger.HousekeepingFailed(e, e.Message);
            }
        }
    }

    private async Task EndAbandonedAsync(string environment, CancellationToken cancellationToken)
    {
        var filter = new ConnectionFilter { Environment = environment, Status = ConnectionStatus.Pending };
        ConnectionId? after = null;
        IReadOnlyList<ConnectionSnapshot> page;
        do
        {
            page = await connections.ListAsync(filter, after, Page, cancellationToken).ConfigureAwait(false);
            foreach (var snapshot in page.Where(s => s.Tokens is { } tokens && tokens.GrantedAt + options.CompletionLifetime + Interval < clock.Now))
            {
                await EndAsync(snapshot, cancellationToken).ConfigureAwait(false);
            }

            after = page is [.., var last] ? last.Connection.Id : null;
        }
        while (page.Count == Page);
    }

    // It was never anything but pending, and goes without a trace but its tombstone; unless somebody consents anew just now.
    private async Task EndAsync(ConnectionSnapshot snapshot, CancellationToken cancellationToken)
    {
        var id = snapshot.Connection.Id;
        if (await connections.DeletePendingAsync(id, snapshot.Tokens!.GrantNo, NotCompleted, clock.Now, cancellationToken).ConfigureAwait(false))
        {
            journal.NoteDeletion(id, NotCompleted);
            logger.Abandoned(id.ToString());
            await abandoned.RevokeAsync(snapshot).ConfigureAwait(false);
        }
    }

    private async Task DropWaitingAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ConnectSession> page;
        do
        {
            page = await sessions.ListAbandonedAsync(clock.Now, Page, cancellationToken).ConfigureAwait(false);
            foreach (var session in page)
            {
                var dropped = session.AsOf(clock.Now) with { WaitingConsent = null, CompletionHash = null };
                if (await sessions.AdvanceAsync(session, dropped, cancellationToken).ConfigureAwait(false))
                {
                    logger.WaitingDropped(session.Id);
                    await abandoned.RevokeAsync(session).ConfigureAwait(false);
                }
            }
        }
        while (page.Count == Page);
    }
}
