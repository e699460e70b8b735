using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Appending to the change feed, in the transaction that makes the change.</summary>
internal static class ChangeFeedSql
{
    private const string Insert =
        """
        insert into change_feed (at, kind, connection_id, integration_id, version)
        values (@at, @kind, @connection, @integration, @version)
        """;

    /// <summary>A connection's status or tokens changed.</summary>
    public static Task AppendAsync(SqlSession session, ConnectionId id, int version, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.Connection, id, null, version, now);

    /// <summary>A connection was made or deleted.</summary>
    public static Task AppendSetAsync(SqlSession session, ConnectionId id, int version, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.ConnectionSet, id, null, version, now);

    public static Task AppendIntegrationAsync(SqlSession session, int integrationId, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.Integration, null, integrationId, 0, now);

    public static Task AppendApiKeyAsync(SqlSession session, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.ApiKey, null, null, 0, now);

    private static Task<int> AppendAsync(
        SqlSession session, ChangeKind kind, ConnectionId? connection, int? integration, int version, DateTimeOffset now)
    {
        session.FeedWritten = true;
        return session.ExecuteAsync(
            Insert, ("at", now), ("kind", Names.Of(kind)), ("connection", connection), ("integration", integration), ("version", version));
    }
}
