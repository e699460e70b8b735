using System.CommandLine;

namespace Rekindle.Drills.Away;

/// <summary><c>./drill away</c>.</summary>
internal sealed class AwayCommand : Command
{
    private readonly Option<bool> _quick = new("--quick") { Description = "Fewer connections, a shorter absence, and no fleet of which nobody is killed." };
    private readonly Option<int?> _connections = new("--connections") { Description = "How many connections each fleet has; default 400, quick 60." };
    private readonly Option<int?> _seconds = new("--seconds") { Description = "How long the database is away; default 60, quick 15." };

    public AwayCommand()
        : base("away", "Stops PostgreSQL under load and starts it again a minute later; with a worker killed meanwhile, and that without the journal.")
    {
        Add(_quick);
        Add(_connections);
        Add(_seconds);
        SetAction((parsed, _) =>
        {
            var quick = parsed.GetValue(_quick);
            var size = new AwaySize(
                Math.Max(10, parsed.GetValue(_connections) ?? (quick ? 60 : 400)),
                TimeSpan.FromSeconds(Math.Max(10, parsed.GetValue(_seconds) ?? (quick ? 15 : 60))),
                quick ? [AwayVariant.Killed, AwayVariant.Bare] : [AwayVariant.Calm, AwayVariant.Killed, AwayVariant.Bare]);
            return new AwayDrill(size, Console.Out).RunAsync();
        });
    }
}

/// <summary>How large the drill is.</summary>
/// <param name="Connections">Connections of each fleet.</param>
/// <param name="Away">How long the database is away.</param>
/// <param name="Variants">A fleet for each of them.</param>
internal sealed record AwaySize(int Connections, TimeSpan Away, IReadOnlyList<AwayVariant> Variants)
{
    /// <summary>Those that are at the provider when the database goes. The others are due by then, and not yet claimed.</summary>
    public int Bursting => Connections * 2 / 3;
}
