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

    public async Task SyncAlertsAsync(
        IReadOnlyList<AlertNotice> firing, IReadOnlyCollection<AlertKey> pending, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var open = await database.ReadAsync(
            session => session.ListAsync(
                $"select id, integration_id, kind from notifications where closed_at is null and connection_id is null and {NotificationSql.IsAlert}",
                static row => (Id: row.Long(), Key: new AlertKey(row.Int(), row.Word<NotificationKind>()))),
            cancellationToken).ConfigureAwait(false);
        var fires = firing.ToDictionary(f => new AlertKey(f.IntegrationId, f.Draft.Kind));
        var over = open.Where(o => !fires.ContainsKey(o.Key) && !pending.Contains(o.Key)).ToArray();
        var begun = fires.Where(f => open.TrueForAll(o => o.Key != f.Key)).Select(f => f.Value).ToArray();
        if (over.Length == 0 && begun.Length == 0)
        {
            return;
        }

        await database.WriteAsync(
            async session =>
            {
                foreach (var (id, _) in over)
                {
                    await session.ExecuteAsync(
                        "update notifications set closed_at = @now where id = @id and closed_at is null", ("now", now), ("id", id)).ConfigureAwait(false);
                }

                foreach (var notice in begun)
                {
                    await NotificationSql.OpenAlertAsync(session, notice, now).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
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
