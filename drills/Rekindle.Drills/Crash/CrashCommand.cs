using System.CommandLine;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Drills.Crash;

/// <summary><c>./drill crash</c>.</summary>
internal sealed class CrashCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "Each gap and each kind of provider at least once per store." };
    private readonly Option<string?> _store = Choice("--store", "Only this store.", Enum.GetValues<DrillStore>().Select(s => Names.Of(s)));
    private readonly Option<string?> _gap = Choice("--gap", "Only deaths in this gap.", Enum.GetValues<Gap>().Select(g => Names.Of(g)));
    private readonly Option<string?> _kind = Choice("--kind", "Only this kind of provider.", ProviderKind.All.Select(k => k.Name));

    private readonly Option<int> _parallel = new("--parallel")
    {
        Description = "Cells at a time.",
        DefaultValueFactory = _ => 4 * Environment.ProcessorCount,
    };

    public CrashCommand()
        : base("crash", "Kills a server by signal 9 in each gap between two steps of a refresh, and watches its successor.")
    {
        Add(_quick);
        Add(_store);
        Add(_gap);
        Add(_kind);
        Add(_parallel);
        SetAction((parsed, _) => new CrashDrill(CellsOf(parsed), Math.Max(1, parsed.GetValue(_parallel)), Console.Out).RunAsync());
    }

    private CrashCell[] CellsOf(ParseResult parsed)
    {
        var (store, gap, kind) = (parsed.GetValue(_store), parsed.GetValue(_gap), parsed.GetValue(_kind));
        return
        [
            .. CrashCell.All(parsed.GetValue(_quick)).Where(c =>
                (store ?? Names.Of(c.Store)) == Names.Of(c.Store) && (gap ?? Names.Of(c.Gap)) == Names.Of(c.Gap) && (kind ?? c.Kind.Name) == c.Kind.Name),
        ];
    }

    private static Option<string?> Choice(string name, string description, IEnumerable<string> values)
    {
        var option = new Option<string?>(name) { Description = description };
        return option.AcceptOnlyFromAmong([.. values]);
    }
}
