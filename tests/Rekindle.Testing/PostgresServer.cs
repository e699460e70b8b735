using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Rekindle.Testing;

/// <summary>
/// A real PostgreSQL server of this test run's own, in a temporary folder and on a free port of the loopback interface.
/// One per process, started by the first test that asks; a fresh database takes a few milliseconds.
/// </summary>
/// <remarks>
/// It is a child of a small shell script that waits for the end of its input, which is a pipe from this process: however
/// this process ends, also by <c>kill -9</c>, the script then stops the server and removes the folder.
/// </remarks>
public sealed class PostgresServer
{
    // $0 is the server's folder, "$@" its command line. The script ends when the server does.
    private const string Supervisor =
        """
        trap '' INT HUP
        exec 3<&0
        "$@" </dev/null 3<&- &
        server=$!
        { read -r _ <&3; kill -INT $server; } 2>/dev/null &
        watcher=$!
        wait $server
        kill $watcher 2>/dev/null
        rm -rf "$0"
        """;

    private const int StartAttempts = 5;
    private const int LogLines = 50;

    // PostgreSQL copies a template for one at a time.
    private static readonly SemaphoreSlim Administration = new(1);

    private static readonly string[] NotDurable = ["fsync=off", "full_page_writes=off"];

    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => Task.Run(() => StartAsync(NotDurable, TempFolder.Create)));

    private readonly HashSet<string> _templates = [];
    private readonly Process _supervisor;
    private readonly string _folder;
    private readonly int _port;
    private int _databases;

    private PostgresServer(Process supervisor, string folder, int port)
    {
        _supervisor = supervisor;
        _folder = folder;
        _port = port;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
    }

    /// <summary>The server, started if it is not running yet.</summary>
    /// <exception cref="InvalidOperationException">PostgreSQL is missing or does not start; the message says what to do.</exception>
    public static Task<PostgresServer> GetAsync() => Shared.Value;

    /// <summary>
    /// A server of its own that keeps its promises, in a folder on a disk: for measurements. It stops with this process.
    /// </summary>
    /// <param name="settings">Settings as <c>name=value</c>.</param>
    public static Task<PostgresServer> StartDurableAsync(params string[] settings) => StartAsync(settings, TempFolder.CreateOnDisk);

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

    private string ConnectionString(string database, bool pooling = true) => ConnectionString(_port, database, pooling);

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
            var port = FreePort();
            var log = new ConcurrentQueue<string>();
            var supervisor = StartSupervisor(binaries, folder, port, settings, log);
            if (await AnswersAsync(port, supervisor))
            {
                return new PostgresServer(supervisor, folder, port);
            }

            supervisor.StandardInput.Close();
            await supervisor.WaitForExitAsync();

            // Somebody else may take the port between our look and the server's.
            if (attempt == StartAttempts || !log.Any(line => line.Contains("Address already in use", StringComparison.Ordinal)))
            {
                throw new InvalidOperationException($"PostgreSQL did not start. It says:\n{string.Join('\n', log)}");
            }
        }
    }

    private static async Task<string> CreateClusterAsync(string binaries, Func<string, string> createFolder)
    {
        var folder = createFolder("rekindle-postgres-");
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root; its packages come with an account for it.
            await TestCommand.RunAsync("chown", ["postgres:", folder], TimeSpan.FromSeconds(10));
        }

        string[] initdb = [.. AsServerAccount(folder), $"{binaries}/initdb", "-D", $"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"];
        await TestCommand.RunAsync(initdb[0], initdb[1..], TimeSpan.FromMinutes(1));
        return folder;
    }

    private static Process StartSupervisor(string binaries, string folder, int port, string[] more, ConcurrentQueue<string> log)
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
        string[] server = [.. AsServerAccount(folder), $"{binaries}/postgres", "-D", $"{folder}/data", .. settings.SelectMany(setting => new[] { "-c", setting })];
        var start = new ProcessStartInfo("/bin/sh", ["-c", Supervisor, folder, .. server])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        var supervisor = Process.Start(start)!;
        supervisor.ErrorDataReceived += (_, line) => KeepLast(log, line.Data);
        supervisor.BeginErrorReadLine();
        return supervisor;
    }

    private static void KeepLast(ConcurrentQueue<string> log, string? line)
    {
        if (line is not null)
        {
            log.Enqueue(line);
        }

        while (log.Count > LogLines)
        {
            log.TryDequeue(out _);
        }
    }

    private static async Task<bool> AnswersAsync(int port, Process supervisor)
    {
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromSeconds(30) && !supervisor.HasExited; waited += TimeSpan.FromMilliseconds(20))
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString(port, "postgres", pooling: false));
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

    private static string[] AsServerAccount(string folder)
    {
        string[] clean = ["env", "-i", "PATH=/usr/bin:/bin", $"HOME={folder}", "LC_ALL=C.UTF-8"];
        return Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", .. clean]
            : clean;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Stop()
    {
        _supervisor.StandardInput.Close();
        _supervisor.WaitForExit(TimeSpan.FromSeconds(10));
    }
}
