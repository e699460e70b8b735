using System.Diagnostics;
using Rekindle.Connections;
using Rekindle.Simulator.Faults;

namespace Rekindle.Drills.Outage;

/// <summary>
/// A fleet of hourly tokens, its provider away for six hours and back with a tenth of its capacity; and until nobody is without a token
/// any more.
/// </summary>
internal sealed class OutageDrill(OutageSize size, DrillStore store, TextWriter output)
{
    private static readonly TimeSpan LeadIn = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LeadOut = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Row = TimeSpan.FromHours(1);
    private static readonly TimeSpan AskWhileAway = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AskOtherwise = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    // Of this machine's time: whatever goes wrong, the drill ends.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(30);

    private readonly Stopwatch _took = Stopwatch.StartNew();

    /// <summary>0 when everything is as promised.</summary>
    public async Task<int> RunAsync(CancellationToken cancelled)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        stop.CancelAfter(Limit);
        try
        {
            await using var engine = await OutageEngine.StartAsync(size, store);
            var connections = await ImportAsync(engine, stop.Token);
            var callers = connections.Chunk(Math.Max(1, connections.Length / size.Callers)).Select(c => new OutageCaller(c[0], engine)).ToArray();
            await using var watch = new OutageWatch(engine);
            watch.Start();
            return (await RunAsync(engine, watch, callers, stop.Token)).Write(output, _took.Elapsed);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await output.WriteLineAsync(cancelled.IsCancellationRequested ? "stopped" : $"verdict: FAILED: not over after {Limit.TotalMinutes} minutes");
            return 1;
        }
    }

    private async Task<OutageReport> RunAsync(OutageEngine engine, OutageWatch watch, OutageCaller[] callers, CancellationToken stop)
    {
        var table = new OutageTable(engine, watch, callers, output);
        var full = engine.Provider.Faults.Add(Fault.Capacity(size.Capacity * 10));
        table.Begin(full);
        var run = new OutageClock(engine, callers, stop);
        await run.ToAsync(engine.Clock.Now + LeadIn, AskOtherwise);
        await table.AddAsync("before");

        var outage = engine.Provider.Faults.Add(Fault.Of(FaultKind.Outage));
        for (var hour = 1; hour <= OutageSize.Away / Row; hour++)
        {
            await run.ToAsync(engine.Clock.Now + Row, AskWhileAway);
            await table.AddAsync($"away {hour} h");
        }

        full.Remove();
        table.Begin(engine.Provider.Faults.Add(Fault.Capacity(size.Capacity)));
        outage.Remove();
        var back = engine.Clock.Now;
        var (noticed, caughtUp) = await CatchUpAsync(engine, watch, table, run);
        var overall = table.Total;
        await run.ToAsync(engine.Clock.Now + LeadOut, AskOtherwise);
        await table.AddAsync("after");
        return new OutageReport(size)
        {
            Statuses = await watch.StatusesAsync(),
            Notices = await watch.NoticesAsync(),
            Noticed = noticed - back,
            CaughtUp = caughtUp - back,
            Table = table,
            CatchUp = overall,
            Watch = watch,
            Reuses = engine.Simulator.History.ReusesOutsideRule,
            Callers = callers,
        };
    }

    // A row each while, and a look each second: when the first was refreshed, and when nobody was without token any more.
    private async Task<(DateTimeOffset? Noticed, DateTimeOffset? CaughtUp)> CatchUpAsync(
        OutageEngine engine, OutageWatch watch, OutageTable table, OutageClock run)
    {
        var back = engine.Clock.Now;
        var unwellAtFirst = await watch.UnwellAsync();
        DateTimeOffset? noticed = null;
        for (var rowEnd = back + size.ReportEvery; engine.Clock.Now - back < OutageReport.Patience(size) * 2;)
        {
            var end = engine.Clock.Now + LookEvery;
            await run.ToAsync(end < rowEnd ? end : rowEnd, AskOtherwise);
            var unwell = await watch.UnwellAsync();
            noticed ??= unwell < unwellAtFirst ? engine.Clock.Now : null;
            if (unwell == 0 || engine.Clock.Now >= rowEnd)
            {
                await table.AddAsync(OutageTable.Label(engine.Clock.Now - back));
                rowEnd += size.ReportEvery;
            }

            if (unwell == 0)
            {
                return (noticed, engine.Clock.Now);
            }
        }

        return (noticed, null);
    }

    // As a fleet stands at any moment: some just refreshed, some about to be.
    private async Task<ConnectionId[]> ImportAsync(OutageEngine engine, CancellationToken stop)
    {
        await output.WriteLineAsync($"importing {size.Connections} connections …");
        var connections = new ConnectionId[size.Connections];
        await Parallel.ForAsync(0, connections.Length, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = stop }, async (i, _) =>
            connections[i] = await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(6 + (54.0 * i / connections.Length))));
        await output.WriteLineAsync($"imported after {_took.Elapsed.TotalSeconds:0} s");
        return connections;
    }
}
