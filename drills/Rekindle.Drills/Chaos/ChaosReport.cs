using System.Globalization;
using System.Text;

namespace Rekindle.Drills.Chaos;

/// <summary>The tables, the checker's word on each rule, the callers' side and the verdict.</summary>
internal sealed class ChaosReport(ChaosHistory history, IReadOnlyList<Struck> done, ChaosLoad load, ChaosFleet fleet)
{
    private const int ShownViolations = 5;
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(2);
    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    private readonly IReadOnlyList<Request> _requests = load.Requests;

    /// <summary>When the last fault was over.</summary>
    public required DateTimeOffset CalmSince { get; init; }

    /// <summary>When everybody was well, or waiting ended.</summary>
    public required DateTimeOffset Settled { get; init; }

    /// <summary>Quarantined connections that the operator sent on.</summary>
    public required int ForcedRetries { get; init; }

    public required TimeSpan Took { get; init; }

    /// <summary>A kind in the words of the table.</summary>
    public static string NameOf(ChaosFaultKind kind) =>
        string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : " ") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>Writes all of it; 0 when no rule is broken and no server died by itself.</summary>
    public int Write(TextWriter output)
    {
        WriteFaults(output);
        WriteCallers(output);
        var verdicts = HistoryChecker.Check(history);
        WriteRules(output, verdicts);
        var deaths = fleet.Seats.SelectMany(s => s.Deaths).ToArray();
        foreach (var death in deaths)
        {
            output.WriteLine($"  {death}");
        }

        var violations = verdicts.Sum(v => v.Violations.Count);
        var lost = history.Final.Count(f => f.Reason == "rotation_lost") + load.Reconnected;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"verdict: {(violations + deaths.Length == 0 ? "ok" : "FAILED")}: {done.Count} faults, {history.Presented.Count} refresh tokens presented, {violations} violations, ")
            + $"{deaths.Length} servers ended by themselves, {lost} connections were lost with the provider alone knowing ({load.Reconnected} connected again), "
            + string.Create(CultureInfo.InvariantCulture, $"{ForcedRetries} needed an operator; {(Settled - CalmSince).TotalSeconds:0} s until all were well; took {Took.TotalSeconds:0} s"));
        return violations + deaths.Length == 0 ? 0 : 1;
    }

    private void WriteFaults(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine("fault                times   seconds   answers: accepted  refused  errors   unanswered   (while it lasted and 2 s after)");
        foreach (var kind in done.GroupBy(s => s.Fault.Kind).OrderBy(g => g.Key))
        {
            output.WriteLine(Row(NameOf(kind.Key), kind.Count().ToString(CultureInfo.InvariantCulture), kind.Sum(s => (s.To - s.From).TotalSeconds),
                [.. _requests.Where(r => kind.Any(s => s.From <= r.Answered && r.Answered <= s.To + Aftermath))]));
        }

        output.WriteLine(Row("none of them", "", null, [.. _requests.Where(r => !done.Any(s => s.From <= r.Answered && r.Answered <= s.To + Aftermath))]));
    }

    private static string Row(string name, string times, double? seconds, IReadOnlyList<Request> requests) => string.Create(CultureInfo.InvariantCulture,
        $"{name,-20} {times,5} {seconds,9:0}   {requests.Count,7}  {Share(requests),6:0.0}%  {requests.Count(r => r.Outcome == ChaosLoad.Refused),7} {requests.Count(IsError),7} {requests.Count(r => r.Outcome == ChaosLoad.Unanswered),12}");

    private void WriteCallers(TextWriter output)
    {
        var gaps = _requests.GroupBy(r => r.Connection).Select(LongestGap).Order().ToArray();
        var text = new StringBuilder("callers: ");
        text.Append(CultureInfo.InvariantCulture, $"{_requests.Count(r => r.Outcome != ChaosLoad.Unanswered)} answers, {Share(_requests):0.00}% an accepted token, ");
        text.Append(CultureInfo.InvariantCulture, $"{_requests.Count(r => r.Outcome == ChaosLoad.Refused)} a refused one; ");
        text.Append(CultureInfo.InvariantCulture, $"errors by who acts: {string.Join(", ", WhoActs.Select(w => $"{w} {_requests.Count(r => r.Outcome == w)}"))}; ");
        text.Append(CultureInfo.InvariantCulture, $"{_requests.Count(r => r.Outcome == ChaosLoad.Unanswered)} requests without an answer; ");
        text.Append(CultureInfo.InvariantCulture, $"longest time of a connection without a token: {gaps[gaps.Length / 2].TotalSeconds:0.0} s (median), {gaps[^1].TotalSeconds:0.0} s (worst)");
        output.WriteLine();
        output.WriteLine(text);
        output.WriteLine("orders: " + string.Join(", ", load.Orders.Where(o => o.Key != "look").OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} {o.Value}"))
            + $"; starts that failed and were tried again: {fleet.Seats.Sum(s => s.FailedStarts)}");
    }

    private static void WriteRules(TextWriter output, IReadOnlyList<RuleVerdict> verdicts)
    {
        output.WriteLine();
        foreach (var verdict in verdicts)
        {
            output.WriteLine($"{(verdict.Violations.Count == 0 ? "ok    " : "BROKEN")} {verdict.Rule}: {verdict.Checked} checked, {verdict.Violations.Count} violations");
            foreach (var violation in verdict.Violations.Take(ShownViolations))
            {
                output.WriteLine($"         {violation}");
            }

            if (verdict.Violations.Count > ShownViolations)
            {
                output.WriteLine($"         and {verdict.Violations.Count - ShownViolations} more");
            }
        }
    }

    private static bool IsError(Request request) => WhoActs.Contains(request.Outcome);

    private static double Share(IReadOnlyList<Request> requests)
    {
        var answers = requests.Count(r => r.Outcome != ChaosLoad.Unanswered);
        return answers == 0 ? 0 : 100.0 * requests.Count(r => r.Outcome == ChaosLoad.Accepted) / answers;
    }

    private static TimeSpan LongestGap(IEnumerable<Request> requests)
    {
        var inOrder = requests.OrderBy(r => r.Answered).ToArray();
        var (longest, since) = (TimeSpan.Zero, inOrder[0].Answered);
        foreach (var request in inOrder.Where((r, i) => r.Outcome == ChaosLoad.Accepted || i == inOrder.Length - 1))
        {
            longest = request.Answered - since > longest ? request.Answered - since : longest;
            since = request.Answered;
        }

        return longest;
    }
}
