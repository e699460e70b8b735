using System.CommandLine;

namespace Rekindle.Drills.Chaos;

/// <summary><c>./drill chaos</c>.</summary>
internal sealed class ChaosCommand : Command
{
    private static readonly TimeSpan QuickLength = TimeSpan.FromSeconds(12);

    private readonly Option<double> _minutes = new("--minutes") { Description = "How long faults come.", DefaultValueFactory = _ => 3 };
    private readonly Option<int?> _seed = new("--seed") { Description = "Repeats the plan of faults of an earlier run." };
    private readonly Option<bool> _quick = new("--quick") { Description = "A few seconds of faults with shorter times." };
    private readonly Option<int> _connections = new("--connections") { Description = "Connections at each kind of provider.", DefaultValueFactory = _ => 10 };

    public ChaosCommand()
        : base("chaos", "Lets faults rain on three workers, two API servers, their database and their providers, and checks the history.")
    {
        Add(_minutes);
        Add(_seed);
        Add(_quick);
        Add(_connections);
        SetAction((parsed, _) =>
        {
            var quick = parsed.GetValue(_quick);
            return new ChaosRun(
                parsed.GetValue(_seed) ?? Random.Shared.Next(100_000), quick ? QuickLength : TimeSpan.FromMinutes(parsed.GetValue(_minutes)),
                quick ? ChaosTimes.Quick : ChaosTimes.Long, Math.Max(1, parsed.GetValue(_connections)), Console.Out).RunAsync();
        });
    }
}
