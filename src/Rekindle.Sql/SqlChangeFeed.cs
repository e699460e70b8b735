using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>The change feed; how waiting is hurried up differs between the databases.</summary>
internal abstract class SqlChangeFeed(SqlDatabase database) : IChangeFeed
{
    public Task<IReadOnlyList<Change>> ReadAsync(
        long after, IReadOnlyCollection<long> missing, int limit, CancellationToken cancellationToken) =>
        SqlLog.ReadAsync(
            database, "change_feed", "position, kind, connection_id, integration_id, version",
            static row => new Change(row.Long(), row.Word<ChangeKind>(), row.ConnectionIdOrNull(), row.IntOrNull(), row.Int()),
            after, missing, limit, cancellationToken);

    public Task<long> LastPositionAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync("select coalesce(max(position), 0) from change_feed", static row => row.Long()), cancellationToken);

    public Task<long> PositionBeforeAsync(DateTimeOffset instant, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync(
            """
            select coalesce(
                (select position - 1 from change_feed where at >= @instant order by position limit 1), (select max(position) from change_feed), 0)
            """,
            static row => row.Long(), ("instant", instant)),
        cancellationToken);

    public abstract Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken);

    public Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => database.WriteAsync(
        // Along the primary key, up to the first entry that is young enough. The newest stays whatever its age: it is what
        // LastPositionAsync tells.
        session => session.ExecuteAsync(
            """
            delete from change_feed where position < coalesce(
                (select position from change_feed where at >= @before order by position limit 1), (select max(position) from change_feed))
            """,
            ("before", before)),
        cancellationToken);
}
