using Rekindle.Connections;
using Rekindle.Notifications;

namespace Rekindle.Storage;

/// <summary>Messages to people; opened and closed by the transactions that cause them.</summary>
public interface INotificationStore
{
    /// <summary>Newest first; <paramref name="before"/> is the last id of the page before.</summary>
    Task<IReadOnlyList<Notification>> ListAsync(
        string environment, bool openOnly, ConnectionId? connection, long? before, int limit, CancellationToken cancellationToken);
}
