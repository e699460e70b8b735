using System.Diagnostics;
using System.Text.Json;
using Rekindle.Journal;
using Rekindle.Server.Tests.Engine;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Api;

/// <summary>The verbs, as an operator types them: a process in an empty folder.</summary>
public sealed class ServerCommandTests
{
    [Fact]
    public async Task Init_makes_database_key_ring_and_a_key_and_overwrites_nothing()
    {
        using var folder = new TempFolder();

        var first = await RunAsync(folder, [], "init");
        var ring = await File.ReadAllTextAsync(folder.File("rekindle.keys"));
        var second = await RunAsync(folder, [], "init");
        var other = await RunAsync(folder, [], "api-key", "--environment", "sandbox", "--scope", "tokens:read");

        Assert.Equal(0, first.ExitCode);
        Assert.Matches(@"\Ark_production_[0-9a-f]{12}_[0-9a-f]{64}\n\z", first.Output);
        Assert.Contains(folder.File("rekindle.keys"), first.Errors, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("rekindle.keys")));
        Assert.Equal((1, ""), (second.ExitCode, second.Output));
        Assert.Contains("has API keys already", second.Errors, StringComparison.Ordinal);
        Assert.Equal(ring, await File.ReadAllTextAsync(folder.File("rekindle.keys")));
        Assert.StartsWith("rk_sandbox_", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_makes_the_schema_once_and_says_so()
    {
        using var folder = new TempFolder();

        var first = await RunAsync(folder, [], "migrate");
        var second = await RunAsync(folder, [], "migrate");

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains("applied 0001", first.Output, StringComparison.Ordinal);
        Assert.Contains("up to date", second.Output, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "F4"), Trait("Req", "I13")]
    public async Task Journal_shows_what_the_database_does_not_have_while_its_server_runs_and_no_secret()
    {
        using var folder = new TempFolder();
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(1));
        engine.Clock.Advance(TimeSpan.FromMinutes(2));
        await engine.BeatAsync();
        var journal = engine.Get<ResultJournal>();
        var records = await journal.ReadBackAsync().FirstAsync();
        var result = Assert.Single(records.OfType<JournalRecord.Kept>()).Result;
        var open = result with { Attempt = result.Attempt with { Id = Guid.CreateVersion7() } };
        await journal.KeepAsync(open);
        var settings = new Dictionary<string, string>
        {
            ["REKINDLE_KEY_RING_FILE"] = folder.File("keys"),
            ["REKINDLE_JOURNAL__FOLDER"] = folder.File("journal"),
        };

        var shown = await RunAsync(folder, settings, "journal");
        var all = await RunAsync(folder, settings, "journal", "--all", "--json", "--connection", id.ToString());

        Assert.Equal((0, 0), (shown.ExitCode, all.ExitCode));
        Assert.Contains("its server runs", shown.Output, StringComparison.Ordinal);
        Assert.Contains($"open          result    {id}  {open.Attempt.Id}", shown.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Attempt.Id.ToString(), shown.Output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(all.Output);
        var entries = document.RootElement.GetProperty("journals")[0].GetProperty("entries").EnumerateArray()
            .Select(e => $"{e.GetProperty("kind").GetString()} {e.GetProperty("state").GetString()}");
        Assert.Equal(["change acknowledged", "sent acknowledged", "result acknowledged", "result open"], entries);
        Assert.DoesNotContain(Convert.ToBase64String(result.Tokens.AccessToken.Bytes), all.Output, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "F4")]
    public async Task Journal_says_what_is_wrong_when_there_is_none_to_show()
    {
        using var folder = new TempFolder();
        await RunAsync(folder, [], "init");

        var none = await RunAsync(folder, [], "journal");
        var bad = await RunAsync(folder, [], "journal", "--connection", "42");

        Assert.Equal(1, none.ExitCode);
        Assert.Contains("no server has run here yet", none.Errors, StringComparison.Ordinal);
        Assert.NotEqual(0, bad.ExitCode);
        Assert.Contains("looks like con_", bad.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_of_the_migration_is_printed_and_nothing_is_done()
    {
        using var folder = new TempFolder();
        await using var database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        var settings = new Dictionary<string, string> { ["REKINDLE_STORE"] = "postgres", ["REKINDLE_POSTGRES__CONNECTION_STRING"] = database.ConnectionString };

        var first = await RunAsync(folder, settings, "migrate", "--plan");
        var second = await RunAsync(folder, settings, "migrate", "--plan");
        await RunAsync(folder, settings, "migrate");
        var last = await RunAsync(folder, settings, "migrate", "--plan");

        Assert.Equal(0, first.ExitCode);
        Assert.Contains("0001_start", first.Output, StringComparison.Ordinal);
        Assert.Contains("create table connections", first.Output, StringComparison.Ordinal);
        Assert.Equal(first.Output, second.Output);
        Assert.Contains("nothing to do", last.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_init_nothing_is_served_and_the_way_is_shown()
    {
        using var folder = new TempFolder();

        var served = await RunAsync(folder, [], "serve");
        var key = await RunAsync(folder, [], "api-key");

        Assert.All([served, key], result =>
        {
            Assert.Equal(1, result.ExitCode);
            Assert.Contains("rekindle-server init", result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_init_made_serves_with_its_key_and_ends_cleanly(bool postgres)
    {
        using var folder = new TempFolder();
        await using var database = postgres ? await (await PostgresServer.GetAsync()).CreateDatabaseAsync() : null;
        var settings = new Dictionary<string, string>
        {
            ["KEY_RING_FILE"] = folder.File("keys"),
            ["JOURNAL__FOLDER"] = folder.File("journal"),
            ["JOURNAL__ALLOW_EPHEMERAL"] = "true",
            ["SQLITE__PATH"] = folder.File("db"),
        };
        if (database is not null)
        {
            settings["STORE"] = "postgres";
            settings["POSTGRES__CONNECTION_STRING"] = database.ConnectionString;
        }

        var made = await RunAsync(folder, settings.ToDictionary(s => $"REKINDLE_{s.Key}", s => s.Value), "init");
        Assert.Equal((0, ""), (made.ExitCode, made.ExitCode == 0 ? "" : made.Errors));
        await using var server = await ServerProcess.StartAsync(settings, made.Output.Trim());
        var connections = await ApiHost.GetAsync(server.Http, "/v1/connections");
        var exit = await server.StopAsync();

        Assert.Equal((200, 0), (connections.Status, exit));
        Assert.Contains(postgres ? "PostgreSQL" : folder.File("db"), made.Errors, StringComparison.Ordinal);
        if (database is not null)
        {
            Assert.DoesNotContain("assword", made.Errors + server.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Failure", "F80")]
    public async Task Init_makes_no_new_ring_for_a_database_that_was_sealed_with_another()
    {
        using var folder = new TempFolder();
        await RunAsync(folder, [], "init");
        File.Delete(folder.File("rekindle.keys"));

        var served = await RunAsync(folder, [], "serve");
        var again = await RunAsync(folder, [], "init");

        Assert.Equal((1, 1), (served.ExitCode, again.ExitCode));
        Assert.False(File.Exists(folder.File("rekindle.keys")));
    }

    [Fact]
    public async Task Every_unknown_or_malformed_setting_is_listed_and_no_stack_trace()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("appsettings.json"), """{"Rekindle":{"Refresh":{"Slot":3}},"Rekindel":{}}""");

        var result = await RunAsync(
            folder, new() { ["REKINDLE_REFRESH__HEARTBEAT_INTERVAL"] = "often", ["REKINDLE_SERVICE_HOST"] = "10.0.0.1", ["REKINDLE_PORT"] = "tcp://10.0.0.1:80" },
            "--set", "Store=oracle", "--set", "Sqlite:Path:Deep=1");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal(
            [
                "'Rekindel' is not a section of this program. Its settings stand in 'Rekindle'.",
                "Rekindle:Refresh:HeartbeatInterval must be a duration such as 00:02:00.",
                "Rekindle:Refresh:Slot is not a setting. Do you mean Slots?",
                "Rekindle:Sqlite:Path is a single value and has no settings below it.",
                "Rekindle:Store must be one of: sqlite, postgres.",
            ],
            result.Errors.Split('\n').Skip(1).Where(line => line.Length > 0).Select(line => line.Trim().Replace("appsettings.json: ", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--set Refresh:Slots=0", "Rekindle:Refresh:Slots")]
    [InlineData("--set nonsense", "name=value")]
    [InlineData("--config /nowhere.json", "there is no file /nowhere.json")]
    [InlineData("frobnicate", "frobnicate")]
    public async Task A_wrong_command_line_is_explained(string line, string words)
    {
        using var folder = new TempFolder();
        await RunAsync(folder, [], "init");

        var result = await RunAsync(folder, [], line.Split(' '));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(words, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_examples()
    {
        using var folder = new TempFolder();

        var help = await RunAsync(folder, [], "--help");

        Assert.Contains("rekindle-server init", help.Output, StringComparison.Ordinal);
        Assert.Contains("REKINDLE_", help.Output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(TempFolder folder, Dictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "rekindle-server.dll"), .. arguments])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("REKINDLE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return (process.ExitCode, await output, await errors);
    }
}
