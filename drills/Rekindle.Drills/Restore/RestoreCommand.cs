using System.CommandLine;
using Rekindle.Storage;

namespace Rekindle.Drills.Restore;

/// <summary><c>./drill restore</c>.</summary>
internal sealed class RestoreCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "Each scenario on one store only." };
    private readonly Option<string?> _store = Choice("--store", "Only this store.", Names.All<DrillStore>());
    private readonly Option<string?> _scenario = Choice("--scenario", "Only this one.", Names.All<RestoreScenario>());

    private readonly Option<int> _parallel = new("--parallel")
    {
        Description = "Scenarios at a time.",
        DefaultValueFactory = _ => 4 * Environment.ProcessorCount,
    };

    public RestoreCommand()
        : base("restore", "Puts back an old backup, starts a clone, redeploys, upgrades and moves: what is refreshed, and what is frozen.")
    {
        Add(_quick);
        Add(_store);
        Add(_scenario);
        Add(_parallel);
        SetAction((parsed, _) => new RestoreDrill(PlaysOf(parsed), Math.Max(1, parsed.GetValue(_parallel)), Console.Out).RunAsync());
    }

    private (DrillStore, RestoreScenario)[] PlaysOf(ParseResult parsed)
    {
        var (store, scenario, quick) = (parsed.GetValue(_store), parsed.GetValue(_scenario), parsed.GetValue(_quick));
        return
        [
            .. from play in Enum.GetValues<RestoreScenario>()
               from place in Enum.GetValues<DrillStore>()
               where (store ?? Names.Of(place)) == Names.Of(place) && (scenario ?? Names.Of(play)) == Names.Of(play)
                   && (!quick || (int)place == ((int)play + 1) % 2)
               select (place, play),
        ];
    }

    private static Option<string?> Choice(string name, string description, IEnumerable<string> values)
    {
        var option = new Option<string?>(name) { Description = description };
        return option.AcceptOnlyFromAmong([.. values]);
    }
}
