using Npgsql;

namespace Rekindle.Testing;

/// <summary>
/// A real pgbouncer in transaction mode before the test run's PostgreSQL server, with few sessions for many clients. One per
/// process, started by the first test that asks.
/// </summary>
public sealed class Pooler
{
    private const int StartAttempts = 5;

    private static readonly Lazy<Task<Pooler>> Shared = new(() => Task.Run(StartAsync));

    private readonly int _port;

    private Pooler(int port) => _port = port;

    /// <summary>How many sessions of the server all clients of a database share.</summary>
    public static int SessionsPerDatabase => 3;

    /// <summary>The pooler, started if it is not running yet.</summary>
    /// <exception cref="InvalidOperationException">pgbouncer is missing or does not start; the message says what to do.</exception>
    public static Task<Pooler> GetAsync() => Shared.Value;

    /// <summary>The way to a database of the server through the pooler.</summary>
    public string Before(PostgresDatabase database)
    {
        ArgumentNullException.ThrowIfNull(database);
        return new NpgsqlConnectionStringBuilder(database.ConnectionString) { Port = _port }.ConnectionString;
    }

    private static async Task<Pooler> StartAsync()
    {
        var program = Find();
        var server = new NpgsqlConnectionStringBuilder((await PostgresServer.GetAsync()).ConnectionString("postgres"));
        for (var attempt = 1; ; attempt++)
        {
            var port = Supervisor.FreePort();
            var folder = await Supervisor.CreateFolderAsync("rekindle-pooler-", TempFolder.Create);
            await File.WriteAllTextAsync(Path.Combine(folder, "users"), $"\"{server.Username}\" \"\"\n");
            await File.WriteAllTextAsync(
                Path.Combine(folder, "pgbouncer.ini"),
                $"""
                [databases]
                * = host={server.Host} port={server.Port}

                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = trust
                auth_file = {folder}/users
                pool_mode = transaction
                max_client_conn = 1000
                default_pool_size = {SessionsPerDatabase}
                server_idle_timeout = 5
                ignore_startup_parameters = extra_float_digits
                """);
            var pooler = Supervisor.Start(folder, "TERM", program, $"{folder}/pgbouncer.ini");
            server.Port = port;
            server.Pooling = false;
            if (await PostgresServer.AnswersAsync(server.ConnectionString, pooler))
            {
                return new Pooler(port);
            }

            pooler.Stop();
            if (attempt == StartAttempts || !pooler.WroteOfBusyPort())
            {
                throw new InvalidOperationException($"pgbouncer did not start. It says:\n{string.Join('\n', pooler.Log)}");
            }
        }
    }

    private static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, "pgbouncer")).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException(
            "These tests need pgbouncer and found none. Install it (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew install pgbouncer). ./test installs it by itself.");
}
