#if REKINDLE_DRILL
using System.CommandLine;
using Rekindle.Drills.Away;
using Rekindle.Drills.Chaos;
using Rekindle.Drills.Crash;
using Rekindle.Drills.Failover;
using Rekindle.Drills.Outage;
using Rekindle.Drills.Restore;
using Rekindle.Drills.Scale;
using Rekindle.Drills.Soak;
#endif

namespace Rekindle.Drills;

/// <summary>What <c>./drill</c> runs.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
#if REKINDLE_DRILL
        var root = new RootCommand(
            """
            Breaks Rekindle on purpose and shows what its users notice: real server processes, real databases, real signals, simulated providers.

              ./drill crash              every gap between two steps of a refresh x five kinds of provider x both stores
              ./drill crash --quick      each gap and each kind once or twice per store
              ./drill crash --gap sent --kind revoking --store postgres
              ./drill chaos --minutes 10 three workers and two API servers under load: kills, stops, restarts, cut lines, full disks, outages, wrong clocks
              ./drill soak               days of simulated time: memory, handles and threads stay flat
              ./drill away               the database is away for a minute under load, with a worker killed meanwhile, and that without the journal
              ./drill failover           a primary dies and a replica without its last commits takes its place; with the journal and without it
              ./drill restore            an old backup, a clone, a redeploy, an upgrade, a move: what is refreshed and what is frozen
              ./drill outage             a fleet whose provider is away for six hours, and back with a tenth of its capacity
              ./drill scale              what a claim and a commit cost in databases of ten thousand to a million, or ten million, connections

            Exits 0 if nothing was lost that could have been kept, else 1. docs/drills.md says how to read the tables.
            """)
        {
            new CrashCommand(),
            new ChaosCommand(),
            new SoakCommand(),
            new AwayCommand(),
            new FailoverCommand(),
            new RestoreCommand(),
            new OutageCommand(),
            new ScaleCommand(),
        };
        try
        {
            return await root.Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            // The default handler says nothing of a cancellation, which is what a request that took too long ends as.
            await Console.Error.WriteLineAsync($"verdict: FAILED: the drill itself broke: {e}");
            return 1;
        }
#else
        await Console.Error.WriteLineAsync($"This build has no failpoints. Start the drills with ./drill {string.Join(' ', args)}");
        return 2;
#endif
    }
}
