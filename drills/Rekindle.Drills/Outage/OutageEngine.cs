using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Drills.Outage;

/// <summary>
/// The engine of a server with a worker, on a real store and in front of a simulated provider behind real sockets, on a clock that the drill
/// moves as the worker would sleep.
/// </summary>
internal sealed class OutageEngine : IAsyncDisposable
{
    public const string Environment = "production";
    private const string Key = "acme";

    // What a provider's answer takes.
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(5);

    private readonly TempFolder _folder = new();
    private PostgresDatabase? _database;
    private IHost? _host;
    private string _connectionString = "";
    private DateTimeOffset _wakesAt;

    public ManualClock Clock { get; } = new();

    public SimulatorHost Simulator { get; private set; } = null!;

    public AuthorizationServer Provider => Simulator.Servers[Key];

    public TokenReader Tokens => Get<TokenReader>();

    public static async Task<OutageEngine> StartAsync(OutageSize size, DrillStore store)
    {
        var engine = new OutageEngine();
        await engine.StartSimulatorAsync();
        await engine.StartEngineAsync(store);
        await engine.AddIntegrationAsync(size);
        return engine;
    }

    /// <summary>A connection to the database past the engine, for those who check what it says.</summary>
    public System.Data.Common.DbConnection Connect() =>
        _database is null ? new SqliteConnection(_connectionString) : new NpgsqlConnection(_connectionString);

    /// <summary>Imports a connection whose token ends in a while.</summary>
    public async Task<ConnectionId> ImportAsync(string subject, TimeSpan lifetime)
    {
        var issued = Provider.IssueGrant(subject, accessTokenLifetime: lifetime);
        var result = await Get<ConnectionImporter>().ImportAsync(new ImportedGrant
        {
            Key = new ConnectionKey(Environment, Key, "", subject, ConnectionKey.DefaultPurpose, ""),
            AccessToken = Secret.OrNull(issued.AccessToken),
            RefreshToken = Secret.OrNull(issued.RefreshToken),
            ExpiresAt = issued.ExpiresAt,
            Scopes = issued.Scopes,
            ProviderAccountId = subject,
        });
        return ((GrantResult.Created)result).Snapshot.Connection.Id;
    }

    /// <summary>Lets time pass until then, with the worker's rounds whenever it would be awake.</summary>
    public async Task PassAsync(DateTimeOffset until, CancellationToken stop)
    {
        while (Clock.Now < until)
        {
            stop.ThrowIfCancellationRequested();
            if (Clock.Now >= _wakesAt)
            {
                _wakesAt = Clock.Now + await BeatAsync();
            }

            Clock.Advance((until < _wakesAt ? until : _wakesAt) - Clock.Now);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        await Simulator.DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    // One round of the worker with everything that came of it. Returns how long it sleeps.
    private async Task<TimeSpan> BeatAsync()
    {
        var heartbeat = Get<Heartbeat>();
        var next = await heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, CancellationToken.None);
        await heartbeat.DrainAsync();
        return heartbeat.Statistics.Take().Claimed > 0 ? Latency
            : next - Clock.Now is not { } wait || wait > LongestSleep ? LongestSleep
            : wait < ShortestSleep ? ShortestSleep
            : wait;
    }

    private T Get<T>()
        where T : notnull => _host!.Services.GetRequiredService<T>();

    private async Task StartSimulatorAsync()
    {
        Simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = Clock,
            Servers = new Dictionary<string, Personality> { [Key] = new() { RefreshTokens = new() { RotateEvery = 1, ReuseEndsGrant = true } } },
        });
        var catalogue = _folder.File("catalogue");
        Directory.CreateDirectory(catalogue);

        // This one counts what a client sends in all, and not what it sends for each grant.
        const string Counted = "throttle_scope: { value: connection";
        var entry = CatalogueEntry.Of(Provider);
        if (!entry.Contains(Counted, StringComparison.Ordinal))
        {
            throw new InvalidOperationException("The simulator words its catalogue entry in another way.");
        }

        await File.WriteAllTextAsync(
            Path.Combine(catalogue, "acme.yaml"), entry.Replace(Counted, "throttle_scope: { value: integration", StringComparison.Ordinal));
    }

    private async Task StartEngineAsync(DrillStore store)
    {
        var keys = _folder.File("keys");
        KeyRingFile.Create(keys, Clock.Now);
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<TimeProvider>(Clock);
        var rekindle = builder.Services.AddRekindle(o =>
        {
            o.KeyRingFile = keys;
            o.Journal.Folder = _folder.File("journal");
            o.Journal.AllowEphemeral = true;
            o.Catalogue.OverrideFolder = _folder.File("catalogue");
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;

            // The drill beats in its place.
            o.Refresh.WorkerEnabled = false;
        });
        if (store == DrillStore.Postgres)
        {
            _database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
            _connectionString = _database.ConnectionString;
            rekindle.UsePostgres(o => (o.ConnectionString, o.LeasesByCallersClock) = (_connectionString, true));
        }
        else
        {
            var file = _folder.File("rekindle.db");
            _connectionString = $"Data Source={file}";
            rekindle.UseSqlite(file);
        }

        _host = builder.Build();
        await _host.StartAsync();
    }

    // Its operator has taken the budget from what the provider publishes, which is no longer true when it comes back.
    private async Task AddIntegrationAsync(OutageSize size)
    {
        var client = RegisteredClient.Default;
        var policy = new IntegrationPolicy();
        var integration = new Integration
        {
            Environment = Environment,
            Key = Key,
            Provider = CatalogueEntry.KeyOf(Provider),
            DisplayName = "Acme",
            ClientId = client.Id,
            Policy = policy with { BudgetRequests = (int)(size.Capacity * 10 * policy.BudgetWindow.TotalSeconds), Slots = 64 },
            CreatedAt = Clock.Now,
            UpdatedAt = Clock.Now,
        };
        await Get<IIntegrationStore>().CreateAsync(
            integration with { ClientSecret = Get<Sealer>().Seal(new Secret(client.Secrets[0]), integration.SealContext(SecretKind.ClientSecret)) },
            CancellationToken.None);
        await Get<IntegrationDirectory>().ReloadAsync(CancellationToken.None);
    }
}
