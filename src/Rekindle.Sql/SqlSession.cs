using System.Data.Common;
using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.Sql;

/// <summary>
/// A database connection on loan for one piece of work, with its transaction where there is one. Disposing gives the
/// connection back; what was not committed by then is rolled back.
/// </summary>
internal abstract class SqlSession(DbConnection connection, CancellationToken cancellationToken) : IAsyncDisposable
{
    /// <summary>The transaction; null: statements stand alone.</summary>
    public DbTransaction? Transaction { get; protected set; }

    /// <summary>The caller's; the statements of this session honour it, a COMMIT does not.</summary>
    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>Whether this session appended to the change feed: readers are told after the commit.</summary>
    public bool FeedWritten { get; set; }

    protected DbConnection Connection => connection;

    /// <summary>Runs a statement; returns how many rows it changed.</summary>
    public Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters) =>
        RunAsync(sql, parameters, command => command.ExecuteNonQueryAsync(cancellationToken));

    /// <summary>All rows.</summary>
    public async Task<List<T>> ListAsync<T>(string sql, SqlRead<T> read, params (string Name, object? Value)[] parameters)
    {
        var rows = new List<T>();
        await ReadAsync(sql, parameters, row =>
        {
            rows.Add(read(row));
            return true;
        }).ConfigureAwait(false);
        return rows;
    }

    /// <summary>The first row, or the default value when there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, SqlRead<T> read, params (string Name, object? Value)[] parameters)
    {
        T? first = default;
        await ReadAsync(sql, parameters, row =>
        {
            first = read(row);
            return false;
        }).ConfigureAwait(false);
        return first;
    }

    /// <summary>Whether there is a row at all.</summary>
    public Task<bool> AnyAsync(string sql, params (string Name, object? Value)[] parameters) =>
        FirstAsync(sql, static _ => true, parameters);

    /// <summary>Runs a part of the transaction that may fail by itself: what it wrote is taken back then, the rest stands.</summary>
    public async Task<bool> TryAsync(Func<Task> part)
    {
        const string Name = "part";
        await Transaction!.SaveAsync(Name, cancellationToken).ConfigureAwait(false);
        try
        {
            await part().ConfigureAwait(false);
            await Transaction.ReleaseAsync(Name, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (DbException)
        {
            await Transaction.RollbackAsync(Name, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Makes what was written last. Not cancellable: past this point the outcome must be known.</summary>
    public virtual Task CommitAsync() => Transaction?.CommitAsync(CancellationToken.None) ?? Task.CompletedTask;

    public abstract ValueTask DisposeAsync();

    /// <summary>A value as this driver wants it.</summary>
    protected virtual object ToParameter(object value) => value;

    /// <summary>A command of this connection for a statement.</summary>
    protected virtual DbCommand TakeCommand(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    /// <summary>Takes back a command that ran without error.</summary>
    protected virtual ValueTask ReturnAsync(DbCommand command) => command.DisposeAsync();

    /// <summary>The stored form of our own types. NUL is taken out of texts: PostgreSQL refuses it.</summary>
    protected static object? Stored(object? value) => value switch
    {
        DateTimeOffset instant => instant.ToUnixTimeMilliseconds(),
        ConnectionId id => id.Value,
        SealedSecret secret => secret.Bytes,
        string text when text.Contains('\0', StringComparison.Ordinal) => text.Replace("\0", "", StringComparison.Ordinal),
        _ => value,
    };

    // Hands each row to the receiver until it has enough.
    private Task<bool> ReadAsync(string sql, (string Name, object? Value)[] parameters, Func<SqlRow, bool> receive) => RunAsync(
        sql,
        parameters,
        async command =>
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using var disposal = reader.ConfigureAwait(false);
            var row = new SqlRow(reader);
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) && receive(row.Rewind()))
            {
            }

            return true;
        });

    private async Task<T> RunAsync<T>(string sql, (string Name, object? Value)[] parameters, Func<DbCommand, Task<T>> run)
    {
        var command = TakeCommand(sql);
        try
        {
            command.Transaction = Transaction;
            foreach (var (name, value) in parameters)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                parameter.Value = Stored(value) is { } stored ? ToParameter(stored) : DBNull.Value;
                command.Parameters.Add(parameter);
            }

            var result = await run(command).ConfigureAwait(false);
            await ReturnAsync(command).ConfigureAwait(false);
            return result;
        }
        catch
        {
            await command.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
