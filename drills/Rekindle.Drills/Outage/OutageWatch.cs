using System.Data.Common;
using System.Diagnostics;
using System.Globalization;

namespace Rekindle.Drills.Outage;

/// <summary>
/// Reads past the engine what the database says of every connection, each time in one consistent snapshot. While the drill runs it looks again
/// and again for a connection that is called degraded although a valid token is stored: a commit that left one so would show.
/// </summary>
internal sealed class OutageWatch(OutageEngine engine) : IAsyncDisposable
{
    // A tenth of the time at most: what is watched should not be slower for it.
    private const int Rest = 9;

    // The worker sleeps for five seconds at most, and marks what has ended at most once a second.
    private static readonly TimeSpan Cycle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _over = new();
    private Task _watching = Task.CompletedTask;

    /// <summary>How often it has looked.</summary>
    public int Looks { get; private set; }

    /// <summary>How often it saw a connection that was called degraded and had a valid token.</summary>
    public int DegradedWithToken { get; private set; }

    /// <summary>How often it saw one that was called active although its token had ended a cycle ago.</summary>
    public int ActiveWithoutToken { get; private set; }

    public void Start() => _watching = WatchAsync();

    /// <summary>How many connections are in which status.</summary>
    public Task<Dictionary<string, int>> StatusesAsync() => ReadAsync(
        "select status, count(*) from connections group by status",
        async reader =>
        {
            var statuses = new Dictionary<string, int>();
            while (await reader.ReadAsync())
            {
                statuses[reader.GetString(0)] = (int)reader.GetInt64(1);
            }

            return statuses;
        });

    /// <summary>How many connections are not active.</summary>
    public Task<long> UnwellAsync() =>
        NumberAsync($"select count(*) from connections where environment = '{OutageEngine.Environment}' and status <> 'active'");

    /// <summary>How many wait for their refresh.</summary>
    public Task<long> DueAsync() => NumberAsync($"select count(*) from refresh_schedule where claimable_at <= {Ms(engine.Clock.Now)}");

    /// <summary>How many refreshes have been stored, ever.</summary>
    public Task<long> RefreshesAsync() => NumberAsync("select sum(version - 1) from token_sets");

    /// <summary>The messages that were ever opened.</summary>
    public Task<IReadOnlyList<Notice>> NoticesAsync() => ReadAsync(
        "select kind, audience, case when closed_at is null then 1 else 0 end, count(*) from notifications group by 1, 2, 3 order by 1, 2, 3",
        async reader =>
        {
            var notices = new List<Notice>();
            while (await reader.ReadAsync())
            {
                notices.Add(new(reader.GetString(0), reader.GetString(1), Convert.ToInt32(reader.GetValue(2), CultureInfo.InvariantCulture) == 1, (int)reader.GetInt64(3)));
            }

            return (IReadOnlyList<Notice>)notices;
        });

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching;
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            await LookAsync();
            var rest = Stopwatch.GetElapsedTime(started) * Rest;
            await Task.Delay(rest > ShortestRest ? rest : ShortestRest, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The clock may move meanwhile: when the snapshot was taken it showed at least what it showed before, and no more than it does after.
    private async Task LookAsync()
    {
        var (latestDegraded, earliestActive, before) = await ReadAsync(
            $"""
            select max(case when c.status = 'degraded' then t.expires_at end), min(case when c.status = 'active' then t.expires_at end), {Ms(engine.Clock.Now)}
            from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
            """,
            async reader =>
            {
                await reader.ReadAsync();
                return (await NumberOrAsync(reader, 0, long.MinValue), await NumberOrAsync(reader, 1, long.MaxValue), reader.GetInt64(2));
            });
        Looks++;
        DegradedWithToken += latestDegraded > Ms(engine.Clock.Now) ? 1 : 0;
        ActiveWithoutToken += earliestActive <= before - Cycle.TotalMilliseconds ? 1 : 0;
    }

    private static async Task<long> NumberOrAsync(DbDataReader reader, int column, long other) =>
        await reader.IsDBNullAsync(column) ? other : reader.GetInt64(column);

    private Task<long> NumberAsync(string sql) => ReadAsync(sql, async reader => await reader.ReadAsync() ? await NumberOrAsync(reader, 0, 0) : 0);

    private async Task<T> ReadAsync<T>(string sql, Func<DbDataReader, Task<T>> read)
    {
        await using var connection = engine.Connect();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        return await read(reader);
    }

    private static long Ms(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}

/// <summary>Messages of one kind.</summary>
/// <param name="Kind">What they are about.</param>
/// <param name="Audience">Whom they go to; each that goes to a user would be an e-mail.</param>
/// <param name="IsOpen">Whether they are still open.</param>
/// <param name="Count">How many.</param>
internal sealed record Notice(string Kind, string Audience, bool IsOpen, int Count)
{
    /// <summary>Whether an alert rule opened it.</summary>
    public bool IsAlert => Kind.StartsWith("alert_", StringComparison.Ordinal);

    public override string ToString() => $"{Count} {Kind} to {Audience}{(IsOpen ? ", still open" : "")}";
}
