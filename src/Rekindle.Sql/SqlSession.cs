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
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        var command = CreateCommand(sql, parameters);
        await using var disposal = command.ConfigureAwait(false);
        return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All rows.</summary>
    public async Task<List<T>> ListAsync<T>(string sql, SqlRead<T> read, params (string Name, object? Value)[] parameters)
    {
        var rows = new List<T>();
        await ReadAsync(sql, row =>
        {
            rows.Add(read(row));
            return true;
        }, parameters).ConfigureAwait(false);
        return rows;
    }

    /// <summary>The first row, or the default value when there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, SqlRead<T> read, params (string Name, object? Value)[] parameters)
    {
        T? first = default;
        await ReadAsync(sql, row =>
        {
            first = read(row);
            return false;
        }, parameters).ConfigureAwait(false);
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

    /// <summary>A command of this session with its parameters; the caller disposes it.</summary>
    protected virtual DbCommand CreateCommand(string sql, (string Name, object? Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.Transaction = Transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = Stored(value) is { } stored ? ToParameter(stored) : DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }

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
    private async Task ReadAsync(string sql, Func<SqlRow, bool> receive, (string Name, object? Value)[] parameters)
    {
        var command = CreateCommand(sql, parameters);
        await using var commandDisposal = command.ConfigureAwait(false);
        var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var readerDisposal = reader.ConfigureAwait(false);
        var row = new SqlRow(reader);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) && receive(row.Rewind()))
        {
        }
    }
}
