using System.Diagnostics;
using Rekindle.Benchmarks.Floors;
using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>
/// How many refreshes a second are stored durably, with a million connections in PostgreSQL, and what does one cost the worker? The shipped
/// server with journal, budget and attempts, beside a bare program that does the same in batches. While one is measured the other is frozen.
/// </summary>
internal static class DurableRefreshLine
{
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(0.5);

    /// <summary>Settings of a worker that may use the whole machine; a line into the log for each refresh is for other rates.</summary>
    public static (string, string)[] FullSpeed => [("REKINDLE_REFRESH__SLOTS", "1024"), ("Logging__LogLevel__Default", "Warning")];

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var million = await place.MillionAsync();
        var bare = await (await place.PostgresAsync()).CreateDatabaseAsync();
        await FloorRefresher.PrepareAsync(bare.ConnectionString, 1_000_000);
        await million.OpenAsync(true);
        await using var server = await million.Deployment.StartAsync(FullSpeed);
        var endpoint = await place.ProviderAsync();
        await using var floor = Child.StartVerb("floor-refresher", bare.ConnectionString, endpoint.ToString());
        server.Process.Pause();
        await Task.Delay(WarmUp);
        floor.Pause();
        server.Process.Continue();
        await Task.Delay(WarmUp);
        server.Process.Pause();

        var (ours, floors) = (new List<Rate>(), new List<Rate>());
        for (var round = 0; round < place.Options.Rounds; round++)
        {
            ours.Add(await MeasureAsync(place, server.Process, million.StoredAsync));
            floors.Add(await MeasureAsync(place, floor, () => Task.FromResult(FloorRefresher.CountIn(floor.Output))));
        }

        await million.OpenAsync(false);
        place.RefreshesPerSecond = Samples.Median(ours.Select(r => r.PerSecond));
        var (our, its) = (Rate.Median(ours), Rate.Median(floors));
        return
        [
            Figure.Least("refresh-throughput", our.PerSecond / its.PerSecond, 0.6, "", FormattableString.Invariant($"{our.PerSecond:0}/s with {place.Options.Stored:N0} stored, {our}; bare batched program {its.PerSecond:0}/s, {its}")),
        ];
    }

    /// <summary>Lets one program run for a window, and freezes it again.</summary>
    public static async Task<Rate> MeasureAsync(BenchPlace place, Child program, Func<Task<long>> count)
    {
        program.Continue();
        await Task.Delay(Settling);
        var (from, cpu, database, watch) = (await count(), program.Cpu, await place.PostgresCpuAsync(), Stopwatch.StartNew());
        await Task.Delay(place.Options.Window);
        var done = Math.Max(1, await count() - from);
        var rate = new Rate(
            done / watch.Elapsed.TotalSeconds, (program.Cpu - cpu).TotalMicroseconds / done, (await place.PostgresCpuAsync() - database).TotalMicroseconds / done);
        program.Pause();
        return rate;
    }

    /// <summary>Refreshes per second, and the processor time of each in microseconds: the worker's and the database's.</summary>
    public sealed record Rate(double PerSecond, double Worker, double Database)
    {
        public static Rate Median(IReadOnlyList<Rate> all) =>
            new(Samples.Median(all.Select(r => r.PerSecond)), Samples.Median(all.Select(r => r.Worker)), Samples.Median(all.Select(r => r.Database)));

        public override string ToString() => FormattableString.Invariant($"{Worker:0} µs of the worker's processor time and {Database:0} µs of PostgreSQL's each");
    }
}
