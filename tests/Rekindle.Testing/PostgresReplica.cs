using System.Net;
using Npgsql;

namespace Rekindle.Testing;

/// <summary>
/// A streaming replica of a PostgreSQL server, asynchronous: what the primary has acknowledged it gets a moment later, or never. It stops
/// with this process.
/// </summary>
public sealed class PostgresReplica
{
    private readonly int _port;

    private PostgresReplica(int port) => _port = port;

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, _port);

    /// <summary>A replica that has all that its primary has now, and follows it.</summary>
    public static async Task<PostgresReplica> OfAsync(PostgresServer primary)
    {
        ArgumentNullException.ThrowIfNull(primary);
        var binaries = PostgresBinaries.Find();
        var folder = await Supervisor.CreateFolderAsync("rekindle-replica-", TempFolder.CreateOnDisk);
        string[] copy =
        [
            .. Supervisor.AsServerAccount(folder), $"{binaries}/pg_basebackup", "-h", "127.0.0.1", "-p", $"{primary.EndPoint.Port}", "-U", "postgres",
            "-D", $"{folder}/data", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync",
        ];
        await TestCommand.RunAsync(copy[0], copy[1..], TimeSpan.FromMinutes(1));
        var port = Supervisor.FreePort();
        var server = Supervisor.Start(folder, "INT", PostgresServer.CommandLine(binaries, folder, port, []));
        var replica = new PostgresReplica(port);
        return await PostgresServer.AnswersAsync(replica.ConnectionString("postgres"), server)
            ? replica
            : throw new InvalidOperationException($"The replica did not start. It says:\n{string.Join('\n', server.Log)}");
    }

    /// <summary>How to reach a database of it.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _port,
        Username = "postgres",
        Database = database,
        Pooling = false,
    }.ConnectionString;

    /// <summary>It gets nothing more of its primary.</summary>
    public async Task StopFollowingAsync()
    {
        await ExecuteAsync("alter system set primary_conninfo = ''");
        await ExecuteAsync("select pg_reload_conf()");
        while (await ExecuteAsync("select 1 from pg_stat_wal_receiver") is not null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>It becomes a primary, on a timeline of its own, with what it has.</summary>
    public async Task PromoteAsync()
    {
        if (await ExecuteAsync("select pg_promote(true, 60)") is not true)
        {
            throw new InvalidOperationException("The replica was not promoted within a minute.");
        }
    }

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
