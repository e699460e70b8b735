using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Rekindle.Client;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Grants;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Drills.Crash;

/// <summary>
/// One cell: a server with one connection whose token is nearly over dies in the gap by signal 9, a successor starts on the same
/// database, journal folder and key ring, and the connection is watched until it is well, or has ended.
/// </summary>
internal sealed class CrashRun(CrashCell cell, PreparedStore store, SimulatorHost simulator, string catalogue)
{
    private const int EndedBySignal9 = 128 + 9;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    private readonly AuthorizationServer _provider = simulator.Servers[cell.Kind.Name];
    private readonly List<(string Title, ServerProcess Server)> _servers = [];

    /// <summary>What the servers printed.</summary>
    public string Logs => string.Join('\n', _servers.Select(s => $"--- {s.Title}\n{s.Server.Output}"));

    public async Task<CrashOutcome> RunAsync()
    {
        await using var place = await store.CopyAsync();
        try
        {
            return await RunAsync(place);
        }
        finally
        {
            foreach (var (_, server) in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private async Task<CrashOutcome> RunAsync(DrillPlace place)
    {
        using var http = new HttpClient();
        var victim = await StartAsync("victim", place, Names.Of(cell.Gap));
        var client = new RekindleClient(http, victim.Http.BaseAddress!, store.ApiKey);
        var (id, grant) = await SeedAsync(client);

        using var enough = new CancellationTokenSource();
        var caller = new Caller(id, _provider);
        caller.Ask(client);
        var calling = caller.RunAsync(enough.Token);
        try
        {
            await victim.EndedAsync();
            if (victim.ExitCode != EndedBySignal9)
            {
                return new CrashOutcome(cell, CrashEnd.Survived) { Said = $"the server ended with {victim.ExitCode}" };
            }

            var sinceDeath = Stopwatch.StartNew();
            using var nextHttp = new HttpClient();
            var successor = await StartAsync("successor", place, null);
            var next = new RekindleClient(nextHttp, successor.Http.BaseAddress!, store.ApiKey);
            caller.Ask(next);
            var outcome = await WatchAsync(next, id, sinceDeath);
            var breaches = await BreachesAsync(successor.Http, id, grant);
            await enough.CancelAsync();
            return outcome with { Caller = await calling, Breaches = breaches };
        }
        catch (TimeoutException) when (_servers.Count == 1)
        {
            return new CrashOutcome(cell, CrashEnd.Survived) { Said = "the server did not die" };
        }
        finally
        {
            await enough.CancelAsync();
            await calling;
        }
    }

    private async Task<ServerProcess> StartAsync(string title, DrillPlace place, string? gap)
    {
        var settings = new Dictionary<string, string>(place.Settings)
        {
            ["CATALOGUE:OVERRIDE_FOLDER"] = catalogue,
            ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
            ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
            ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
            ["REFRESH:HEARTBEAT_INTERVAL"] = "00:00:01",
            ["REFRESH:LEASE"] = "00:00:15",
            ["REFRESH:QUEUE_ALLOWANCE"] = "00:00:01",
            ["REFRESH:HTTP_DEADLINE"] = "00:00:04",
            ["REFRESH:COMMIT_DEADLINE"] = "00:00:03",
            ["REFRESH:SKEW_BOUND"] = "00:00:01",
        };
        var environment = new Dictionary<string, string>
        {
            // These servers live for seconds and many start at once: what the runtime would gain by compiling twice comes too late.
            ["DOTNET_TC_CallCounting"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
        };
        if (gap is not null)
        {
            environment[FailPoint.Variable] = gap;
        }

        var server = await ServerProcess.StartAsync(settings, store.ApiKey, environment);
        _servers.Add((title, server));
        return server;
    }

    private async Task<(string Id, IssuedGrant Grant)> SeedAsync(RekindleClient client)
    {
        await client.CreateIntegrationAsync(SimulatedAccounts.IntegrationOf(_provider, "acme", SimulatedAccounts.Hasty));
        var grant = _provider.IssueGrant($"user-{Guid.NewGuid():n}");
        var connection = await client.ImportAsync(SimulatedAccounts.ImportOf(grant, "acme"));
        return (connection.Id, grant);
    }

    private async Task<CrashOutcome> WatchAsync(RekindleClient client, string id, Stopwatch sinceDeath)
    {
        var seen = await WaitAsync(client, id, c => HasEnded(c) || IsWell(c, after: 1), sinceDeath);
        var settled = sinceDeath.Elapsed;
        var version = seen.Token?.Version ?? 0;
        if (!HasEnded(seen) && IsWell(seen, after: 1))
        {
            // Well is who can do it again: what the crash left behind is good for another refresh.
            seen = await WaitAsync(client, id, c => HasEnded(c) || IsWell(c, after: version), sinceDeath);
        }

        var end = seen switch
        {
            { Status: "needs_reauthorization", DisconnectReason: "rotation_lost" } => CrashEnd.RotationLost,
            _ when HasEnded(seen) => CrashEnd.Ended,
            _ when version > 1 && IsWell(seen, after: version) && await IsServedAsync(client, id) => CrashEnd.Well,
            _ => CrashEnd.Stuck,
        };
        return new CrashOutcome(cell, end) { Said = $"{seen.Status} {seen.DisconnectReason ?? seen.LastRefreshError}".TrimEnd(), UntilSettled = settled };
    }

    private static async Task<Connection> WaitAsync(RekindleClient client, string id, Func<Connection, bool> fits, Stopwatch sinceDeath)
    {
        var until = sinceDeath.Elapsed + Limit;
        while (true)
        {
            var connection = await client.GetConnectionAsync(id);
            if (fits(connection) || sinceDeath.Elapsed > until)
            {
                return connection;
            }

            await Task.Delay(Look);
        }
    }

    private static bool IsWell(Connection connection, int after) =>
        connection is { Status: "active", InDoubt: false } && connection.Token?.Version > after;

    private static bool HasEnded(Connection connection) => connection.Status is not ("active" or "degraded");

    private async Task<bool> IsServedAsync(RekindleClient client, string id) => _provider.Accepts((await client.GetByIdAsync(id)).AccessToken);

    // What the provider saw, not what we say of ourselves.
    private async Task<IReadOnlyList<string>> BreachesAsync(HttpClient server, string id, IssuedGrant grant)
    {
        var doubts = await CountDoubtsAsync(server, id);
        var reused = simulator.History.PresentationsPerToken(_provider.Name).Where(u => u.GrantId == grant.GrantId && u.OutsideRule > 0).ToArray();
        return
        [
            .. reused.Where(u => u.OutsideRule > 1 || u.Times > 2)
                .Select(u => string.Create(CultureInfo.InvariantCulture, $"refresh token {u.Generation} was presented {u.Times} times")),
            .. reused.Length > doubts ? [$"{reused.Length} refresh tokens were presented again, and {doubts} unknown outcomes are on record"] : Array.Empty<string>(),
        ];
    }

    private static async Task<int> CountDoubtsAsync(HttpClient server, string id)
    {
        await using var body = await server.GetStreamAsync(new Uri($"/v1/attempts?connection={id}&class=outcome_unknown", UriKind.Relative));
        using var page = await JsonDocument.ParseAsync(body);
        return page.RootElement.GetProperty("items").GetArrayLength();
    }
}
