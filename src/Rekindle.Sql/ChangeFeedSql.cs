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

    /// <summary>A connection's status or tokens changed; it goes on being served, as far as this change is concerned.</summary>
    public static Task AppendAsync(SqlSession session, ConnectionId id, int version, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.Connection, id, null, version, now);

    /// <summary>A connection's status changed to this one.</summary>
    public static Task AppendAsync(SqlSession session, ConnectionId id, ConnectionStatus status, int version, DateTimeOffset now) =>
        status.IsWithheld() ? AppendWithheldAsync(session, id, version, now) : AppendAsync(session, id, version, now);

    /// <summary>Nothing of a connection may be handed out any more.</summary>
    public static Task AppendWithheldAsync(SqlSession session, ConnectionId id, int version, DateTimeOffset now) =>
        AppendAsync(session, ChangeKind.ConnectionWithheld, id, null, version, now);

    /// <summary>A connection was made.</summary>
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
