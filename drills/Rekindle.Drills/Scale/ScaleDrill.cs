using System.Diagnostics;
using System.Globalization;
using Rekindle.Testing;

namespace Rekindle.Drills.Scale;

/// <summary>
/// The same work in databases of ten thousand connections and of up to ten million, on one PostgreSQL server that keeps its promises; in turns,
/// so that whatever else the machine does is the same for all.
/// </summary>
internal sealed class ScaleDrill(ScaleSize size, TextWriter output)
{
    // Of this machine's time: whatever goes wrong, the drill ends.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(90);

    private readonly Stopwatch _took = Stopwatch.StartNew();
    private readonly List<ScaleFleet> _fleets = [];

    /// <summary>0 when everything is as promised.</summary>
    public async Task<int> RunAsync(CancellationToken cancelled)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        stop.CancelAfter(Limit);
        try
        {
            return await MeasureAsync(stop.Token) ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await output.WriteLineAsync(cancelled.IsCancellationRequested ? "stopped" : $"verdict: FAILED: not over after {Limit.TotalMinutes} minutes");
            return 1;
        }
        finally
        {
            foreach (var fleet in _fleets)
            {
                await fleet.DisposeAsync();
            }
        }
    }

    // What was said of time is scaled: the load goes as fast as it can, so the database clears up as often as it can.
    private async Task<bool> MeasureAsync(CancellationToken stop)
    {
        var server = await PostgresServer.StartDurableAsync(
            "shared_preload_libraries=pg_stat_statements", "shared_buffers=2GB", "max_wal_size=4GB", "autovacuum_naptime=1s");
        foreach (var count in size.Sizes)
        {
            stop.ThrowIfCancellationRequested();
            _fleets.Add(await ScaleFleet.CreateAsync(server, count, size.Hot));
            await SayAsync($"{count} connections, {await _fleets[^1].Meter.SizeAsync() / 1e6:0} MB");
        }

        // Every row that is due is met once before anything counts.
        await CycleAsync("warming", size.Hot / ScaleFleet.Batch, stop);
        var scans = await ScansAsync();
        var report = new ScaleReport([.. _fleets.Select(f => f.Size)], size.TimesCount, output) { TablesBefore = await TablesAsync() };
        report.Add("plain", await MeasureAsync("plain", size.Cycles, stop));
        report.TablesAfter = await TablesAsync();

        foreach (var fleet in _fleets)
        {
            await fleet.ForgetTransactionAsync();
        }

        // What has died since is in the way of those who come last.
        await CycleAsync(ScaleReport.BesideTransaction, Math.Max(0, ScaleFleet.CyclesIn(size.Held) - size.Cycles), stop);
        report.Add(ScaleReport.BesideTransaction, await MeasureAsync(ScaleReport.BesideTransaction, size.Cycles, stop));
        report.Scans = [.. (await ScansAsync()).Zip(scans, (after, before) => after - before)];
        foreach (var fleet in _fleets)
        {
            await fleet.EndTransactionAsync();
            await fleet.LetPausedBecomeOverdueAsync();
            await SayAsync($"{fleet.Size} connections: a tenth of them overdue, and paused");
        }

        await CycleAsync("one integration paused", size.Cycles / 4, stop);
        scans = await ScansAsync();
        report.Add("a tenth overdue and paused", await MeasureAsync("one integration paused", size.Cycles, stop));
        report.Scans = [.. report.Scans.Zip((await ScansAsync()).Zip(scans, (after, before) => after - before), (a, b) => a + b)];
        report.Indexes = await _fleets[^1].Meter.UsedIndexesAsync();
        report.MoreDescents = await _fleets[^1].DescentsAsync() - await _fleets[0].DescentsAsync();
        return report.Write(_took.Elapsed);
    }

    private async Task<IReadOnlyList<ScaleFigures>> MeasureAsync(string what, int cycles, CancellationToken stop)
    {
        foreach (var fleet in _fleets)
        {
            await fleet.Meter.ResetPagesAsync();
        }

        var measured = await CycleAsync(what, cycles, stop);
        var figures = new List<ScaleFigures>();
        foreach (var fleet in _fleets)
        {
            figures.Add(ScaleFigures.Of(measured[fleet], await fleet.Meter.PagesAsync()));
        }

        return figures;
    }

    private async Task<Dictionary<ScaleFleet, List<ScaleCycle>>> CycleAsync(string what, int cycles, CancellationToken stop)
    {
        var measured = _fleets.ToDictionary(f => f, _ => new List<ScaleCycle>());
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            stop.ThrowIfCancellationRequested();
            foreach (var fleet in _fleets)
            {
                measured[fleet].Add(await fleet.CycleAsync());
            }
        }

        await SayAsync($"{what}: {cycles} cycles in each");
        return measured;
    }

    private async Task<long[]> ScansAsync()
    {
        var scans = new List<long>();
        foreach (var fleet in _fleets)
        {
            scans.Add(await fleet.Meter.SequentialScansAsync());
        }

        return [.. scans];
    }

    private async Task<ScaleTable[][]> TablesAsync()
    {
        var tables = new List<ScaleTable[]>();
        foreach (var fleet in _fleets)
        {
            var own = new List<ScaleTable>();
            foreach (var table in ScaleMeter.Tables)
            {
                own.Add(await fleet.Meter.TableAsync(table));
            }

            tables.Add([.. own]);
        }

        return [.. tables];
    }

    private Task SayAsync(FormattableString what) =>
        output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{_took.Elapsed.TotalSeconds,6:0} s  {what.ToString(CultureInfo.InvariantCulture)}"));
}

/// <summary>What was measured in one database in one state.</summary>
/// <param name="Pages">Pages per statement.</param>
/// <param name="Look">Median of the looks at the queues.</param>
/// <param name="Claim">Median of the claims.</param>
/// <param name="Commit">Median of the commits.</param>
internal sealed record ScaleFigures(ScalePages Pages, TimeSpan Look, TimeSpan Claim, TimeSpan Commit)
{
    public static ScaleFigures Of(IReadOnlyList<ScaleCycle> cycles, ScalePages pages) =>
        new(pages, Median(cycles.Select(c => c.Look)), Median(cycles.Select(c => c.Claim)), Median(cycles.Select(c => c.Commit)));

    private static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
