using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Reading messages, with the same statement on every database.</summary>
internal sealed class SqlNotificationStore(SqlDatabase database) : INotificationStore
{
    public Task<IReadOnlyList<Notification>> ListAsync(
        string environment, bool openOnly, ConnectionId? connection, long? before, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        where.Add("environment = @environment", "environment", environment);
        where.AddIf(connection, "connection_id = @connection", "connection");
        where.AddIf(before, "id < @before", "before");
        var open = openOnly ? " and closed_at is null" : "";
        return database.ReadAsync<IReadOnlyList<Notification>>(
            async session => await session.ListAsync(
                $"""
                select id, environment, integration, connection_id, kind, audience, title, body, opened_at, closed_at, count, is_test
                from notifications {where.Where}{open} order by id desc limit @limit
                """,
                Read,
                where.Parameters(("limit", limit))).ConfigureAwait(false),
            cancellationToken);
    }

    private static Notification Read(SqlRow row) => new()
    {
        Id = row.Long(),
        Environment = row.Text(),
        Integration = row.Text(),
        ConnectionId = row.ConnectionIdOrNull(),
        Kind = row.Word<NotificationKind>(),
        Audience = row.Word<Audience>(),
        Title = row.Text(),
        Text = row.Text(),
        OpenedAt = row.Instant(),
        ClosedAt = row.InstantOrNull(),
        Count = row.Int(),
        IsTest = row.Flag(),
    };
}
