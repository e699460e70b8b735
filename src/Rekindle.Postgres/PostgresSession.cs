using Npgsql;
using Rekindle.Sql;

namespace Rekindle.Postgres;

/// <summary>A loan of a connection from the pool.</summary>
internal sealed class PostgresSession : SqlSession
{
    private readonly NpgsqlConnection _connection;

    private PostgresSession(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken cancellationToken)
        : base(connection, cancellationToken)
    {
        _connection = connection;
        Transaction = transaction;
    }

    /// <summary>A session of the mode. BEGIN travels with the first statement.</summary>
    public static async Task<PostgresSession> OpenAsync(NpgsqlDataSource source, SqlMode mode, CancellationToken cancellationToken)
    {
        var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var transaction = mode switch
            {
                SqlMode.Read => null,
                SqlMode.Snapshot => await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false),
                _ => await connection.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false),
            };
            return new(connection, transaction, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A statement with positional parameters ($1, …), in which the driver has nothing to rewrite. The caller adds them and disposes it.</summary>
    public NpgsqlCommand Statement(string sql) => new(sql, _connection, (NpgsqlTransaction?)Transaction);

    /// <summary>All rows of a statement.</summary>
    public async Task<List<T>> ListAsync<T>(NpgsqlCommand statement, SqlRead<T> read)
    {
        var rows = new List<T>();
        var reader = await statement.ExecuteReaderAsync(CancellationToken).ConfigureAwait(false);
        await using var disposal = reader.ConfigureAwait(false);
        var row = new SqlRow(reader);
        while (await reader.ReadAsync(CancellationToken).ConfigureAwait(false))
        {
            rows.Add(read(row.Rewind()));
        }

        return rows;
    }

    /// <summary>Statements in one round trip and, outside of a transaction, in one of their own. The caller disposes it.</summary>
    public NpgsqlBatch Batch(params (string Sql, object[] Parameters)[] statements)
    {
        var batch = new NpgsqlBatch(_connection, (NpgsqlTransaction?)Transaction);
        foreach (var (sql, parameters) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var parameter in parameters)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = parameter });
            }

            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    public override async ValueTask DisposeAsync()
    {
        if (Transaction is not null)
        {
            await Transaction.DisposeAsync().ConfigureAwait(false);
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    protected override object ToParameter(object value) => value is string text ? PostgresText.Clean(text) : value;
}
