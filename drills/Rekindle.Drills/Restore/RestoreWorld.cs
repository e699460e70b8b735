using System.Diagnostics;
using System.Text.Json;
using Rekindle.Client;
using Rekindle.Drills.Crash;
using Rekindle.Simulator;
using Rekindle.Testing;

namespace Rekindle.Drills.Restore;

/// <summary>
/// A deployment with one connection at a provider that does not rotate and one at a provider that takes a repetition for theft, callers that ask for
/// both tokens all the while, and everything that an administrator can do to its database.
/// </summary>
internal sealed class RestoreWorld : IAsyncDisposable
{
    /// <summary>The kinds of provider, the careless one first.</summary>
    public static readonly IReadOnlyList<ProviderKind> Kinds = [.. ProviderKind.All.Where(k => k.Name is "non-rotating" or "revoking")];

    /// <summary>What the journal can make good, in this drill: a lease and a commit.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly DrillStore _store;
    private readonly PreparedStore _prepared;
    private readonly SimulatorHost _simulator;
    private readonly string _catalogue;
    private readonly DrillPlace _place;
    private readonly TempFolder _folder = new();
    private readonly List<StoredDatabase> _databases = [];
    private readonly List<(string Title, ServerProcess Server)> _servers = [];
    private readonly List<HttpClient> _clients = [];
    private readonly HashSet<(string Server, string Grant)> _grants = [];
    private readonly List<Caller> _callers = [];
    private readonly List<Task<CallerRecord>> _calling = [];
    private readonly CancellationTokenSource _enough = new();

    private RestoreWorld(DrillStore store, PreparedStore prepared, SimulatorHost simulator, string catalogue, DrillPlace place)
    {
        (_store, _prepared, _simulator, _catalogue, _place) = (store, prepared, simulator, catalogue, place);
        Home = place.Database is { } database ? new StoredDatabase.Postgres(database) : new StoredDatabase.File(place.Settings["SQLITE:PATH"]);
    }

    /// <summary>The database that the deployment begins with.</summary>
    public StoredDatabase Home { get; }

    /// <summary>The connections, in the order of <see cref="Kinds"/>.</summary>
    public IReadOnlyList<string> Connections { get; private set; } = [];

    /// <summary>The journal folder of the deployment's machine.</summary>
    public string Volume => _place.Settings["JOURNAL:FOLDER"];

    /// <summary>What the servers printed.</summary>
    public string Logs => string.Join('\n', _servers.Select(s => $"--- {s.Title}\n{s.Server.Output}"));

    public static async Task<RestoreWorld> StartAsync(DrillStore store, PreparedStore prepared, SimulatorHost simulator, string catalogue) =>
        new(store, prepared, simulator, catalogue, await prepared.CopyAsync());

    /// <summary>Another, empty database; with <paramref name="anotherServer"/> on a PostgreSQL server of its own.</summary>
    public async Task<StoredDatabase> AnotherAsync(bool anotherServer = false)
    {
        StoredDatabase made = _store == DrillStore.Sqlite
            ? new StoredDatabase.File(_folder.File($"{_databases.Count}.db"))
            : new StoredDatabase.Postgres(await (anotherServer ? await PostgresServer.StartDurableAsync() : await PostgresServer.GetAsync()).CreateDatabaseAsync());
        _databases.Add(made);
        return made;
    }

    /// <summary>Settings of a server on a database, with the deployment's volume and key ring unless told otherwise.</summary>
    public Dictionary<string, string> SettingsOf(StoredDatabase database, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string>(_place.Settings);
        foreach (var (name, value) in database.Settings.Concat(ServerSettings()).Select(s => (s.Key, s.Value)).Concat(more))
        {
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>Starts a server; with <paramref name="asked"/> it is the one that callers ask from now on.</summary>
    public async Task<ServerProcess> ServeAsync(string title, Dictionary<string, string> settings, bool asked = true)
    {
        var server = await ServerProcess.StartAsync(settings, _prepared.ApiKey, new Dictionary<string, string>
        {
            ["DOTNET_TC_CallCounting"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
        });
        _servers.Add((title, server));
        if (asked)
        {
            _callers.ForEach(c => c.Ask(ClientOf(server)));
        }

        return server;
    }

    /// <summary>Makes the connections through a server, and lets callers ask for their tokens.</summary>
    public async Task SeedAsync(ServerProcess server)
    {
        var client = ClientOf(server);
        var ids = new List<string>();
        foreach (var provider in Kinds.Select(k => _simulator.Servers[k.Name]))
        {
            await client.CreateIntegrationAsync(SimulatedAccounts.IntegrationOf(provider, provider.Name, SimulatedAccounts.Hasty));
            var grant = provider.IssueGrant($"user-{Guid.NewGuid():n}");
            var connection = await client.ImportAsync(SimulatedAccounts.ImportOf(grant, provider.Name));
            ids.Add(connection.Id);
            _grants.Add((provider.Name, grant.GrantId));
            var caller = new Caller(connection.Id, provider);
            caller.Ask(client);
            _callers.Add(caller);
            _calling.Add(caller.RunAsync(_enough.Token));
        }

        Connections = ids;
        await RefreshedAsync(server);
    }

    /// <summary>Waits until these connections, by default all, were refreshed once more and are active; whether they were.</summary>
    public async Task<bool> RefreshedAsync(ServerProcess server, params string[] ids)
    {
        var client = ClientOf(server);
        var started = Stopwatch.StartNew();
        foreach (var id in ids.Length > 0 ? ids : Connections)
        {
            var before = (await client.GetConnectionAsync(id)).Token!.Version;
            while (await client.GetConnectionAsync(id) is not { Status: "active", Token: { } token } || token.Version == before)
            {
                if (started.Elapsed > Limit)
                {
                    return false;
                }

                await Task.Delay(Look);
            }
        }

        return true;
    }

    public Task<Connection> ReadAsync(ServerProcess server, string id) => ClientOf(server).GetConnectionAsync(id);

    /// <summary>Why a server's database is frozen; <c>no</c>: it is not.</summary>
    public static async Task<string> FrozenAsync(ServerProcess server)
    {
        await using var body = await server.Http.GetStreamAsync(new Uri("/v1/summary", UriKind.Relative));
        using var summary = await JsonDocument.ParseAsync(body);
        return summary.RootElement.TryGetProperty("frozen", out var frozen) && frozen.ValueKind == JsonValueKind.Object
            ? frozen.GetProperty("reason").GetString()!
            : "no";
    }

    /// <summary>The same, as soon as it is not <paramref name="unlike"/> any more.</summary>
    public static async Task<string> FrozenAsync(ServerProcess server, string unlike)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            var found = await FrozenAsync(server);
            if (found != unlike || started.Elapsed > Limit)
            {
                return found;
            }

            await Task.Delay(Look);
        }
    }

    /// <summary>How many attempts a server's database has on record.</summary>
    public static async Task<int> AttemptsAsync(ServerProcess server)
    {
        await using var body = await server.Http.GetStreamAsync(new Uri("/v1/attempts?limit=1000", UriKind.Relative));
        using var page = await JsonDocument.ParseAsync(body);
        return page.RootElement.GetProperty("items").GetArrayLength();
    }

    /// <summary>Number of what the provider of this world's grants saw last.</summary>
    public long Presented => _simulator.History.Refreshes().Where(p => IsOurs(p.Server, p.GrantId)).Select(p => p.Number).DefaultIfEmpty().Max();

    /// <summary>How often the provider saw a used refresh token outside its rule.</summary>
    public int Reused => _simulator.History.PresentationsPerToken(null).Where(u => IsOurs(u.Server, u.GrantId)).Sum(u => u.OutsideRule);

    // Grants are counted by each provider from one.
    private bool IsOurs(string server, string? grant) => grant is not null && _grants.Contains((server, grant));

    /// <summary>Stops asking; what the callers saw.</summary>
    public async Task<IReadOnlyList<CallerRecord>> StopCallersAsync()
    {
        await _enough.CancelAsync();
        return await Task.WhenAll(_calling);
    }

    public async ValueTask DisposeAsync()
    {
        await StopCallersAsync();
        foreach (var (_, server) in _servers)
        {
            await server.DisposeAsync();
        }

        foreach (var database in _databases)
        {
            await database.DisposeAsync();
        }

        _clients.ForEach(c => c.Dispose());
        await _place.DisposeAsync();
        _folder.Dispose();
        _enough.Dispose();
    }

    // Times are scaled as in the crash drill; the span is what its smallest lease allows.
    private Dictionary<string, string> ServerSettings() => new()
    {
        ["CATALOGUE:OVERRIDE_FOLDER"] = _catalogue,
        ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
        ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
        ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
        ["REFRESH:HEARTBEAT_INTERVAL"] = "00:00:01",
        ["REFRESH:LEASE"] = "00:00:04",
        ["REFRESH:QUEUE_ALLOWANCE"] = "00:00:00.5",
        ["REFRESH:HTTP_DEADLINE"] = "00:00:02",
        ["REFRESH:COMMIT_DEADLINE"] = "00:00:01",
        ["REFRESH:SKEW_BOUND"] = "00:00:00.5",
        ["JOURNAL:RETENTION"] = Span.ToString("c", System.Globalization.CultureInfo.InvariantCulture),
    };

    private RekindleClient ClientOf(ServerProcess server)
    {
        var http = new HttpClient();
        _clients.Add(http);
        return new RekindleClient(http, server.Http.BaseAddress!, _prepared.ApiKey);
    }
}
