using System.CommandLine;

namespace Rekindle.Drills.Scale;

/// <summary><c>./drill scale</c>.</summary>
internal sealed class ScaleCommand : Command
{
    private const int Largest = 10_000_000;

    private readonly Option<bool> _quick = new("--quick") { Description = "To 1,000,000, and less of everything; judged by pages, not by time." };
    private readonly Option<int?> _to = new("--to") { Description = "The largest database, in connections: to 10000000, the default, which takes 12 GB of disk and half an hour." };

    public ScaleCommand()
        : base("scale", "Measures what a claim and a commit cost in PostgreSQL databases from ten thousand connections upwards.")
    {
        Add(_quick);
        Add(_to);
        SetAction((parsed, cancelled) =>
        {
            var quick = parsed.GetValue(_quick);
            return new ScaleDrill(ScaleSize.Of(Math.Clamp(parsed.GetValue(_to) ?? (quick ? ScaleSize.Middle : Largest), ScaleSize.Smallest, Largest), quick), Console.Out)
                .RunAsync(cancelled);
        });
    }
}

/// <summary>How much the drill does.</summary>
/// <param name="Sizes">Connections of each database, the smallest first.</param>
/// <param name="Hot">How many of them are due, in each: what is worked on is the same everywhere, what lies around it is not.</param>
/// <param name="Cycles">Claims, each with its commit, that are measured in each state of each database.</param>
/// <param name="Held">Of the load's time: how long the transaction is open that somebody forgot.</param>
/// <param name="TimesCount">Whether times are part of the verdict.</param>
internal sealed record ScaleSize(IReadOnlyList<int> Sizes, int Hot, int Cycles, TimeSpan Held, bool TimesCount)
{
    public const int Smallest = 10_000;
    public const int Middle = 1_000_000;

    public static ScaleSize Of(int to, bool quick)
    {
        int[] sizes = [Smallest, .. to > Middle ? [Middle] : Array.Empty<int>(), .. to > Smallest ? [to] : Array.Empty<int>()];
        return quick ? new(sizes, 3_000, 60, TimeSpan.FromMinutes(1), TimesCount: false) : new(sizes, 9_000, 400, TimeSpan.FromMinutes(5), TimesCount: true);
    }
}
