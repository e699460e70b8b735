using System.Diagnostics;
using Rekindle.Simulator;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Drills.Restore;

/// <summary>Plays scenarios several at a time, in front of one simulator.</summary>
internal sealed class RestoreDrill(IReadOnlyList<(DrillStore Store, RestoreScenario Scenario)> plays, int parallel, TextWriter output)
{
    /// <summary>0 when everything is as promised.</summary>
    public async Task<int> RunAsync()
    {
        var started = Stopwatch.StartNew();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = RestoreWorld.Kinds.ToDictionary(k => k.Name, k => k.Personality),
        });
        using var catalogue = new TempFolder();
        CatalogueEntry.WriteAll(simulator, catalogue.Path);
        var stores = new Dictionary<DrillStore, PreparedStore>();
        try
        {
            foreach (var store in plays.Select(p => p.Store).Distinct())
            {
                stores[store] = await PreparedStore.CreateAsync(store);
            }

            var outcomes = new RestoreOutcome[plays.Count];
            await Parallel.ForAsync(0, plays.Count, new ParallelOptions { MaxDegreeOfParallelism = parallel }, async (i, _) =>
                outcomes[i] = await PlayAsync(plays[i].Store, plays[i].Scenario, stores[plays[i].Store], simulator, catalogue.Path));
            return new RestoreReport(outcomes, started.Elapsed).Write(output);
        }
        finally
        {
            foreach (var store in stores.Values)
            {
                store.Dispose();
            }
        }
    }

    private static async Task<RestoreOutcome> PlayAsync(DrillStore store, RestoreScenario scenario, PreparedStore prepared, SimulatorHost simulator, string catalogue)
    {
        await using var world = await RestoreWorld.StartAsync(store, prepared, simulator, catalogue);
        RestoreOutcome outcome;
        try
        {
            outcome = await new RestoreRun(scenario, store, world).RunAsync();
        }
        catch (Exception e)
        {
            // One that breaks is a finding like any other; the rest goes on.
            outcome = new RestoreOutcome(store, scenario, [new RestoreCheck($"broke: {e.Message}", Holds: false)], [], TimeSpan.Zero);
        }

        if (!outcome.IsAsPromised)
        {
            var log = Repository.PathTo("artifacts", "drill", "logs", $"restore-{Names.Of(store)}-{Names.Of(scenario)}.log");
            Directory.CreateDirectory(Path.GetDirectoryName(log)!);
            await File.WriteAllTextAsync(log, world.Logs);
        }

        return outcome;
    }
}
