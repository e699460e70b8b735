using System.Diagnostics;
using System.Globalization;
using System.Net;
using Npgsql;

namespace Rekindle.Testing;

/// <summary>
/// A PostgreSQL server of somebody's own, whose data outlives it: stopped, killed and started again on the same port. It waits for its
/// disk, unlike the one that tests share.
/// </summary>
/// <remarks>However this process ends, a small script that waits for the end of its input then stops the server and removes the folder.</remarks>
public sealed class PostgresCluster : IAsyncDisposable
{
    private const string Account = "postgres";

    // $0 is the folder.
    private const string Caretaker =
        """
        trap '' INT HUP
        read -r _
        kill -KILL "$(head -1 "$0/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
        rm -rf "$0"
        """;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _binaries;
    private readonly string _folder;
    private readonly int _port;
    private readonly string[] _settings;
    private readonly Process _caretaker;
    private Process? _server;

    private PostgresCluster(string binaries, string folder, int port, string[] settings)
    {
        (_binaries, _folder, _port, _settings) = (binaries, folder, port, settings);
        _caretaker = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Caretaker, folder]) { RedirectStandardInput = true, WorkingDirectory = "/" })!;
    }

    /// <summary>Where it listens, whenever it does.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, _port);

    /// <summary>What it has printed since it was made.</summary>
    public string Log => File.ReadAllText(Path.Combine(_folder, "log"));

    /// <summary>Makes a cluster and starts its server.</summary>
    /// <param name="settings">Its own, as <c>name=value</c>.</param>
    public static async Task<PostgresCluster> CreateAsync(params string[] settings)
    {
        var binaries = PostgresBinaries.Find();
        var cluster = new PostgresCluster(binaries, await PostgresServer.CreateClusterAsync(binaries, TempFolder.Create), Supervisor.FreePort(), settings);
        try
        {
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leads to a database of it.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _port,
        Username = Account,
        Database = database,
    }.ConnectionString;

    /// <summary>Starts the server and waits until it answers. What a killed one left behind may keep it waiting.</summary>
    public async Task StartAsync()
    {
        for (var started = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            _server ??= Launch();
            if (_server.HasExited)
            {
                _server.Dispose();
                _server = null;
            }
            else if (await AnswersAsync())
            {
                return;
            }

            if (started.Elapsed > StartLimit)
            {
                throw new TimeoutException($"PostgreSQL did not start. It says:\n{Log}");
            }
        }
    }

    /// <summary>Stops the server by a signal: INT shuts down fast, QUIT at once, KILL not at all.</summary>
    public async Task StopAsync(string signal)
    {
        if (_server is not { HasExited: false } server)
        {
            return;
        }

        await SignalAsync(signal, server.Id);
        await server.WaitForExitAsync().WaitAsync(StartLimit);
    }

    /// <summary>Kills the process behind one session that fits, by signal 9: the server then restarts all of them.</summary>
    public async Task KillSessionAsync(string applicationName)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select pid from pg_stat_activity where application_name = $1 order by random() limit 1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = applicationName });
        if (await command.ExecuteScalarAsync() is int pid)
        {
            await SignalAsync("KILL", pid);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync("QUIT");
        _server?.Dispose();
        _caretaker.StandardInput.Close();
        await _caretaker.WaitForExitAsync();
        _caretaker.Dispose();
    }

    // The shell and what it starts become the server one after the other: one process id from the beginning.
    private Process Launch()
    {
        string[] own = [$"port={_port}", "listen_addresses=127.0.0.1", $"unix_socket_directories={_folder}", .. _settings];
        string[] server = [.. Supervisor.AsServerAccount(_folder), $"{_binaries}/postgres", "-D", $"{_folder}/data", .. own.SelectMany(s => new[] { "-c", s })];
        return Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >>\"$0/log\" 2>&1", _folder, .. server]) { WorkingDirectory = "/" })!;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false;Timeout=2");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task SignalAsync(string signal, int pid) =>
        await TestCommand.TryRunAsync("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)], TimeSpan.FromSeconds(10));
}
