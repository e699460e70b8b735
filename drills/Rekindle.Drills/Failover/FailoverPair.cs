using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Rekindle.Testing;

namespace Rekindle.Drills.Failover;

/// <summary>A primary, its asynchronous replica, and the one address under which everybody knows whichever of them is in charge.</summary>
internal sealed class FailoverPair : IAsyncDisposable
{
    private readonly PostgresServer _primary;
    private readonly PostgresReplica _replica;
    private readonly string _database;
    private readonly TcpProxy _address;

    private FailoverPair(PostgresServer primary, PostgresReplica replica, string database, TcpProxy address) =>
        (_primary, _replica, _database, _address) = (primary, replica, database, address);

    /// <summary>Leads to the database, whoever has it.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _address.EndPoint.Port,
        Username = "postgres",
        Database = _database,
        Timeout = 2,
    }.ConnectionString;

    /// <summary>A pair whose database was prepared before the replica was made.</summary>
    public static async Task<FailoverPair> CreateAsync(Func<string, Task> prepare)
    {
        var primary = await PostgresServer.StartDurableAsync();
        var database = await primary.CreateDatabaseAsync();
        await prepare(database.ConnectionString);
        return new FailoverPair(primary, await PostgresReplica.OfAsync(primary), database.Name, new TcpProxy(primary.EndPoint));
    }

    /// <summary>From here on the primary alone has what it acknowledges.</summary>
    public Task LoseWhatComesAsync() => _replica.StopFollowingAsync();

    /// <summary>The primary dies by signal 9, the replica is promoted, and the address leads to it. Returns what it has forgotten.</summary>
    public async Task<Forgotten> FailOverAsync()
    {
        var there = await VersionsAsync(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await KillAsync(_primary.ProcessId);
        await _replica.PromoteAsync();
        var left = await VersionsAsync(_replica.ConnectionString(_database));
        _address.Upstream = _replica.EndPoint;
        _address.Cut();
        return new Forgotten(
            there.Sum(c => c.Value - left.GetValueOrDefault(c.Key)), there.Count(c => c.Value > left.GetValueOrDefault(c.Key)));
    }

    public async ValueTask DisposeAsync() => await _address.DisposeAsync();

    // The sessions first: none of them may answer any more when the server is gone.
    private static async Task KillAsync(int server)
    {
        var id = server.ToString(CultureInfo.InvariantCulture);
        using (var sessions = Process.Start("pkill", ["-KILL", "-P", id]))
        {
            await sessions.WaitForExitAsync();
        }

        using var kill = Process.Start("kill", ["-KILL", id]);
        await kill.WaitForExitAsync();
    }

    private static async Task<Dictionary<long, int>> VersionsAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select connection_id, version from token_sets", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var versions = new Dictionary<long, int>();
        while (await reader.ReadAsync())
        {
            versions[reader.GetInt64(0)] = reader.GetInt32(1);
        }

        return versions;
    }
}

/// <summary>What a promoted replica never had, of what its primary had acknowledged a moment before it died.</summary>
/// <param name="Refreshes">Committed refreshes.</param>
/// <param name="Connections">Connections they belong to.</param>
internal sealed record Forgotten(int Refreshes, int Connections);
