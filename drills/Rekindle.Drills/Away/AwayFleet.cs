using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using Rekindle.Drills.Chaos;
using Rekindle.Simulator;
using Rekindle.Testing;

namespace Rekindle.Drills.Away;

/// <summary>Two workers and an API server on a database of their own, each with its own journal, as on machines of their own.</summary>
internal sealed partial class AwayFleet : IAsyncDisposable
{
    private const string Api = "api";
    private const string Victim = "worker-1";
    private static readonly string[] Names = [Api, Victim, "worker-2"];

    private readonly TempFolder _folder = new();
    private readonly AwaySize _size;
    private readonly AwayDatabase _database;
    private readonly SimulatorHost _simulator;
    private readonly Dictionary<string, Dictionary<string, string>> _settings = [];

    public AwayFleet(AwaySize size, AwayVariant variant, AwayDatabase database, SimulatorHost simulator)
    {
        (_size, Variant, _database, _simulator) = (size, variant, database, simulator);
        Seats = [.. Names.Select(MakeSeat)];
    }

    public AwayVariant Variant { get; }

    public AuthorizationServer Provider => _simulator.Servers[Variant.Name];

    public IReadOnlyList<Seat> Seats { get; }

    /// <summary>The server that callers ask.</summary>
    public Seat ApiServer => Seats.Single(s => s.Name == Api);

    /// <summary>The worker that is killed, where one is.</summary>
    public Seat Doomed => Seats.Single(s => s.Name == Victim);

    /// <summary>What its processes printed.</summary>
    public string Logs => string.Join('\n', Seats.Select(s => s.Log));

    public async Task OpenAsync()
    {
        await _database.CopyAsync(Variant.Name);
        await Task.WhenAll(Seats.Select(s => s.OpenAsync()));
    }

    /// <summary>Results that a process says it is waiting with; null: it says nothing.</summary>
    public static async Task<int?> PendingOfAsync(Seat seat)
    {
        try
        {
            var page = seat.Http is { } http ? await http.GetStringAsync(new Uri("/metrics", UriKind.Relative)) : "";
            return Waiting.Match(page) is { Success: true } found ? (int)double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture) : null;
        }
        catch (Exception e) when (e is HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            // It has just been killed.
            return null;
        }
    }

    /// <summary>What the verb <c>journal</c> finds on a process's disk that the database does not have; nothing where there is no journal.</summary>
    public async Task<int> InJournalOfAsync(Seat seat)
    {
        if (!Variant.Journal)
        {
            return 0;
        }

        var (exitCode, output, errors) = await ServerProcess.RunAsync(_settings[seat.Name], "journal", "--json");
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"journal ended with {exitCode}: {errors}");
        }

        using var found = JsonDocument.Parse(output);
        return found.RootElement.GetProperty("journals").EnumerateArray().Sum(j => j.GetProperty("open").GetInt32());
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Seats.Select(s => s.DisposeAsync().AsTask()));
        _folder.Dispose();
    }

    private Seat MakeSeat(string name)
    {
        var (database, providers) = (new TcpProxy(_database.EndPoint), ProviderLine.To(_simulator));
        var settings = _settings[name] = SettingsOf(name, database);
        settings["CATALOGUE:OVERRIDE_FOLDER"] = ProviderLine.WriteCatalogue(_simulator, providers, _folder.File($"catalogue-{name}"));

        // Lives are short here: what the runtime would gain by compiling twice comes too late.
        var environment = new Dictionary<string, string> { ["DOTNET_TC_CallCounting"] = "0", ["DOTNET_gcConcurrent"] = "0" };
        return new Seat(name, database, providers, () => ServerProcess.StartAsync(settings, _database.ApiKey, environment), _database.ApiKey, _size.Away / 12);
    }

    private Dictionary<string, string> SettingsOf(string name, TcpProxy database) => new()
    {
        ["STORE"] = "postgres",
        ["OWNERSHIP:ENDPOINT"] = $"drill-{Variant.Name}",
        ["POSTGRES:CONNECTION_STRING"] = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = database.EndPoint.Port,
            Username = "postgres",
            Database = Variant.Name,
            SslMode = SslMode.Disable,
            Timeout = 5,
            MaxPoolSize = 20,
        }.ConnectionString,
        ["KEY_RING_FILE"] = _database.KeyRingFile,
        ["JOURNAL:ENABLED"] = Variant.Journal ? "true" : "false",
        ["JOURNAL:FOLDER"] = _folder.File($"journal-{name}"),
        ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
        ["JOURNAL:SEGMENT_MEGABYTES"] = "1",
        ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
        ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
        ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
        ["REFRESH:WORKER_ENABLED"] = name == Api ? "false" : "true",

        // Together the workers cannot take all that becomes due at once. What callers ask for the API server refreshes.
        ["REFRESH:SLOTS"] = Text(_size.Bursting * 2 / 5),
        ["REFRESH:HEARTBEAT_INTERVAL"] = Text(TimeSpan.FromSeconds(1)),
        ["REFRESH:QUEUE_ALLOWANCE"] = Text(AwayRun.QueueAllowance),
        ["REFRESH:HTTP_DEADLINE"] = Text(AwayRun.HttpDeadline),
        ["REFRESH:COMMIT_DEADLINE"] = Text(AwayRun.CommitDeadline),
        ["REFRESH:SKEW_BOUND"] = Text(TimeSpan.FromSeconds(1)),
        ["REFRESH:LEASE"] = Text(AwayRun.HttpDeadline + AwayRun.CommitDeadline + TimeSpan.FromSeconds(4)),

        // So that every connection can be asked at the end whether it is well.
        ["REFRESH:REFRESH_FLOOR"] = Text(TimeSpan.Zero),
    };

    private static string Text(object value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    [GeneratedRegex(@"^rekindle_commits_waiting(?:\{[^}]*\})? (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Waiting { get; }
}
