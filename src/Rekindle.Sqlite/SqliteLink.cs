using Microsoft.Data.Sqlite;

namespace Rekindle.Sqlite;

/// <summary>
/// An open connection with the statements it has prepared: preparing one of ours costs several times what running it does.
/// Used by one session at a time.
/// </summary>
internal sealed class SqliteLink(SqliteConnection connection) : IDisposable
{
    // The statements of the stores are some eighty; lists of values make more, which are not worth a policy.
    private const int Most = 150;

    private readonly Dictionary<string, SqliteCommand> _idle = new(StringComparer.Ordinal);

    public SqliteConnection Connection => connection;

    /// <summary>A command for the statement, prepared already if it ran here before.</summary>
    public SqliteCommand Take(string sql)
    {
        if (_idle.Remove(sql, out var command))
        {
            command.Parameters.Clear();
            return command;
        }

        command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    /// <summary>Keeps a command for the next time.</summary>
    public void Return(SqliteCommand command)
    {
        if (_idle.Count >= Most)
        {
            Forget();
        }

        if (!_idle.TryAdd(command.CommandText, command))
        {
            command.Dispose();
        }
    }

    public void Dispose()
    {
        Forget();
        connection.Dispose();
    }

    private void Forget()
    {
        foreach (var command in _idle.Values)
        {
            command.Dispose();
        }

        _idle.Clear();
    }
}
