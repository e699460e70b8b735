using System.Globalization;
using System.Net;
using Npgsql;
using Rekindle.Encryption;
using Rekindle.Simulator;
using Rekindle.Testing;

namespace Rekindle.Drills.Chaos;

/// <summary>Three workers and two API servers on one PostgreSQL in front of simulated providers, each with lines of its own that can be broken.</summary>
internal sealed class ChaosFleet : IAsyncDisposable
{
    public const string WithDisk = "worker-3";
    public const string WithClock = "worker-2";

    private const string DatabaseName = "rekindle";
    private static readonly string[] WorkerNames = ["worker-1", WithClock, WithDisk];
    private static readonly string[] ApiNames = ["api-1", "api-2"];

    private readonly TempFolder _folder = new();
    private readonly ChaosTimes _times;
    private readonly SimulatorHost _simulator;

    private ChaosFleet(ChaosTimes times, SimulatorHost simulator, PostgresCluster database)
    {
        (_times, _simulator, Database) = (times, simulator, database);
        Disk = JournalDisk.TryMount();
        Clock = WallClock.TryFind();
    }

    public PostgresCluster Database { get; }

    /// <summary>The journal's disk of <see cref="WithDisk"/>; null: none can be mounted here.</summary>
    public JournalDisk? Disk { get; }

    /// <summary>The wall clock of <see cref="WithClock"/>; null: there is no libfaketime.</summary>
    public WallClock? Clock { get; }

    public IReadOnlyList<Seat> Seats { get; private set; } = [];

    public IReadOnlyList<Seat> Apis => [.. Seats.Where(s => ApiNames.Contains(s.Name))];

    /// <summary>The ring that all share, for fingerprints.</summary>
    public KeyRing Ring => KeyRingFile.Load(_folder.File("keys"));

    public ChaosGround Ground => new(
        [.. WorkerNames, .. ApiNames], WorkerNames, WithDisk, WithClock, [.. _simulator.Servers.Keys.Order(StringComparer.Ordinal)],
        [.. Enum.GetValues<ChaosFaultKind>().Where(k => k switch
        {
            ChaosFaultKind.DiskFull => Disk is not null,
            ChaosFaultKind.Clock => Clock is not null,
            _ => true,
        })]);

    public static async Task<ChaosFleet> StartAsync(ChaosTimes times, SimulatorHost simulator)
    {
        var fleet = new ChaosFleet(times, simulator, await PostgresCluster.CreateAsync("max_connections=200"));
        try
        {
            await fleet.OpenAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection of the drill's own, past every proxy.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Database.ConnectionString(DatabaseName) + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Seats.Select(s => s.DisposeAsync().AsTask()));
        await Database.DisposeAsync();
        Disk?.Dispose();
        Clock?.Dispose();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        await using (var admin = new NpgsqlConnection(Database.ConnectionString("postgres") + ";Pooling=false"))
        {
            await admin.OpenAsync();
            await using var create = new NpgsqlCommand($"create database {DatabaseName}", admin);
            await create.ExecuteNonQueryAsync();
        }

        var (apiKey, _) = await ServerProcess.InitAsync(Common(Database.EndPoint, "init"));
        Seats = [.. Ground.Seats.Select(name => MakeSeat(name, apiKey))];
        await Task.WhenAll(Seats.Select(s => s.OpenAsync()));
    }

    private Seat MakeSeat(string name, string apiKey)
    {
        var database = new TcpProxy(Database.EndPoint);
        var providers = ProviderLine.To(_simulator);
        var settings = Common(database.EndPoint, name);
        settings["CATALOGUE:OVERRIDE_FOLDER"] = ProviderLine.WriteCatalogue(_simulator, providers, _folder.File($"catalogue-{name}"));
        settings["REFRESH:WORKER_ENABLED"] = WorkerNames.Contains(name) ? "true" : "false";
        var environment = new Dictionary<string, string>
        {
            // Lives are short here: what the runtime would gain by compiling twice comes too late.
            ["DOTNET_TC_CallCounting"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
        };
        foreach (var (variable, value) in name == WithClock && Clock is not null ? Clock.Environment : new Dictionary<string, string>())
        {
            environment[variable] = value;
        }

        return new Seat(name, database, providers, () => ServerProcess.StartAsync(settings, apiKey, environment), apiKey);
    }

    private Dictionary<string, string> Common(IPEndPoint database, string seat) => new()
    {
        ["STORE"] = "postgres",
        ["OWNERSHIP:ENDPOINT"] = "drill-database",
        ["POSTGRES:CONNECTION_STRING"] = new NpgsqlConnectionStringBuilder(Database.ConnectionString(DatabaseName))
        {
            Port = database.Port,
            SslMode = SslMode.Disable,
            Timeout = 5,
            CommandTimeout = 5,
            MaxPoolSize = 20,
            Options = "-c statement_timeout=5s -c lock_timeout=3s -c idle_in_transaction_session_timeout=5s",
        }.ConnectionString,
        ["KEY_RING_FILE"] = _folder.File("keys"),
        ["JOURNAL:FOLDER"] = seat == WithDisk && Disk is not null ? Path.Combine(Disk.Path, "journal") : _folder.File($"journal-{seat}"),
        ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
        ["JOURNAL:SEGMENT_MEGABYTES"] = "1",
        ["JOURNAL:RETENTION"] = Text(_times.Lease * 2),
        ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
        ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
        ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
        ["EXCHANGE:CONNECT_TIMEOUT"] = Text(TimeSpan.FromSeconds(2)),
        ["REFRESH:SLOTS"] = "16",
        ["REFRESH:HEARTBEAT_INTERVAL"] = Text(TimeSpan.FromSeconds(5)),
        ["REFRESH:LEASE"] = Text(_times.Lease),
        ["REFRESH:QUEUE_ALLOWANCE"] = Text(TimeSpan.FromSeconds(1)),
        ["REFRESH:HTTP_DEADLINE"] = Text(_times.HttpDeadline),
        ["REFRESH:COMMIT_DEADLINE"] = Text(_times.CommitDeadline),
        ["REFRESH:SKEW_BOUND"] = Text(_times.SkewBound),
        ["REFRESH:BREAKER_BASE"] = Text(TimeSpan.FromSeconds(1)),
        ["REFRESH:BREAKER_CEILING"] = Text(TimeSpan.FromSeconds(4)),
        ["REFRESH:PROBE_BASE"] = Text(TimeSpan.FromSeconds(2)),
        ["REFRESH:PROBE_CEILING"] = Text(TimeSpan.FromSeconds(4)),
        ["REFRESH:THROTTLE_CEILING"] = Text(TimeSpan.FromSeconds(10)),
        ["REFRESH:DEMAND_COOLDOWN"] = Text(TimeSpan.FromSeconds(1)),
    };

    private static string Text(TimeSpan time) => time.ToString("c", CultureInfo.InvariantCulture);
}
