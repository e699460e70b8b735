using System.Text.Json;
using Microsoft.Data.Sqlite;
using Rekindle.Encryption;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Processes;

/// <summary>The shipped server on a database that is, or is not, the one it works on (I14): what it says, what it sends, and the verbs.</summary>
[Trait("Req", "I14")]
[Trait("Speed", "slow")]
public sealed class OwnershipTests
{
    [Fact]
    [Trait("Failure", "F82")]
    public async Task A_copy_is_frozen_where_a_restart_is_not_and_an_operator_can_go_on_with_it()
    {
        await using var world = await World.StartAsync();
        await using (var restarted = await world.ServeAsync())
        {
            Assert.Equal("ok", await WorkerOfAsync(restarted));
            await world.WaitForRefreshAsync(after: 0);
            await restarted.StopAsync();
        }

        var copy = world.Copy();
        var seen = world.Simulator.History.Newest;
        await using var server = await world.ServeAsync(copy);
        await Task.Delay(World.Life + TimeSpan.FromSeconds(1));
        var token = await GetAsync(server, $"/v1/connections/{world.Connection}/token");
        var summary = await GetAsync(server, "/v1/summary");
        var workers = await GetAsync(server, "/v1/workers");
        var import = await PostAsync(server, "/v1/connect-sessions", """{"integration":"acme","subject":"u","return_url":"https://example.com"}""");

        Assert.Equal("frozen", await WorkerOfAsync(server));
        Assert.Equal((503, "frozen", "operator"), (token.Status, token.Text("code"), token.Text("who_acts")));
        Assert.Equal("other_endpoint", summary.Body.GetProperty("frozen").GetProperty("reason").GetString());
        Assert.Contains(workers.Body.GetProperty("items").EnumerateArray(), w => w.GetProperty("frozen").GetString() == "other_endpoint");
        Assert.Equal((503, "frozen"), (import.Status, import.Text("code")));
        Assert.Contains("FROZEN (other_endpoint)", server.Output, StringComparison.Ordinal);
        Assert.Contains("rekindle-server unfreeze --plan", server.Output, StringComparison.Ordinal);
        Assert.Empty(world.Simulator.History.Since(seen));

        var (exitCode, output, _) = await ServerProcess.RunAsync(copy, "unfreeze", "--plan", "--json");
        var refused = await ServerProcess.RunAsync(copy, "unfreeze", "--apply");
        var applied = await ServerProcess.RunAsync(copy, "unfreeze", "--apply", "--class", "all", "--yes");
        await world.WaitForRefreshAsync(seen);

        Assert.Equal(0, exitCode);
        using var plan = JsonDocument.Parse(output);
        Assert.Equal("other_endpoint", plan.RootElement.GetProperty("frozen").GetProperty("reason").GetString());
        Assert.Equal(1, plan.RootElement.GetProperty("integrations")[0].GetProperty("classes").GetProperty("doubtful").GetProperty("count").GetInt32());
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("--yes", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(0, applied.ExitCode);
        Assert.Contains("1 connections are refreshed from now on", applied.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_backup_is_told_by_what_the_volume_remembers_and_without_a_volume_it_is_taken_as_it_is()
    {
        await using var world = await World.StartAsync();
        await (await world.ServeAsync()).StopAsync();
        await world.WriteAsync("update ownership set mark = mark - 3600000");

        await using (var withVolume = await world.ServeAsync())
        {
            Assert.Equal("frozen", await WorkerOfAsync(withVolume));
            Assert.Contains("FROZEN (old_backup)", withVolume.Output, StringComparison.Ordinal);
        }

        // The freeze is the database's own now; before that a machine without memory could not have known.
        await world.WriteAsync("update ownership set frozen_reason = null");
        await using var without = await world.ServeAsync(new(world.Settings) { ["JOURNAL:FOLDER"] = world.File("journal-of-another-machine") });

        Assert.Equal("ok", await WorkerOfAsync(without));
        Assert.Contains("remembers nothing of database", without.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Failure", "F80")]
    public async Task With_another_key_ring_the_server_is_up_not_ready_and_leaves_nothing_of_its_own()
    {
        await using var world = await World.StartAsync();
        KeyRingFile.Create(world.File("other-keys"), TimeProvider.System.GetUtcNow());

        await using var server = await world.ServeAsync(new(world.Settings) { ["KEY_RING_FILE"] = world.File("other-keys") }, until: "/healthz");
        var ready = await GetAsync(server, "/readyz");
        var patched = await PostAsync(server, "/v1/integrations", """{"key":"two","provider":"sim-acme","client_id":"x","client_secret":"y"}""");

        Assert.Equal(503, ready.Status);
        Assert.Equal(("unavailable", "frozen"), (Part(ready, "api"), Part(ready, "worker")));
        Assert.Equal((503, "frozen"), (patched.Status, patched.Text("code")));
        Assert.Contains("FROZEN (key_ring)", server.Output, StringComparison.Ordinal);
        Assert.Empty(world.Simulator.History.Since());

        await using var right = await world.ServeAsync();
        Assert.Equal("ok", await WorkerOfAsync(right));
    }

    [Fact]
    public async Task An_announced_move_stops_the_old_place_and_goes_on_at_the_new_one()
    {
        await using var world = await World.StartAsync();
        await using var old = await world.ServeAsync();
        var target = world.File("moved.db");

        var announced = await ServerProcess.RunAsync(world.Settings, "expect-move", "--endpoint", target);
        await Eventually(async () => await WorkerOfAsync(old) == "frozen");
        await old.StopAsync();
        var copy = world.Copy(target);
        await using var moved = await world.ServeAsync(copy);
        await using var left = await world.ServeAsync(new(world.Settings) { ["JOURNAL:FOLDER"] = world.File("journal-left-behind") });

        Assert.Equal((0, ""), (announced.ExitCode, announced.Errors));
        Assert.Contains("expect-move --cancel", announced.Output, StringComparison.Ordinal);
        Assert.Equal(("ok", "frozen"), (await WorkerOfAsync(moved), await WorkerOfAsync(left)));
        Assert.Contains("The announced move is done", moved.Output, StringComparison.Ordinal);

        var cancelled = await ServerProcess.RunAsync(world.Settings, "expect-move", "--cancel");
        await Eventually(async () => await WorkerOfAsync(left) == "ok");
        Assert.Equal(0, cancelled.ExitCode);
    }

    [Theory]
    [InlineData("expect-move", "--deployment or --endpoint")]
    [InlineData("unfreeze", "--plan")]
    [InlineData("unfreeze --apply --class lost", "lost")]
    public async Task A_verb_that_is_used_wrongly_says_how_it_is_used(string line, string words)
    {
        var result = await ServerProcess.RunAsync(new Dictionary<string, string>(), line.Split(' '));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Errors + result.Output, StringComparison.Ordinal);
    }

    private static async Task<string> WorkerOfAsync(ServerProcess server) => Part(await GetAsync(server, "/readyz"), "worker");

    private static string Part(Answer answer, string name) => answer.Body.GetProperty(name).GetProperty("status").GetString()!;

    private static async Task<Answer> GetAsync(ServerProcess server, string path)
    {
        using var response = await server.Http.GetAsync(new Uri(path, UriKind.Relative));
        return await ReadAsync(response);
    }

    private static async Task<Answer> PostAsync(ServerProcess server, string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await server.Http.PostAsync(new Uri(path, UriKind.Relative), content);
        return await ReadAsync(response);
    }

    private static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return new Answer((int)response.StatusCode, document.RootElement.Clone());
    }

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), limit.Token);
        }
    }

    private sealed record Answer(int Status, JsonElement Body)
    {
        public string? Text(string name) => Body.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    /// <summary>A database with one connection whose token has ended, made by an engine that is gone, and a strictly rotating provider.</summary>
    private sealed class World : IAsyncDisposable
    {
        /// <summary>Of every token: soon over, so that refreshes are due all the while.</summary>
        public static readonly TimeSpan Life = TimeSpan.FromSeconds(4);

        private readonly TempFolder _folder = new();
        private string _key = "";

        public required SimulatorHost Simulator { get; init; }

        public string Connection { get; private set; } = "";

        public Dictionary<string, string> Settings { get; private set; } = [];

        public static async Task<World> StartAsync()
        {
            var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
            {
                Servers = new Dictionary<string, Personality> { ["acme"] = EngineSettings.Strict with { AccessTokenLifetime = Life } },
            });
            var world = new World { Simulator = simulator };
            await using var seed = await EngineHost.StartAsync(new EngineSettings
            {
                Time = TimeProvider.System,
                Simulator = simulator,
                Folder = world._folder.Path,
            });
            world.Connection = (await seed.ImportAsync("user-1")).ToString();

            var minted = ApiKeyFormat.Mint("production");
            await seed.Get<Storage.IApiKeyStore>().CreateAsync(
                new Storage.ApiKey { Id = minted.Id, Environment = "production", Name = "test", Hash = minted.Hash, Scopes = ["admin"], CreatedAt = TimeProvider.System.GetUtcNow() },
                default);
            world._key = minted.Key.Reveal();
            world.Settings = new()
            {
                ["SQLITE:PATH"] = world.File("rekindle.db"),
                ["KEY_RING_FILE"] = world.File("keys"),
                ["JOURNAL:FOLDER"] = world.File("journal"),
                ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
                ["JOURNAL:SEGMENT_MEGABYTES"] = "1",
                ["CATALOGUE:OVERRIDE_FOLDER"] = world.File("catalogue"),
                ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
                ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
                ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
            };
            return world;
        }

        public string File(string name) => _folder.File(name);

        /// <summary>A copy of the database file elsewhere, and settings that lead to it.</summary>
        public Dictionary<string, string> Copy(string? to = null)
        {
            var path = to ?? File("copy.db");
            foreach (var part in Directory.GetFiles(_folder.Path, "rekindle.db*"))
            {
                System.IO.File.Copy(part, path + Path.GetFileName(part)["rekindle.db".Length..]);
            }

            return new(Settings) { ["SQLITE:PATH"] = path };
        }

        public Task<ServerProcess> ServeAsync(Dictionary<string, string>? settings = null, string until = "/readyz") =>
            ServerProcess.StartAsync(settings ?? Settings, _key, until: until);

        public async Task WriteAsync(string sql)
        {
            await using var connection = new SqliteConnection($"Data Source={File("rekindle.db")};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }

        public async Task WaitForRefreshAsync(long after)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (Simulator.History.Refreshes(after: after).Count == 0)
            {
                await Task.Delay(50, limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Simulator.DisposeAsync();
            _folder.Dispose();
        }
    }
}
