using System.Net;
using System.Net.Sockets;
using Npgsql;
using Rekindle.Drills;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Drills;

/// <summary>The line that drills bend and break, in front of a real PostgreSQL.</summary>
public sealed class TcpProxyTests : IAsyncLifetime
{
    private PostgresDatabase _database = null!;
    private TcpProxy _proxy = null!;
    private NpgsqlDataSource _source = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        var direct = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        _proxy = new TcpProxy(new IPEndPoint(IPAddress.Parse(direct.Host!), direct.Port));
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString)
        {
            Port = _proxy.EndPoint.Port,
            MaxAutoPrepare = 10,
            AutoPrepareMinUsages = 2,
        });
        await RunAsync("create table notes (id int primary key); create table others (id int primary key)");
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _proxy.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task An_acknowledgement_gets_lost_and_the_row_is_there()
    {
        _proxy.LoseNextAcknowledgement(sql => sql.Contains("into notes", StringComparison.Ordinal));

        await RunAsync("insert into others values (1)");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => RunAsync("insert into notes values (1)"));

        await RunAsync("insert into notes values (2)");
        Assert.Equal((2L, 1L, 1), (await CountAsync("notes"), await CountAsync("others"), _proxy.LostAcknowledgements));
    }

    [Fact]
    public async Task A_prepared_statement_is_known_by_its_text()
    {
        for (var id = 1; id <= 3; id++)
        {
            await RunAsync("insert into notes values ($1)", id);
        }

        _proxy.LoseNextAcknowledgement(sql => sql.Contains("into notes", StringComparison.Ordinal));

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => RunAsync("insert into notes values ($1)", 4));
        Assert.Equal(4L, await CountAsync("notes"));
    }

    [Fact]
    public async Task In_a_transaction_the_answer_to_the_commit_gets_lost_and_to_a_rollback_it_does_not()
    {
        _proxy.LoseNextAcknowledgement(sql => sql.Contains("into notes", StringComparison.Ordinal));
        await using (var connection = await _source.OpenConnectionAsync())
        {
            var transaction = await connection.BeginTransactionAsync();
            await RunAsync(connection, "insert into notes values (1)");
            await transaction.RollbackAsync();

            transaction = await connection.BeginTransactionAsync();
            await RunAsync(connection, "insert into notes values (2)");
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync());
        }

        Assert.Equal((1L, 1), (await CountAsync("notes"), _proxy.LostAcknowledgements));
    }

    [Fact]
    public async Task The_far_end_changes_and_connections_are_cut()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        var (port, upstream) = (_proxy.EndPoint.Port, _proxy.Upstream);
        await using var connection = await _source.OpenConnectionAsync();

        _proxy.Upstream = (IPEndPoint)deaf.LocalEndpoint;
        deaf.Stop();
        Assert.Equal(0L, await CountAsync(connection, "notes"));
        _proxy.Cut();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => CountAsync(connection, "notes"));
        _source.Clear();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => CountAsync("notes"));

        _proxy.Upstream = upstream;
        Assert.Equal((0L, port), (await CountAsync("notes"), _proxy.EndPoint.Port));
    }

    [Fact]
    public async Task A_proxy_that_refuses_lets_nobody_in()
    {
        await CountAsync("notes");
        _proxy.Refuses = true;
        _proxy.Cut();
        _source.Clear();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => CountAsync("notes"));

        _proxy.Refuses = false;
        Assert.Equal(0L, await CountAsync("notes"));
    }

    private async Task RunAsync(string sql, params object[] parameters)
    {
        await using var connection = await _source.OpenConnectionAsync();
        await RunAsync(connection, sql, parameters);
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> CountAsync(string table)
    {
        await using var connection = await _source.OpenConnectionAsync();
        return await CountAsync(connection, table);
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string table)
    {
        await using var command = new NpgsqlCommand($"select count(*) from {table}", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
