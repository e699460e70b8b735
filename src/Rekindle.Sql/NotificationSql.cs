using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Opening and closing messages, in the transaction that causes them. One is open per connection, or integration, and kind.</summary>
internal static class NotificationSql
{
    /// <summary>Opens a message about a connection; one of that kind that is open already counts up and takes the new text.</summary>
    public static Task OpenAsync(
        SqlSession session, ConnectionId id, ConnectionKey key, int integrationId, NotificationDraft draft, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into notifications (environment, integration_id, integration, shard, connection_id, kind, audience, title, body, opened_at)
            values (@environment, @integration_id, @integration, @shard, @connection, @kind, @audience, @title, @body, @now)
            on conflict (connection_id, kind) where closed_at is null and connection_id is not null and not is_test
            do update set count = notifications.count + 1, title = excluded.title, body = excluded.body
            """,
            ("environment", key.Environment), ("integration_id", integrationId), ("integration", key.Integration), ("shard", id.Shard),
            ("connection", id), ("kind", Names.Of(draft.Kind)), ("audience", Names.Of(draft.Audience)), ("title", draft.Title),
            ("body", draft.Text), ("now", now));

    /// <summary>Opens a message of a simulation. It stands beside a real one of its kind, which goes on counting.</summary>
    public static Task OpenTestAsync(SqlSession session, Connection connection, NotificationDraft draft, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into notifications (environment, integration_id, integration, shard, connection_id, kind, audience, title, body, opened_at, is_test)
        values (@environment, @integration_id, @integration, @shard, @connection, @kind, @audience, @title, @body, @now, true)
        """,
        ("environment", connection.Key.Environment), ("integration_id", connection.IntegrationId), ("integration", connection.Key.Integration),
        ("shard", connection.Id.Shard), ("connection", connection.Id), ("kind", Names.Of(draft.Kind)), ("audience", Names.Of(draft.Audience)),
        ("title", draft.Title), ("body", draft.Text), ("now", now));

    /// <summary>The same about an integration.</summary>
    public static Task OpenAsync(
        SqlSession session, int integrationId, string environment, string integration, NotificationDraft draft, DateTimeOffset now) =>
        session.ExecuteAsync(
            """
            insert into notifications (environment, integration_id, integration, tenant, kind, audience, title, body, opened_at)
            values (@environment, @integration_id, @integration, @tenant, @kind, @audience, @title, @body, @now)
            on conflict (integration_id, tenant, kind) where closed_at is null and connection_id is null
            do update set count = notifications.count + 1, title = excluded.title, body = excluded.body
            """,
            ("environment", environment), ("integration_id", integrationId), ("integration", integration), ("tenant", draft.Tenant), ("kind", Names.Of(draft.Kind)),
            ("audience", Names.Of(draft.Audience)), ("title", draft.Title), ("body", draft.Text), ("now", now));

    /// <summary>A condition: the message is an alert's.</summary>
    public const string IsAlert = "substr(kind, 1, 6) = 'alert_'";

    /// <summary>Opens an alert's message; of several processes that find the same, one does.</summary>
    public static Task OpenAlertAsync(SqlSession session, AlertNotice notice, DateTimeOffset now) => session.ExecuteAsync(
        """
        insert into notifications (environment, integration_id, integration, kind, audience, title, body, opened_at)
        values (@environment, @integration_id, @integration, @kind, @audience, @title, @body, @now)
        on conflict (integration_id, tenant, kind) where closed_at is null and connection_id is null do nothing
        """,
        ("environment", notice.Environment), ("integration_id", notice.IntegrationId), ("integration", notice.Integration),
        ("kind", Names.Of(notice.Draft.Kind)), ("audience", Names.Of(notice.Draft.Audience)), ("title", notice.Draft.Title),
        ("body", notice.Draft.Text), ("now", now));

    /// <summary>Closes a connection's open messages.</summary>
    public static Task CloseAsync(SqlSession session, ConnectionId id, DateTimeOffset now) => session.ExecuteAsync(
        "update notifications set closed_at = @now where connection_id = @id and closed_at is null", ("now", now), ("id", id));

    /// <summary>Closes those that a simulation opened.</summary>
    public static Task CloseTestsAsync(SqlSession session, ConnectionId id, DateTimeOffset now) => session.ExecuteAsync(
        "update notifications set closed_at = @now where connection_id = @id and closed_at is null and is_test", ("now", now), ("id", id));

    /// <summary>Closes the open messages about an integration itself; alerts end by their own conditions.</summary>
    public static Task CloseAsync(SqlSession session, int integrationId, DateTimeOffset now) => session.ExecuteAsync(
        $"update notifications set closed_at = @now where integration_id = @id and connection_id is null and closed_at is null and not {IsAlert}",
        ("now", now), ("id", integrationId));
}
