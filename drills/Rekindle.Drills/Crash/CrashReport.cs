using System.Globalization;
using Rekindle.Storage;

namespace Rekindle.Drills.Crash;

/// <summary>The tables, the figures and the verdict.</summary>
internal sealed class CrashReport(IReadOnlyList<CrashOutcome> outcomes, TimeSpan took)
{
    private const int GapWidth = 14;
    private const int CellWidth = 21;

    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    /// <summary>Writes all of it; 0 when every cell is as promised.</summary>
    public int Write(TextWriter output)
    {
        output.WriteLine("end state, seconds from the death until then, share of the caller's answers that were an accepted token, its longest time without one");
        foreach (var store in outcomes.GroupBy(o => o.Cell.Store))
        {
            output.WriteLine();
            WriteTable(output, Names.Of(store.Key), [.. store]);
        }

        output.WriteLine();
        foreach (var outcome in outcomes.Where(o => !o.IsAsPromised))
        {
            output.WriteLine($"NOT AS PROMISED {outcome.Cell}: {Names.Of(outcome.End)}: {string.Join("; ", [outcome.Said, .. outcome.Breaches])}");
        }

        return WriteVerdict(output);
    }

    private static void WriteTable(TextWriter output, string store, IReadOnlyList<CrashOutcome> outcomes)
    {
        var kinds = ProviderKind.All.Where(k => outcomes.Any(o => o.Cell.Kind == k)).ToArray();
        output.WriteLine((store.PadRight(GapWidth) + string.Concat(kinds.Select(k => k.Name.PadRight(CellWidth)))).TrimEnd());
        foreach (var gap in outcomes.GroupBy(o => o.Cell.Gap))
        {
            var row = kinds.Select(k => Text(gap.FirstOrDefault(o => o.Cell.Kind == k)).PadRight(CellWidth));
            output.WriteLine((Names.Of(gap.Key).PadRight(GapWidth) + string.Concat(row)).TrimEnd());
        }

        var errors = outcomes.SelectMany(o => o.Caller.Errors).GroupBy(e => e.Key, e => e.Value).ToDictionary(e => e.Key, e => e.Sum());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"callers: {outcomes.Sum(o => o.Caller.Answers)} answers, {outcomes.Sum(o => o.Caller.Accepted)} accepted tokens, {outcomes.Sum(o => o.Caller.Refused)} refused ones; ")
            + $"errors by who acts: {string.Join(", ", WhoActs.Select(w => $"{w} {errors.GetValueOrDefault(w)}"))}; "
            + $"{outcomes.Sum(o => o.Caller.Away)} requests while no server ran");
    }

    private static string Text(CrashOutcome? outcome) => outcome is null
        ? "·"
        : string.Create(CultureInfo.InvariantCulture,
            $"{Word(outcome),-6}{outcome.UntilSettled.TotalSeconds,4:0.0} {outcome.Caller.Share * 100,3:0}% {outcome.Caller.LongestGap.TotalSeconds,4:0.0}");

    private static string Word(CrashOutcome outcome) => outcome switch
    {
        { IsKnownLoss: true } => "lost",
        { End: CrashEnd.Well, IsAsPromised: true } => "well",
        _ => outcome.End.ToString().ToUpperInvariant()[..5],
    };

    private int WriteVerdict(TextWriter output)
    {
        var bad = outcomes.Count(o => !o.IsAsPromised);
        var well = outcomes.Where(o => o.End == CrashEnd.Well).Select(o => o.UntilSettled).Order().ToArray();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"well again after {Median(well):0.0} s (median), {(well.Length == 0 ? 0 : well[^1].TotalSeconds):0.0} s at most; {outcomes.Count} cells took {took.TotalSeconds:0} s"));
        output.WriteLine(
            $"verdict: {(bad == 0 ? "ok" : "FAILED")}: {well.Length} of {outcomes.Count} cells are well, "
            + $"{outcomes.Count(o => o.IsKnownLoss)} ended as rotation_lost where the provider alone knew the successor, "
            + $"{outcomes.Count(o => o.End is not CrashEnd.Well && !o.IsKnownLoss)} are silent losses, "
            + $"{outcomes.Sum(o => o.Breaches.Count)} refresh tokens were presented against the rules");
        return bad == 0 ? 0 : 1;
    }

    private static double Median(TimeSpan[] sorted) => sorted.Length == 0 ? 0 : sorted[sorted.Length / 2].TotalSeconds;
}
