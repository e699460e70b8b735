using System.Globalization;
using Npgsql;
using Rekindle.Connections;
using Rekindle.Providers;

namespace Rekindle.Benchmarks.Setting;

/// <summary>
/// The large deployment that several lines share. Most of its connections are overdue and their integrations paused, so that nothing
/// happens until a line opens them; a share of its own is for lines that need a certain rate, and a few have ended and wait for callers.
/// </summary>
internal sealed class Million
{
    private const int Integrations = 8;
    private const int Callers = 4_000;

    private readonly ConnectionId[] _callers;
    private int _called;

    private Million(Deployment deployment, IReadOnlyList<Integration> overdue, IReadOnlyList<Integration> paced, ConnectionId[] callers)
    {
        Deployment = deployment;
        Overdue = overdue;
        Paced = paced;
        _callers = callers;
    }

    public Deployment Deployment { get; }

    public IReadOnlyList<Integration> Overdue { get; }

    public IReadOnlyList<Integration> Paced { get; }

    public static async Task<Million> CreateAsync(BenchPlace place)
    {
        var deployment = await place.DeploymentAsync("million");
        var overdue = await deployment.CreateIntegrationsAsync("overdue", Integrations);
        var paced = await deployment.CreateIntegrationsAsync("paced", Integrations);
        var callers = await deployment.CreateIntegrationsAsync("callers", 1);
        var million = new Million(
            deployment, overdue, paced,
            await deployment.SeedAsync(callers, Callers, _ => TimeSpan.FromDays(1), TimeSpan.FromMinutes(-1)));
        await deployment.SeedAsync(paced, place.Options.Stored / 5, _ => TimeSpan.FromDays(1), TimeSpan.FromDays(2));
        await deployment.SeedAsync(overdue, place.Options.Stored * 4 / 5, n => -TimeSpan.FromMinutes(10) + TimeSpan.FromMilliseconds(n / 10d), TimeSpan.FromHours(1));
        await million.OpenAsync(false);
        return million;
    }

    /// <summary>Opens the overdue ones, or pauses them. For before a server starts.</summary>
    public Task OpenAsync(bool open) => ExecuteAsync(
        $"update integrations set state = '{(open ? "active" : "paused")}' where key like 'overdue-%'");

    /// <summary>Makes paced connections come due at a rate, from now on.</summary>
    public Task PaceAsync(double perSecond, TimeSpan time) => ExecuteAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        update refresh_schedule s set due_at = (extract(epoch from clock_timestamp()) * 1000)::bigint + 1000 + (p.n * 1000 / {perSecond})::bigint
        from (select shard, connection_id, row_number() over () as n from refresh_schedule
              where integration_id between {Paced[0].Id} and {Paced[^1].Id} and due_at > (extract(epoch from clock_timestamp()) * 1000)::bigint + 3000000
              limit {(int)(perSecond * time.TotalSeconds)}) as p
        where s.shard = p.shard and s.connection_id = p.connection_id
        """));

    /// <summary>A connection whose token has ended and that nobody asked for yet.</summary>
    public ConnectionId NextCaller() => _callers[Interlocked.Increment(ref _called) - 1];

    /// <summary>Attempts recorded so far: one per refresh stored.</summary>
    public async Task<long> StoredAsync()
    {
        await using var connection = new NpgsqlConnection(Deployment.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select last_value from attempts_position", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Deployment.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }
}
