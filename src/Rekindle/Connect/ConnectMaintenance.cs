using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// Forgets sessions that ended long ago, and ends connections that nobody completed: they may hold the consent of somebody whom the
/// operator's backend did not recognise.
/// </summary>
internal sealed class ConnectMaintenance(
    IConnectSessionStore sessions, IConnectionStore connections, IntegrationDirectory directory, RefreshClock clock, ConnectOptions options,
    ILogger<ConnectMaintenance> logger) : BackgroundService
{
    private const int Page = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan KeepSessions = TimeSpan.FromDays(30);

    /// <summary>One round.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await sessions.PruneAsync(clock.Now - KeepSessions, cancellationToken).ConfigureAwait(false);
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
            catch (StoreException e)
            {
                logger.HousekeepingFailed(e.Message);
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
            foreach (var snapshot in page.Where(s => s.Tokens is null || s.Tokens.GrantedAt + options.CompletionLifetime + Interval < clock.Now))
            {
                await EndAsync(snapshot, cancellationToken).ConfigureAwait(false);
            }

            after = page is [.., var last] ? last.Connection.Id : null;
        }
        while (page.Count == Page);
    }

    // One that was never anything else goes without a trace but its tombstone. One that lived before keeps its id and metadata.
    private async Task EndAsync(ConnectionSnapshot snapshot, CancellationToken cancellationToken)
    {
        var id = snapshot.Connection.Id;
        if (snapshot.Tokens is null or { GrantNo: 1 })
        {
            await connections.DeleteAsync(id, "not completed in time", clock.Now, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await connections.ApplyAsync(id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), clock.Now, cancellationToken).ConfigureAwait(false);
            await connections.EraseTokensAsync(id, clock.Now, cancellationToken).ConfigureAwait(false);
        }

        logger.Abandoned(id.ToString());
    }
}
