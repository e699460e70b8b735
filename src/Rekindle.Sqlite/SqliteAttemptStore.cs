using Rekindle.Sql.Attempts;

namespace Rekindle.Sqlite;

/// <summary>The attempt log on SQLite: one table, whose oldest rows are deleted a few at a time.</summary>
internal sealed class SqliteAttemptStore(SqliteDatabase database) : SqlAttemptStore(database)
{
    private const int Bite = 1000;

    public override async Task MaintainAsync(DateTimeOffset now, TimeSpan retention, CancellationToken cancellationToken)
    {
        int deleted;
        do
        {
            // Short transactions: a rotated token must not wait for housekeeping.
            deleted = await database.WriteAsync(
                session => session.ExecuteAsync(
                    """
                    delete from attempts where position in (select position from attempts order by position limit @bite) and created_at < @cutoff
                    """,
                    ("bite", Bite), ("cutoff", now - retention)),
                cancellationToken).ConfigureAwait(false);
        }
        while (deleted == Bite);
    }
}
