using System.Net.Http.Json;
using System.Text;
using Microsoft.Data.Sqlite;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Secrecy;

/// <summary>
/// Marked secrets of every kind sent through every path of the shipped server, against providers that say back whatever they are
/// told; then everything is searched that the server wrote, printed or answered.
/// </summary>
[Trait("Speed", "slow")]
public sealed class EveryPathTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    [Trait("Req", "I13")]
    [Trait("Req", "D1")]
    [Trait("Failure", "F88")]
    [Trait("Failure", "F90")]
    public async Task A_marked_secret_sent_through_every_path_is_found_nowhere(string store)
    {
        using var folder = new TempFolder();
        await using var database = store == "postgres" ? await (await PostgresServer.GetAsync()).CreateDatabaseAsync() : null;
        var hunt = new SecretHunt();
        await using var provider = await IndiscreetProvider.StartAsync(hunt);
        await using var simulator = await StartSimulatorAsync(hunt);
        Directory.CreateDirectory(folder.File("catalogue"));
        CatalogueEntry.WriteAll(simulator, folder.File("catalogue"));
        provider.WriteCatalogue(folder.File("catalogue"));
        var settings = Settings(folder, database);
        var (key, said) = await ServerProcess.InitAsync(settings);
        hunt.Know(SecretUse.ApiKey, "of init", key);

        var found = new List<string>(hunt.In("init", said));
        await using (var server = await ServerProcess.StartAsync(settings, key, new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Trace" }))
        {
            var streamed = await ExerciseAsync(server, hunt, simulator, key);
            found.AddRange(hunt.In("the stream of attempts", streamed));
            // While it runs: SQLite's write-ahead log is there, and the journal has everything. A copy, because it keeps some to itself.
            using var copy = await folder.CopyAsync();
            found.AddRange(hunt.InFiles(copy.Path));
            Assert.Contains(Directory.EnumerateFiles(copy.Path, "*", SearchOption.AllDirectories), f => f.Contains("/journal/", StringComparison.Ordinal));
            server.Signal("TERM");
            await server.EndedAsync();
            found.AddRange(hunt.In("standard output and error", server.Output));
            AssertWasThere(hunt, provider, server.Output, streamed);
        }

        found.AddRange(hunt.InAnswers());
        found.AddRange(hunt.InFiles(folder.Path));
        found.AddRange(hunt.In("the dump", database is null ? await DumpAsync(folder.File("rekindle.db")) : await database.DumpAsync()));
        Assert.True(found.Count == 0, $"{found.Count} secrets leaked:\n{string.Join('\n', found.Distinct().Take(100))}");
    }

    private static async Task<string> ExerciseAsync(ServerProcess server, SecretHunt hunt, SimulatorHost simulator, string key)
    {
        using var api = new HttpClient(new AnswerRecorder(hunt, server.Http.BaseAddress!) { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = server.Http.BaseAddress };
        using var stranger = new HttpClient(new AnswerRecorder(hunt, server.Http.BaseAddress!) { InnerHandler = new SocketsHttpHandler() }) { BaseAddress = server.Http.BaseAddress };
        api.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var leaving = new CancellationTokenSource();
        var streaming = ListenAsync(server.Http, leaving.Token);
        using var paths = new SecretPaths(hunt, api, stranger);
        await paths.IntegrateAsync();
        await RefreshByScheduleAsync(api, simulator);
        await paths.ImportAsync();
        await paths.RefreshAsync();
        await paths.ConnectAsync();
        await paths.UseKeysAsync();
        await paths.PullLeversAsync();
        await paths.AskForNothingAsync();
        await paths.ReadEverythingAsync();
        await leaving.CancelAsync();
        return await streaming;
    }

    // Each kind of fault strikes one connection; the worker refreshes them all.
    private static async Task RefreshByScheduleAsync(HttpClient api, SimulatorHost simulator)
    {
        var server = simulator.Servers["acme"];
        var client = server.Clients.Single();
        using var made = await api.PostAsJsonAsync("/v1/integrations", new
        {
            key = "acme",
            provider = CatalogueEntry.KeyOf(server),
            client_id = client.Id,
            client_secret = client.Secrets[0],
        });
        Assert.Equal(System.Net.HttpStatusCode.Created, made.StatusCode);
        var faults = Enum.GetValues<FaultKind>().Except([FaultKind.Slow, FaultKind.Hold, FaultKind.Capacity, FaultKind.Answer, FaultKind.Huge, FaultKind.SecretExpired]);
        foreach (var subject in faults.Select(f => $"{f}").Append("fine"))
        {
            if (Enum.TryParse<FaultKind>(subject, out var fault))
            {
                server.Faults.Add(Fault.Of(fault).ForSubject(subject));
            }

            var grant = server.IssueGrant(subject);
            using var imported = await api.PostAsJsonAsync("/v1/connections", new
            {
                integration = "acme",
                subject,
                access_token = grant.AccessToken,
                refresh_token = grant.RefreshToken,
                expires_in = 1,
            });
            Assert.Equal(System.Net.HttpStatusCode.Created, imported.StatusCode);
        }

        await simulator.History.WaitForAsync(p => p.GrantType == "refresh_token", faults.Count() + 1);
    }

    private static async Task<string> ListenAsync(HttpClient api, CancellationToken leaving)
    {
        var events = new StringBuilder();
        try
        {
            using var answer = await api.GetAsync(new Uri("/v1/attempts/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, leaving);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(leaving));
            while (await reader.ReadLineAsync(leaving) is { } line)
            {
                events.AppendLine(line);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough was seen.
        }

        return events.ToString();
    }

    // A search that finds nothing says nothing unless what it searches is what it should be.
    private static void AssertWasThere(SecretHunt hunt, IndiscreetProvider provider, string log, string streamed)
    {
        Assert.Equal(Enum.GetValues<SecretUse>(), hunt.Uses.Order());
        Assert.All(Indiscretion.All, i => Assert.True(provider.Asked(i.Name, "refresh_token") > 0, $"{i.Name} was not asked for a refresh."));
        Assert.All(Indiscretion.All.Where(i => i.Name != "callback"), i => Assert.True(provider.Asked(i.Name, "authorization_code") > 0, $"{i.Name} was sent no code."));
        Assert.Contains("dbug:", log, StringComparison.Ordinal);
        Assert.Contains("ProactiveRefresh", log, StringComparison.Ordinal);
        Assert.Contains("event: attempt", streamed, StringComparison.Ordinal);
        Assert.Contains(hunt.Answers, a => a.Status == 200 && Encoding.UTF8.GetString(a.Body).Contains("\"token_refresh_debug\"", StringComparison.Ordinal));
        Assert.DoesNotContain(hunt.Answers, a => a.Status == 500);
    }

    private static async Task<SimulatorHost> StartSimulatorAsync(SecretHunt hunt) => await SimulatorHost.StartAsync(new SimulatorOptions
    {
        Servers = new Dictionary<string, Personality> { ["acme"] = EngineSettings.Strict },
        // In every token and code of the simulator.
        TokenMarker = hunt.Make(SecretUse.AccessToken, "or another of the simulator").LettersAndDigits,
    });

    private static Dictionary<string, string> Settings(TempFolder folder, PostgresDatabase? database) => new()
    {
        ["STORE"] = database is null ? "sqlite" : "postgres",
        [database is null ? "SQLITE:PATH" : "POSTGRES:CONNECTION_STRING"] = database?.ConnectionString ?? folder.File("rekindle.db"),
        ["KEY_RING_FILE"] = folder.File("keys"),
        ["JOURNAL:FOLDER"] = folder.File("journal"),
        ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
        ["CATALOGUE:OVERRIDE_FOLDER"] = folder.File("catalogue"),
        ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
        ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
        ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
        ["REFRESH:HEARTBEAT_INTERVAL"] = "00:00:00.5",
        // So many connections are put in trouble on purpose that the breaker opens; its probes must not make the test last for minutes.
        ["REFRESH:BREAKER_BASE"] = "00:00:00.2",
        ["REFRESH:BREAKER_CEILING"] = "00:00:00.2",
    };

    private static async Task<string> DumpAsync(string path)
    {
        var dump = new StringBuilder();
        await using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        await connection.OpenAsync();
        foreach (var table in await ReadAsync(connection, "select name from sqlite_master where type = 'table'"))
        {
            foreach (var line in await ReadAsync(connection, $"""select * from "{table}" """))
            {
                dump.AppendLine(line);
            }
        }

        return dump.ToString();
    }

    private static async Task<List<string>> ReadAsync(SqliteConnection connection, string sql)
    {
        var lines = new List<string>();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : $"{reader.GetValue(i)}")));
        }

        return lines;
    }
}
