using System.Globalization;

namespace Rekindle.Drills.Outage;

/// <summary>The figures and the verdict.</summary>
internal sealed class OutageReport(OutageSize size)
{
    private const double MostThrottled = 1 / 3.0;

    private static readonly string[] WhoActs = ["nobody", "user", "operator"];

    public required Dictionary<string, int> Statuses { get; init; }

    public required IReadOnlyList<Notice> Notices { get; init; }

    public required TimeSpan? Noticed { get; init; }

    public required TimeSpan? CaughtUp { get; init; }

    public required OutageTable Table { get; init; }

    public required OutageTotal CatchUp { get; init; }

    public required OutageWatch Watch { get; init; }

    public required long Reuses { get; init; }

    public required IReadOnlyList<OutageCaller> Callers { get; init; }

    /// <summary>How long catching up may take: a third more than the ideal, after the longest wait for a probe (five minutes).</summary>
    public static TimeSpan Patience(OutageSize size) => TimeSpan.FromMinutes(5) + (size.Ideal * (4.0 / 3));

    public int Write(TextWriter output, TimeSpan took)
    {
        output.WriteLine();
        output.WriteLine(Invariant(
            $"catch-up: {size.Connections} at {size.Capacity}/s are {size.Ideal.TotalSeconds:0} s at best; the provider's return was noticed after {Seconds(Noticed)}, everybody had a token after {Seconds(CaughtUp)}; {CatchUp.Throttled} of {CatchUp.Sent} requests were 429s"));
        output.WriteLine(Invariant(
            $"statuses: {Watch.Looks} looks at all of them, {Watch.DegradedWithToken} found one degraded with a valid token, {Watch.ActiveWithoutToken} one active without"));
        WriteCallers(output);
        output.WriteLine($"notices: {string.Join(", ", Notices)}");
        var broken = Broken().ToArray();
        output.WriteLine(Invariant(
            $"verdict: {(broken.Length == 0 ? "ok" : "FAILED")}: {string.Join("; ", broken.DefaultIfEmpty("nobody was disconnected, nobody was bothered, and everybody had a token as soon as the provider could give it"))}; took {took.TotalSeconds:0} s"));
        return broken.Length == 0 ? 0 : 1;
    }

    private void WriteCallers(TextWriter output)
    {
        var records = Callers.Select(c => c.Record).ToArray();
        var gaps = records.Select(r => r.LongestGap).Order().ToArray();
        var errors = records.SelectMany(r => r.Errors).GroupBy(e => e.Key, e => e.Value).ToDictionary(e => e.Key, e => e.Sum());
        output.WriteLine(Invariant(
            $"callers: {records.Length} connections, {records.Sum(r => r.Answers)} answers, {100.0 * records.Sum(r => r.Accepted) / records.Sum(r => r.Answers):0.0}% accepted tokens, {records.Sum(r => r.Refused)} refused ones, {Callers.Sum(c => c.Withheld)} withheld; ")
            + Invariant($"longest gap {gaps[gaps.Length / 2].TotalHours:0.00} h (median), {gaps[^1].TotalHours:0.00} h at most; ")
            + $"errors by who acts: {string.Join(", ", WhoActs.Select(w => $"{w} {errors.GetValueOrDefault(w)}"))}");
    }

    private IEnumerable<string> Broken()
    {
        var active = Statuses.GetValueOrDefault("active");
        if (active != size.Connections)
        {
            yield return $"in the end {string.Join(", ", Statuses.Select(s => $"{s.Value} {s.Key}"))}";
        }

        if (CaughtUp is not { } caughtUp || caughtUp > Patience(size))
        {
            yield return Invariant($"catching up took {Seconds(CaughtUp)} of {Patience(size).TotalSeconds:0} s");
        }

        if (CatchUp.Throttled > MostThrottled * CatchUp.Sent)
        {
            yield return "more than a third of the requests were 429s";
        }

        if (Watch.DegradedWithToken + Watch.ActiveWithoutToken > 0)
        {
            yield return "statuses lied";
        }

        // Alerts follow figures and have thresholds of their own: that much is overdue while everybody catches up is true.
        if (Notices.Where(n => !n.IsAlert).ToArray() is not [{ Audience: "operator", IsOpen: false, Count: 1 }] || Notices.Any(n => n.IsOpen))
        {
            yield return $"notices: {(Notices.Count == 0 ? "none" : string.Join(", ", Notices))}";
        }

        if (Reuses > 0)
        {
            yield return $"{Reuses} used-up refresh tokens were presented";
        }

        if (Callers.Sum(c => c.Record.Refused + c.Withheld) is > 0 and var wrong)
        {
            yield return $"{wrong} callers' answers were wrong";
        }

        if (Table.LastShare < 1)
        {
            yield return "afterwards callers still went without";
        }
    }

    private static string Seconds(TimeSpan? time) => time is { } t ? Invariant($"{t.TotalSeconds:0} s") : "(never)";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
