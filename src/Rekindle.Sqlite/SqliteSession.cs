using System.Data.Common;
using Microsoft.Data.Sqlite;
using Rekindle.Sql;

namespace Rekindle.Sqlite;

/// <summary>A loan of one of <see cref="SqliteDatabase"/>'s connections.</summary>
internal sealed class SqliteSession : SqlSession
{
    private readonly SqliteDatabase _database;
    private readonly SqliteLink _link;
    private readonly SqlMode _mode;

    public SqliteSession(SqliteDatabase database, SqliteLink link, SqlMode mode, CancellationToken cancellationToken)
        : base(link.Connection, cancellationToken)
    {
        (_database, _link, _mode) = (database, link, mode);
        // Writers take the write lock at once (BEGIN IMMEDIATE): a transaction that starts by reading and then finds that
        // somebody else has written could only fail.
        Transaction = mode == SqlMode.Read ? null : link.Connection.BeginTransaction(deferred: mode == SqlMode.Snapshot);
    }

    public override ValueTask DisposeAsync()
    {
        var sound = true;
        try
        {
            Transaction?.Dispose();
        }
        catch (SqliteException)
        {
            // The rollback failed; closing the connection does the same with more force.
            sound = false;
        }

        _database.Return(_link, _mode, sound);
        return ValueTask.CompletedTask;
    }

    protected override object ToParameter(object value) => value is Guid id ? id.ToString() : value;

    protected override DbCommand TakeCommand(string sql) => _link.Take(sql);

    protected override ValueTask ReturnAsync(DbCommand command)
    {
        _link.Return((SqliteCommand)command);
        return ValueTask.CompletedTask;
    }
}
