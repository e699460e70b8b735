using System.Globalization;
using Rekindle.Storage;

namespace Rekindle.Drills.Restore;

/// <summary>The table, the callers' side and the verdict.</summary>
internal sealed class RestoreReport(IReadOnlyList<RestoreOutcome> outcomes, TimeSpan took)
{
    private const int NameWidth = 22;

    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    /// <summary>Writes all of it; 0 when everything is as promised.</summary>
    public int Write(TextWriter output)
    {
        output.WriteLine("what happened to the database, and what was found, step by step; then the callers: share of answers that were an accepted token,");
        output.WriteLine("longest time of a connection without one, errors by who acts, requests while no server ran");
        foreach (var outcome in outcomes)
        {
            output.WriteLine();
            var name = $"{Names.Of(outcome.Store)} {Names.Of(outcome.Scenario)}".PadRight(NameWidth);
            output.WriteLine($"{name} {(outcome.IsAsPromised ? "ok" : "FAILED"),-7}{string.Join("; ", outcome.Checks.Select(c => c.Holds ? c.Said : $"NOT AS PROMISED: {c.Said}"))}");
            output.WriteLine($"{"".PadRight(NameWidth)} {Callers(outcome)}");
        }

        output.WriteLine();
        var bad = outcomes.Count(o => !o.IsAsPromised);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"verdict: {(bad == 0 ? "ok" : "FAILED")}: {outcomes.Count - bad} of {outcomes.Count} scenarios are as promised; {took.TotalSeconds:0} s"));
        return bad == 0 ? 0 : 1;
    }

    private static string Callers(RestoreOutcome outcome)
    {
        var answers = outcome.Callers.Sum(c => c.Answers);
        var errors = outcome.Callers.SelectMany(c => c.Errors).GroupBy(e => e.Key, e => e.Value).ToDictionary(e => e.Key, e => e.Sum());
        var gap = outcome.Callers.Select(c => c.LongestGap).DefaultIfEmpty().Max();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"callers {(answers == 0 ? 0 : 100.0 * outcome.Callers.Sum(c => c.Accepted) / answers):0}% of {answers}, {gap.TotalSeconds:0.0} s, ")
            + $"{string.Join(", ", WhoActs.Select(w => $"{w} {errors.GetValueOrDefault(w)}"))}, away {outcome.Callers.Sum(c => c.Away)}; "
            + string.Create(CultureInfo.InvariantCulture, $"{outcome.Took.TotalSeconds:0} s");
    }
}
