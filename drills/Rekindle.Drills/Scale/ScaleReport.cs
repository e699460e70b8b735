using System.Globalization;

namespace Rekindle.Drills.Scale;

/// <summary>The tables and the verdict.</summary>
/// <param name="sizes">Of the databases.</param>
/// <param name="timesCount">Whether times are part of the verdict: where other work shares the machine, only pages are.</param>
/// <param name="output">Written to.</param>
internal sealed class ScaleReport(IReadOnlyList<int> sizes, bool timesCount, TextWriter output)
{
    /// <summary>The state in which nothing that has died can be cleared away.</summary>
    public const string BesideTransaction = "beside an open transaction";

    private const double Flat = 1.20;

    private readonly List<(string State, IReadOnlyList<ScaleFigures> Figures)> _states = [];

    public required ScaleTable[][] TablesBefore { get; init; }

    public ScaleTable[][] TablesAfter { get; set; } = [];

    /// <summary>How often a large table was read whole by what was measured, per database.</summary>
    public long[] Scans { get; set; } = [];

    /// <summary>The indexes that rows were found by.</summary>
    public IReadOnlyList<string> Indexes { get; set; } = [];

    /// <summary>By how many pages the ways down the trees are longer in the largest database than in the smallest, a claim.</summary>
    public long MoreDescents { get; set; }

    public void Add(string state, IReadOnlyList<ScaleFigures> figures) => _states.Add((state, figures));

    /// <summary>Writes all of it; true when everything is as promised.</summary>
    public bool Write(TimeSpan took)
    {
        WriteCosts();
        WriteGrowth();
        output.WriteLine();
        output.WriteLine($"found by {string.Join(", ", Indexes)}; large tables read whole: {Scans.Sum()} times");
        var broken = Broken().ToArray();
        foreach (var (state, figures) in _states)
        {
            output.WriteLine(Invariant(
                $"claim, {state}: {sizes[^1]} against {sizes[0]} connections: pages x {Ratio(figures, f => f.Pages.Claim):0.00} (x {PagesRatio(figures):0.00} but for {MoreDescents} on longer ways down the trees), time x {Ratio(figures, f => f.Claim.TotalSeconds):0.00}"));
        }

        output.WriteLine(Invariant($"verdict: {(broken.Length == 0 ? "ok" : "FAILED")}: {string.Join("; ", broken.DefaultIfEmpty("a claim costs the same in all of them"))}; took {took.TotalSeconds:0} s"));
        return broken.Length == 0;
    }

    private void WriteCosts()
    {
        output.WriteLine();
        output.WriteLine($"a look at the queues of nine integrations, a claim of {ScaleFleet.Batch} rows, and a commit per row: pages, and ms (median)");
        output.WriteLine("                             connections    look pages     ms   claim pages     ms   commit pages     ms");
        foreach (var (state, figures) in _states)
        {
            for (var i = 0; i < sizes.Count; i++)
            {
                var f = figures[i];
                output.WriteLine(Invariant(
                    $"{(i == 0 ? state : ""),-29}{sizes[i],11}{f.Pages.Look,14:0}{f.Look.TotalMilliseconds,7:0.00}{f.Pages.Claim,14:0}{f.Claim.TotalMilliseconds,7:0.00}{f.Pages.Commit / ScaleFleet.Batch,15:0.0}{f.Commit.TotalMilliseconds / ScaleFleet.Batch,7:0.000}"));
            }
        }
    }

    private void WriteGrowth()
    {
        output.WriteLine();
        output.WriteLine("growth while the same rows were claimed and committed again and again   table MB          indexes MB        updates   in their page");
        for (var i = 0; i < sizes.Count; i++)
        {
            for (var t = 0; t < ScaleMeter.Tables.Length; t++)
            {
                var (before, after) = (TablesBefore[i][t], TablesAfter[i][t]);
                var updates = after.Updates - before.Updates;
                output.WriteLine(Invariant(
                    $"{sizes[i],11} {ScaleMeter.Tables[t],-58}{before.Heap / 1e6,8:0.0} -> {after.Heap / 1e6,-8:0.0}{before.Indexes / 1e6,8:0.0} -> {after.Indexes / 1e6,-8:0.0}{updates,8}{(updates == 0 ? 0 : 100.0 * (after.Hot - before.Hot) / updates),15:0}%"));
            }
        }
    }

    private IEnumerable<string> Broken()
    {
        foreach (var (state, figures) in _states)
        {
            if (PagesRatio(figures) > Flat)
            {
                yield return $"claims look at more pages in larger databases ({state})";
            }

            if (timesCount && Ratio(figures, f => f.Claim.TotalSeconds) > Flat)
            {
                yield return $"claims take longer in larger databases ({state})";
            }
        }

        if (Scans.Sum() > 0)
        {
            yield return "large tables were read whole";
        }
    }

    private double PagesRatio(IReadOnlyList<ScaleFigures> figures) =>
        (figures[^1].Pages.Claim - MoreDescents) / figures[0].Pages.Claim;

    private static double Ratio(IReadOnlyList<ScaleFigures> figures, Func<ScaleFigures, double> value) => value(figures[^1]) / value(figures[0]);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
