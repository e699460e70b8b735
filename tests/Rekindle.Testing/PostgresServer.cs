using System.Net;
using Npgsql;

namespace Rekindle.Testing;

/// <summary>
/// A real PostgreSQL server of this test run's own, in a temporary folder and on a free port of the loopback interface.
/// One per process, started by the first test that asks; a fresh database takes a few milliseconds.
/// </summary>
public sealed class PostgresServer
{
    private const int StartAttempts = 5;

    // PostgreSQL copies a template for one at a time.
    private static readonly SemaphoreSlim Administration = new(1);

    private static readonly string[] NotDurable = ["fsync=off", "full_page_writes=off"];

    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => Task.Run(() => StartAsync(NotDurable, TempFolder.Create)));

    private readonly HashSet<string> _templates = [];
    private readonly string _folder;
    private readonly int _port;
    private int _databases;

    private PostgresServer(string folder, int port)
    {
        _folder = folder;
        _port = port;
    }

    /// <summary>The server, started if it is not running yet.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is missing or does not start; the message says what to do.</exception>
    public static Task<PostgresServer> GetAsync() => Shared.Value;

    /// <summary>
    /// A server of its own that keeps its promises, in a folder on a disk: for measurements. It stops with this process.
    /// </summary>
    /// <param name="settings">Settings as <c>name=value</c>.</param>
    public static Task<PostgresServer> StartDurableAsync(params string[] settings) => StartAsync(settings, TempFolder.CreateOnDisk);

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, _port);

    /// <summary>The server's own process.</summary>
    public int ProcessId => int.Parse(
        File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>An empty database.</summary>
    public Task<PostgresDatabase> CreateDatabaseAsync() => CreateFromAsync("template0");

    /// <summary>
    /// A copy of a database that is prepared once per name and process: run the migrations in
    /// <paramref name="prepare"/>, which gets a connection string, and each test gets a migrated database of its own.
    /// </summary>
    public async Task<PostgresDatabase> CreateDatabaseAsync(string template, Func<string, Task> prepare)
    {
        ArgumentException.ThrowIfNullOrEmpty(template);
        ArgumentNullException.ThrowIfNull(prepare);

        var name = "template_" + template;
        await Administration.WaitAsync();
        try
        {
            if (!_templates.Contains(name))
            {
                await ExecuteAsync($"""drop database if exists "{name}" with (force)""");
                await ExecuteAsync($"""create database "{name}" template template0""");
                // Not pooled: a database with an open session cannot be copied.
                await prepare(ConnectionString(name, pooling: false));
                _templates.Add(name);
            }
        }
        finally
        {
            Administration.Release();
        }

        return await CreateFromAsync(name);
    }

    internal Task DropAsync(string database) => ExecuteAsync($"""drop database if exists "{database}" with (force)""");

    private async Task<PostgresDatabase> CreateFromAsync(string template)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await Administration.WaitAsync();
        try
        {
            await ExecuteAsync($"""create database "{name}" template "{template}" """);
        }
        finally
        {
            Administration.Release();
        }

        return new PostgresDatabase(this, name, ConnectionString(name));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    internal string ConnectionString(string database, bool pooling = true) => ConnectionString(_port, database, pooling);

    private static string ConnectionString(int port, string database, bool pooling) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = "postgres",
        Database = database,
        Pooling = pooling,
        IncludeErrorDetail = true,
    }.ConnectionString;

    private static async Task<PostgresServer> StartAsync(string[] settings, Func<string, string> createFolder)
    {
        var binaries = PostgresBinaries.Find();
        for (var attempt = 1; ; attempt++)
        {
            var folder = await CreateClusterAsync(binaries, createFolder);
            var port = Supervisor.FreePort();
            var server = Supervisor.Start(folder, "INT", CommandLine(binaries, folder, port, settings));
            if (await AnswersAsync(ConnectionString(port, "postgres", pooling: false), server))
            {
                return new PostgresServer(folder, port);
            }

            server.Stop();

            // Somebody else may take the port between our look and the server's.
            if (attempt == StartAttempts || !server.WroteOfBusyPort())
            {
                throw new InvalidOperationException($"PostgreSQL did not start. It says:\n{string.Join('\n', server.Log)}");
            }
        }
    }

    /// <summary>Whether the server takes connections in the end.</summary>
    internal static async Task<bool> AnswersAsync(string connectionString, Supervisor server)
    {
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(30) && !server.HasExited; waited += TimeSpan.FromMilliseconds(20))
        {
            try
            {
                await using var connection = new NpgsqlConnection(connectionString);
                await connection.OpenAsync();
                return true;
            }
            catch (NpgsqlException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20));
            }
        }

        return false;
    }

    internal static async Task<string> CreateClusterAsync(string binaries, Func<string, string> createFolder)
    {
        var folder = await Supervisor.CreateFolderAsync("rekindle-postgres-", createFolder);
        string[] initdb = [.. Supervisor.AsServerAccount(folder), $"{binaries}/initdb", "-D", $"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"];
        await TestCommand.RunAsync(initdb[0], initdb[1..], TimeSpan.FromMinutes(1));
        return folder;
    }

    internal static string[] CommandLine(string binaries, string folder, int port, string[] more)
    {
        string[] settings =
        [
            $"port={port}",
            "listen_addresses=127.0.0.1",
            $"unix_socket_directories={folder}",
            "max_connections=300",
            // Ten hours ahead, without asking for time zone data: local time used by mistake shows.
            "timezone=<+10>-10",
            .. more,
        ];
        return [$"{binaries}/postgres", "-D", $"{folder}/data", .. settings.SelectMany(setting => new[] { "-c", setting })];
    }
}
