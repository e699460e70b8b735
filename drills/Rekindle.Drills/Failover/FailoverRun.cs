using System.Diagnostics;
using Rekindle.Client;
using Rekindle.Simulator;
using Rekindle.Testing;

namespace Rekindle.Drills.Failover;

/// <summary>One failover: its servers, its load, and what is left of the connections afterwards.</summary>
internal sealed class FailoverRun(FailoverSize size, bool journal, SimulatorHost simulator) : IAsyncDisposable
{
    /// <summary>Long enough that a failover of seconds fits into the margin before the end.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(60);

    private const string Settled = "has all that is known";
    private static readonly TimeSpan Margin = TokenLifetime / 5;
    private static readonly TimeSpan RunIn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly AuthorizationServer _provider = simulator.Servers["acme"];
    private readonly TempFolder _folder = new();
    private readonly List<ServerProcess> _servers = [];
    private readonly CancellationTokenSource _over = new();
    private string _apiKey = "";

    /// <summary>What the servers printed.</summary>
    public string Logs => string.Join('\n', _servers.Select((s, i) => $"--- {(i == 0 ? "api" : $"worker {i}")}\n{s.Output}"));

    public async Task<FailoverOutcome> RunAsync()
    {
        CatalogueEntry.WriteAll(simulator, _folder.File("catalogue"));
        await using var pair = await FailoverPair.CreateAsync(async connection => (_apiKey, _) = await ServerProcess.InitAsync(SettingsOf(connection)));
        _servers.AddRange(await Task.WhenAll(Enumerable.Range(0, size.Workers + 1).Select(i => StartAsync(pair.ConnectionString, isWorker: i > 0))));
        using var http = new HttpClient();
        var client = new RekindleClient(http, _servers[0].Http.BaseAddress!, _apiKey);
        var connections = await SeedAsync(client);

        var callers = connections.Take(size.Callers).Select(id => new Caller(id, _provider)).ToArray();
        Array.ForEach(callers, c => c.Ask(client));
        var calling = callers.Select(c => c.RunAsync(_over.Token)).ToArray();
        var load = Task.WhenAll(_servers.Select((server, i) => RefreshOnDemandAsync(server, connections.Skip(i))));

        await Task.Delay(RunIn);
        await pair.LoseWhatComesAsync();
        await Task.Delay(size.Tail);
        var sinceDeath = Stopwatch.StartNew();
        var forgotten = await pair.FailOverAsync();
        await WaitUntilSettledAsync(sinceDeath);
        var settled = sinceDeath.Elapsed;
        await _over.CancelAsync();
        await load;

        var lost = await CountLostAsync(connections);
        var reused = simulator.History.PresentationsPerToken(_provider.Name).Count(u => u.OutsideRule > 0);
        return new FailoverOutcome(journal, connections.Count, forgotten, lost, reused, settled, await Task.WhenAll(calling));
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _folder.Dispose();
        _over.Dispose();
    }

    private Dictionary<string, string> SettingsOf(string connection) => new()
    {
        ["STORE"] = "postgres",
        ["POSTGRES:CONNECTION_STRING"] = connection,
        ["KEY_RING_FILE"] = _folder.File("keys"),
        ["JOURNAL:ENABLED"] = journal ? "true" : "false",
        ["JOURNAL:FOLDER"] = _folder.File("journal"),
        ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
        ["JOURNAL:SEGMENT_MEGABYTES"] = "1",
    };

    private Task<ServerProcess> StartAsync(string connection, bool isWorker) => ServerProcess.StartAsync(
        new Dictionary<string, string>(SettingsOf(connection))
        {
            ["CATALOGUE:OVERRIDE_FOLDER"] = _folder.File("catalogue"),
            ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
            ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
            ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
            ["REFRESH:WORKER_ENABLED"] = isWorker ? "true" : "false",
            ["REFRESH:HEARTBEAT_INTERVAL"] = "00:00:01",
            // So that every connection can be asked at the end whether it is well.
            ["REFRESH:REFRESH_FLOOR"] = "00:00:00",
            ["REFRESH:SKEW_BOUND"] = "00:00:01",
        },
        _apiKey,
        new Dictionary<string, string> { ["DOTNET_TC_CallCounting"] = "0", ["DOTNET_gcConcurrent"] = "0" });

    // Those whose callers are watched have tokens of full length. The others come due one after the other, from now until some time after
    // the failover.
    private async Task<IReadOnlyList<string>> SeedAsync(RekindleClient client)
    {
        await client.CreateIntegrationAsync(SimulatedAccounts.IntegrationOf(_provider, "acme", SimulatedAccounts.Hasty));
        var spread = RunIn + size.Tail + TimeSpan.FromSeconds(10);
        var connections = new string[size.Connections];
        await Parallel.ForAsync(0, connections.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancelled) =>
        {
            var grant = _provider.IssueGrant($"user-{i}");
            var due = i < size.Callers ? TokenLifetime : spread * ((double)i / connections.Length);
            var import = SimulatedAccounts.ImportOf(grant, "acme") with { ExpiresAt = Earlier(grant.ExpiresAt, TimeProvider.System.GetUtcNow() + Margin + due) };
            connections[i] = (await client.ImportAsync(import, cancelled)).Id;
        });
        return connections;
    }

    // Somebody who always wants a new one, of every server: refreshes that nobody planned, and whose chains several journals hold.
    private async Task RefreshOnDemandAsync(ServerProcess server, IEnumerable<string> connections)
    {
        var order = connections.Chunk(7).Select(c => c[0]).ToArray();
        for (var i = 0; !_over.IsCancellationRequested; i = (i + 1) % order.Length)
        {
            await RefreshOrder.TryAsync(server.Http, order[i]);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }
    }

    private async Task WaitUntilSettledAsync(Stopwatch sinceDeath)
    {
        // Each of them settles once at its start, and once more now.
        while (_servers.Exists(s => s.Output.Split(Settled).Length < 3) && sinceDeath.Elapsed < Limit)
        {
            await Task.Delay(100);
        }
    }

    private async Task<int> CountLostAsync(IReadOnlyList<string> connections)
    {
        var lost = 0;
        await Parallel.ForEachAsync(connections, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, _) =>
        {
            if (!await IsWellAsync(id))
            {
                Interlocked.Increment(ref lost);
            }
        });
        return lost;
    }

    // Well is who can be refreshed once more, and whose new token the provider's API takes.
    private async Task<bool> IsWellAsync(string id)
    {
        for (var until = Stopwatch.StartNew(); until.Elapsed < TimeSpan.FromSeconds(10); await Task.Delay(500))
        {
            if (await RefreshOrder.TryAsync(_servers[0].Http, id) is { } token)
            {
                return _provider.Accepts(token);
            }
        }

        return false;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset b) => a < b ? a : b;
}
