using System.Diagnostics;
using Rekindle.Simulator;
using Rekindle.Testing;

namespace Rekindle.Drills.Crash;

/// <summary>Runs cells several at a time, in front of one simulator with a server per kind of provider.</summary>
internal sealed class CrashDrill(IReadOnlyList<CrashCell> cells, int parallel, TextWriter output)
{
    /// <summary>0 when every cell is as promised.</summary>
    public async Task<int> RunAsync()
    {
        var started = Stopwatch.StartNew();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = ProviderKind.All.ToDictionary(k => k.Name, k => k.Personality),
        });
        using var catalogue = new TempFolder();
        CatalogueEntry.WriteAll(simulator, catalogue.Path);

        var stores = new Dictionary<DrillStore, PreparedStore>();
        try
        {
            foreach (var store in cells.Select(c => c.Store).Distinct())
            {
                stores[store] = await PreparedStore.CreateAsync(store);
            }

            var outcomes = new CrashOutcome[cells.Count];
            await Parallel.ForAsync(0, cells.Count, new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (i, _) =>
                outcomes[i] = await RunAsync(new CrashRun(cells[i], stores[cells[i].Store], simulator, catalogue.Path), cells[i]));
            return new CrashReport(outcomes, started.Elapsed).Write(output);
        }
        finally
        {
            foreach (var store in stores.Values)
            {
                store.Dispose();
            }
        }
    }

    private static async Task<CrashOutcome> RunAsync(CrashRun run, CrashCell cell)
    {
        CrashOutcome outcome;
        try
        {
            outcome = await run.RunAsync();
        }
        catch (Exception e)
        {
            // One cell that breaks is a finding like any other; the rest goes on.
            outcome = new CrashOutcome(cell, CrashEnd.Broken) { Said = e.Message };
        }

        if (!outcome.IsAsPromised)
        {
            var log = Repository.PathTo("artifacts", "drill", "logs", $"crash-{cell}.log".Replace(' ', '-'));
            Directory.CreateDirectory(Path.GetDirectoryName(log)!);
            await File.WriteAllTextAsync(log, run.Logs);
        }

        return outcome;
    }
}
