using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Rekindle.Encryption;
using Rekindle.Server.Tests.Engine;
using Rekindle.Simulator;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Processes;

/// <summary>
/// The shipped server on SQLite, a strictly rotating provider, and a database that is away when the answer comes: another process holds its
/// write lock.
/// </summary>
[Trait("Req", "F4")]
[Trait("Speed", "slow")]
public sealed class JournalTests
{
    [Fact]
    [Trait("Failure", "F01")]
    [Trait("Failure", "F02")]
    public async Task A_rotated_token_survives_a_database_that_is_away_and_the_death_of_the_process_meanwhile()
    {
        await using var world = await World.StartAsync();
        var id = await world.Seed.ImportAsync("user-1", change: Expired);
        await using var server = await world.ServeAsync();
        var asked = server.Http.GetAsync(new Uri($"/v1/connections/{id}/token?max_wait_seconds=20", UriKind.Relative));
        await world.WaitForRequestAsync();
        var lockHolder = await world.LockDatabaseAsync();

        // The answer comes, the commit cannot: the caller gets the token all the same, from the journal's disk.
        using var answered = await asked;
        var token = Text(await answered.Content.ReadAsStringAsync(), "access_token");
        server.Signal("KILL");
        await lockHolder.DisposeAsync();
        await using var successor = await world.ServeAsync();

        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        Assert.DoesNotContain("Verdict discarded", server.Output, StringComparison.Ordinal);
        using var after = await successor.Http.GetAsync(new Uri($"/v1/connections/{id}/token", UriKind.Relative));
        Assert.Equal(token, Text(await after.Content.ReadAsStringAsync(), "access_token"));
        Assert.Single(world.Simulator.History.Refreshes());
        Assert.Contains("1 were missing and are stored now", successor.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await world.Seed.ReadAsync(id)).Tokens!.Version);
    }

    [Fact]
    [Trait("Req", "I3")]
    [Trait("Failure", "F01")]
    public async Task A_successor_settles_at_once_what_was_under_way_when_the_process_died()
    {
        await using var world = await World.StartAsync(TimeSpan.FromSeconds(30));
        var id = await world.Seed.ImportAsync("user-1", change: Expired);
        await using var server = await world.ServeAsync();
        _ = server.Http.GetAsync(new Uri($"/v1/connections/{id}/token?max_wait_seconds=20", UriKind.Relative));
        await world.WaitForRequestAsync();
        server.Signal("KILL");

        await using var successor = await world.ServeAsync();

        // The lease would have run for minutes; the doubt counts from now.
        Assert.Contains("0 leases given back, 1 in doubt", successor.Output, StringComparison.Ordinal);
        Assert.True((await world.Seed.ReadAsync(id)).LeaseUntil <= TimeProvider.System.GetUtcNow());
    }

    private static void Expired(ImportedGrantDraft draft) => draft.ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(-1);

    private static string Text(string json, string name)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(name, out var value) ? value.GetString()! : throw new InvalidOperationException($"No {name} in: {json[..Math.Min(300, json.Length)]}");
    }

    /// <summary>A database on disk, a simulated provider, and servers on both, one after the other.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly TempFolder _folder = new();
        private string _key = "";

        public required SimulatorHost Simulator { get; init; }

        public EngineHost Seed { get; private set; } = null!;

        public static async Task<World> StartAsync(TimeSpan? providerTakes = null)
        {
            var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
            {
                Servers = new Dictionary<string, Personality>
                {
                    ["acme"] = EngineSettings.Strict with { Latency = providerTakes ?? TimeSpan.FromSeconds(2) },
                },
            });
            var world = new World { Simulator = simulator };
            world.Seed = await EngineHost.StartAsync(new EngineSettings
            {
                Time = TimeProvider.System,
                Simulator = simulator,
                Folder = world._folder.Path,
                Configure = o => o.Journal.Folder = world._folder.File("seed-journal"),
            });
            var minted = ApiKeyFormat.Mint("production");
            await world.Seed.Get<IApiKeyStore>().CreateAsync(
                new ApiKey { Id = minted.Id, Environment = "production", Name = "test", Hash = minted.Hash, Scopes = ["admin"], CreatedAt = TimeProvider.System.GetUtcNow() },
                default);
            world._key = minted.Key.Reveal();
            return world;
        }

        public Task<ServerProcess> ServeAsync() => ServerProcess.StartAsync(
            new Dictionary<string, string>
            {
                ["SQLITE:PATH"] = _folder.File("rekindle.db"),
                ["SQLITE:BUSY_TIMEOUT"] = "00:00:01",
                ["KEY_RING_FILE"] = _folder.File("keys"),
                ["JOURNAL:FOLDER"] = _folder.File("journal"),
                ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
                ["CATALOGUE:OVERRIDE_FOLDER"] = _folder.File("catalogue"),
                ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
                ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
                ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
                ["REFRESH:WORKER_ENABLED"] = "false",
            },
            _key);

        public Task<IReadOnlyList<Presentation>> WaitForRequestAsync() =>
            Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");

        public async Task<SqliteConnection> LockDatabaseAsync()
        {
            var connection = new SqliteConnection($"Data Source={_folder.File("rekindle.db")};Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "begin immediate";
            await command.ExecuteNonQueryAsync();
            return connection;
        }

        public async ValueTask DisposeAsync()
        {
            await Seed.DisposeAsync();
            await Simulator.DisposeAsync();
            _folder.Dispose();
        }
    }
}
