using Rekindle.Connections;
using Rekindle.Notifications;

namespace Rekindle.Storage;

/// <summary>Messages to people; opened and closed by the transactions that cause them.</summary>
public interface INotificationStore
{
    /// <summary>Newest first; <paramref name="before"/> is the last id of the page before.</summary>
    Task<IReadOnlyList<Notification>> ListAsync(
        string environment, bool openOnly, ConnectionId? connection, long? before, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the open alerts be these: those that fire and are not open are opened, those that neither fire nor are about to are closed. One that is
    /// open already is left as it is, whoever opened it.
    /// </summary>
    Task SyncAlertsAsync(
        IReadOnlyList<AlertNotice> firing, IReadOnlyCollection<AlertKey> pending, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>An alert that fires.</summary>
/// <param name="IntegrationId">Integration; 0: the deployment.</param>
/// <param name="Environment">Environment to whose operators it is told.</param>
/// <param name="Integration">Integration's key; empty: the deployment.</param>
/// <param name="Draft">The message.</param>
public sealed record AlertNotice(int IntegrationId, string Environment, string Integration, NotificationDraft Draft);

/// <summary>Which alert about what.</summary>
/// <param name="IntegrationId">Integration; 0: the deployment.</param>
/// <param name="Kind">The alert.</param>
public sealed record AlertKey(int IntegrationId, NotificationKind Kind);
