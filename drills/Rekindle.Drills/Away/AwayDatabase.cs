using Npgsql;
using Rekindle.Encryption;
using Rekindle.Testing;

namespace Rekindle.Drills.Away;

/// <summary>The PostgreSQL server that goes away, with an initialised database for each fleet.</summary>
internal sealed class AwayDatabase : IAsyncDisposable
{
    private const string Template = "prepared";

    private readonly PostgresCluster _cluster;
    private readonly TempFolder _folder = new();

    private AwayDatabase(PostgresCluster cluster) => _cluster = cluster;

    /// <summary>An administrator's API key, the same in every database.</summary>
    public string ApiKey { get; private set; } = "";

    public string KeyRingFile => _folder.File("keys");

    public KeyRing Ring => Encryption.KeyRingFile.Load(KeyRingFile);

    /// <summary>When it had gone.</summary>
    public DateTimeOffset WentAt { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>When it began to come back.</summary>
    public DateTimeOffset CameBackAt { get; private set; } = DateTimeOffset.MaxValue;

    public System.Net.IPEndPoint EndPoint => _cluster.EndPoint;

    public static async Task<AwayDatabase> CreateAsync()
    {
        var database = new AwayDatabase(await PostgresCluster.CreateAsync("max_connections=250"));
        try
        {
            await database.ExecuteAsync($"create database {Template}");
            (database.ApiKey, _) = await ServerProcess.InitAsync(new Dictionary<string, string>
            {
                ["STORE"] = "postgres",
                ["POSTGRES:CONNECTION_STRING"] = database._cluster.ConnectionString(Template) + ";Pooling=false",
                ["KEY_RING_FILE"] = database.KeyRingFile,
            });
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the database of a fleet.</summary>
    public Task CopyAsync(string name) => ExecuteAsync($"create database {name} template {Template}");

    /// <summary>A connection of the drill's own.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string name)
    {
        var connection = new NpgsqlConnection(_cluster.ConnectionString(name) + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Ends it at once, as a power failure would.</summary>
    public async Task StopAsync()
    {
        await _cluster.StopAsync("QUIT");
        WentAt = DateTimeOffset.UtcNow;
    }

    public Task StartAsync()
    {
        CameBackAt = DateTimeOffset.UtcNow;
        return _cluster.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync("postgres");
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
