using System.Data;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Rekindle.Encryption;
using Rekindle.Postgres;
using Rekindle.Providers;
using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Drills.Scale;

/// <summary>
/// One database full of connections, nine of ten under integrations that are open, and the work of one worker on it: claims what is due, and
/// commits a new token for each, which is due again at once. Its clock goes as fast as a million hourly tokens would have it.
/// </summary>
internal sealed class ScaleFleet : IAsyncDisposable
{
    /// <summary>Rows of a claim.</summary>
    public const int Batch = Open * PerIntegration;

    private const string Environment = "production";
    private const int Integrations = 10;
    private const int Open = Integrations - 1;
    private const int PerIntegration = 6;
    private const double RefreshesPerSecond = 1_000_000 / 3600.0;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);
    private static readonly SealedSecret Material = new(new byte[64]);

    private readonly Testing.PostgresDatabase _database;
    private readonly StoreSet _stores;
    private readonly List<int> _open = [];
    private int _paused;
    private NpgsqlConnection? _forgotten;
    private DateTimeOffset _now = TimeProvider.System.GetUtcNow();

    private ScaleFleet(int size, Testing.PostgresDatabase database)
    {
        Size = size;
        _database = database;
        Meter = new ScaleMeter(database.ConnectionString);
        _stores = PostgresStores.Create(new PostgresOptions { ConnectionString = database.ConnectionString }, TimeProvider.System, NullLoggerFactory.Instance);
    }

    /// <summary>How many connections.</summary>
    public int Size { get; }

    public ScaleMeter Meter { get; }

    /// <summary>Creates and fills a database.</summary>
    public static async Task<ScaleFleet> CreateAsync(PostgresServer server, int size, int hot)
    {
        var fleet = new ScaleFleet(size, await server.CreateDatabaseAsync());
        await fleet._stores.Database.MigrateAsync(CancellationToken.None);
        await fleet._stores.Attempts.MaintainAsync(fleet._now, TimeSpan.FromDays(30), CancellationToken.None);
        await fleet.Meter.InstallAsync();
        await fleet.FillAsync(hot);
        return fleet;
    }

    /// <summary>A look at the queues, a claim and the commit of what was claimed.</summary>
    public async Task<ScaleCycle> CycleAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await _stores.Refresh.ReadQueueHeadsAsync(_open, CancellationToken.None);
        var looked = Stopwatch.GetTimestamp();
        var claims = await _stores.Refresh.ClaimDueAsync(
            new ClaimRequest("drill", _now, Lease, [.. _open.Select(id => new ClaimQuota(id, PerIntegration))]), CancellationToken.None);
        var claimed = Stopwatch.GetTimestamp();
        var results = await _stores.Refresh.CommitAsync([.. claims.Select(Success)], CancellationToken.None);
        var committed = Stopwatch.GetTimestamp();
        if (claims.Count != Batch || results.Any(r => r != CommitResult.Applied))
        {
            throw new InvalidOperationException($"{claims.Count} of {Batch} connections were claimed, {results.Count(r => r == CommitResult.Applied)} committed.");
        }

        _now += TimeSpan.FromSeconds(claims.Count / RefreshesPerSecond);
        return new(Stopwatch.GetElapsedTime(started, looked), Stopwatch.GetElapsedTime(looked, claimed), Stopwatch.GetElapsedTime(claimed, committed));
    }

    /// <summary>How many cycles the load makes in a time.</summary>
    public static int CyclesIn(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds * RefreshesPerSecond / Batch);

    /// <inheritdoc cref="ScaleMeter.DescentsAsync"/>
    public Task<long> DescentsAsync() => Meter.DescentsAsync(Batch, Open);

    /// <summary>Somebody opens a transaction, reads, and forgets it.</summary>
    public async Task ForgetTransactionAsync()
    {
        _forgotten = new NpgsqlConnection(_database.ConnectionString);
        await _forgotten.OpenAsync();
        await _forgotten.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await using var command = new NpgsqlCommand("select count(*) from integrations", _forgotten);
        await command.ExecuteScalarAsync();
    }

    /// <summary>Remembers it, and lets the database clear up.</summary>
    public async Task EndTransactionAsync()
    {
        await _forgotten!.DisposeAsync();
        _forgotten = null;
        await Meter.ExecuteAsync("vacuum refresh_schedule, token_sets");
    }

    /// <summary>The tenth integration's connections have all been due for an hour, and it stays paused.</summary>
    public Task LetPausedBecomeOverdueAsync() => Meter.ExecuteAsync(
        $"""
        update refresh_schedule set due_at = {_now.AddHours(-1).ToUnixTimeMilliseconds()} + connection_id % 1000000 where integration_id = {_paused};
        vacuum analyze refresh_schedule;
        checkpoint
        """);

    public async ValueTask DisposeAsync()
    {
        if (_forgotten is not null)
        {
            await _forgotten.DisposeAsync();
        }

        await _stores.DisposeAsync();
        await Meter.DisposeAsync();
        await _database.DisposeAsync();
    }

    private async Task FillAsync(int hot)
    {
        var integrations = new List<(int Id, string Key)>();
        for (var i = 0; i < Integrations; i++)
        {
            var created = await _stores.Integrations.CreateAsync(
                new Integration { Environment = Environment, Key = $"provider-{i}", Provider = "oauth2", DisplayName = $"Provider {i}", CreatedAt = _now, UpdatedAt = _now },
                CancellationToken.None);
            integrations.Add((created!.Id, created.Key));
        }

        _open.AddRange(integrations.Take(Open).Select(i => i.Id));
        _paused = integrations[^1].Id;
        var stride = StrideFor(hot);
        await new ConnectionSeeder(_database.ConnectionString).SeedAsync(new SeedPlan
        {
            Integrations = integrations,
            Count = Size,
            Environment = Environment,
            Now = _now,
            Times = n => new(_now.AddMinutes(-30), _now.AddDays(1), DueAt(n, stride)),
            Material = static (_, _) => new(Material, Material),
        });
    }

    // The due ones lie evenly in the table and are due in another order than they lie; the rest is due in the hours after the drill.
    private DateTimeOffset DueAt(int number, int stride) => number % stride == 0 && number % Integrations < Open
        ? _now.AddMilliseconds(-1 - (number / stride * 7919L % 60_000))
        : _now.AddHours(6).AddMilliseconds(number * 7919L % 36_000_000);

    // Numbers are dealt out over the integrations, so a step that shares no factor with their count meets all of them.
    private int StrideFor(int hot)
    {
        var stride = Math.Max(1, Size * Open / Integrations / hot);
        while (stride % 2 == 0 || stride % 5 == 0)
        {
            stride++;
        }

        return stride;
    }

    // Due again at once.
    private RefreshCommit Success(Claim claim) => Commits.Success(claim, _now, Material, Material) with { DueAt = _now };
}

/// <summary>What the parts of a cycle took.</summary>
internal readonly record struct ScaleCycle(TimeSpan Look, TimeSpan Claim, TimeSpan Commit);
