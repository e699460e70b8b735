namespace Rekindle.Drills.Chaos;

/// <summary>A rule, what it was held against, and what broke it.</summary>
internal sealed record RuleVerdict(string Rule, int Checked, IReadOnlyList<string> Violations);

/// <summary>Holds a history against what is promised. Pure: the same history, the same verdicts.</summary>
internal static class HistoryChecker
{
    /// <summary>All rules.</summary>
    public static IReadOnlyList<RuleVerdict> Check(ChaosHistory history) =>
    [
        ReuseOnlyAfterDoubt(history),
        NothingServedExpired(history),
        VersionsOnlyRise(history),
        NoRotationLost(history),
        EverythingOnRecord(history),
        EveryoneEndsWell(history),
    ];

    /// <summary>
    /// Presentations whose answer nobody on our side can know: it never left the provider, came when nobody listened any more, or its
    /// process was killed or stopped before it could be on a disk. A disk that is away for longer than lease and hold knows nothing either (I3).
    /// </summary>
    public static bool OnlyTheProviderKnows(ChaosHistory history, Presented presented) =>
        presented.IsAnswerSpoiled
        || presented.AnsweredAt is not { } answered
        || answered - presented.At >= history.Bounds.HttpDeadline
        || history.Interruptions.Any(i => i.Seat == presented.Seat && i.To >= presented.At
            && (i.From <= answered + history.Bounds.Durable || (i.From <= presented.At + history.Bounds.DoubtHeld && i.To - i.From >= history.Bounds.DoubtHeld)));

    private static RuleVerdict ReuseOnlyAfterDoubt(ChaosHistory history)
    {
        var recorded = AttemptsOf(history).ToLookup(a => a.Connection);
        var violations = new List<string>();
        foreach (var reused in history.Presented.Where(p => p.IsReuse).GroupBy(p => (p.Token, p.Connection)))
        {
            // The last attempt with it is the one that came back; what allows it stands before.
            var attempts = recorded[reused.Key.Connection].Where(a => a.Sent is null || a.Sent == reused.Key.Token).ToList();
            var last = attempts.FindLastIndex(a => a.Sent == reused.Key.Token);
            var doubts = attempts.Take(last < 0 ? attempts.Count : last).Count(a => a.IsUnknown);
            if (reused.Count() > doubts)
            {
                violations.Add($"{reused.Key.Token} of {reused.Key.Connection} came back {Times(reused.Count())}, with {doubts} unknown outcomes on record before");
            }
        }

        return new("no refresh token is presented again outside the reuse rule, but after a recorded outcome_unknown", history.Presented.Count, violations);
    }

    private static RuleVerdict NothingServedExpired(ChaosHistory history) => new(
        "no expired token is served, and none as valid for longer than it is",
        history.Served.Count,
        [
            .. history.Served.Where(s => s.EndsAt + history.Bounds.Skew < s.Asked)
                .Select(s => $"{s.Reader} served {s.Connection} version {s.Version} {Seconds(s.Asked - s.EndsAt)} after its end"),
            .. history.Served.Where(s => s.ExpiresAt > s.EndsAt + history.Bounds.Skew)
                .Select(s => $"{s.Reader} said that {s.Connection} version {s.Version} is valid {Seconds(s.ExpiresAt - s.EndsAt)} longer than it is"),
        ]);

    private static RuleVerdict VersionsOnlyRise(ChaosHistory history)
    {
        var violations = new List<string>();
        foreach (var connection in history.Served.GroupBy(s => s.Connection))
        {
            foreach (var reader in connection.GroupBy(s => s.Reader))
            {
                violations.AddRange(Falls([.. reader], s => s.Answered, _ => true));
            }

            violations.AddRange(Falls([.. connection], s => KnownEverywhere(history, s), s => !s.IsStale));
        }

        return new("versions never go backwards: at once for one server, after the staleness bound across them", history.Served.Count, violations);
    }

    // What was given out while a database was away, from a journal, is known to others only after it is back and was written there.
    private static DateTimeOffset KnownEverywhere(ChaosHistory history, Served served) =>
        history.StoreAway.Where(a => a.From <= served.Answered && served.Answered <= a.To).Select(a => a.To).Append(served.Answered).Max() + history.Bounds.Staleness;

    // Each answer against the highest version that had to be known when it was asked for.
    private static IEnumerable<string> Falls(IReadOnlyList<Served> answers, Func<Served, DateTimeOffset> known, Func<Served, bool> counts)
    {
        var given = answers.Select(a => (Answer: a, Known: known(a))).OrderBy(a => a.Known).ToArray();
        var (next, highest) = (0, default(Served));
        foreach (var answer in answers.OrderBy(a => a.Asked))
        {
            for (; next < given.Length && given[next].Known < answer.Asked; next++)
            {
                highest = highest is null || given[next].Answer.Version > highest.Version ? given[next].Answer : highest;
            }

            if (highest is not null && answer.Version < highest.Version && counts(answer))
            {
                yield return $"{answer.Reader} served {answer.Connection} version {answer.Version} at {answer.Asked:HH:mm:ss.f}; "
                    + $"{highest.Reader} had served version {highest.Version} at {highest.Answered:HH:mm:ss.f}";
            }
        }
    }

    private static RuleVerdict NoRotationLost(ChaosHistory history)
    {
        var violations = new List<string>();
        foreach (var token in history.Presented.GroupBy(p => p.Token))
        {
            // Whoever holds the successor does not present the old one again.
            var inOrder = token.OrderBy(p => p.Number).ToArray();
            violations.AddRange(inOrder.SkipLast(1).Where(p => p.Successor is not null && !OnlyTheProviderKnows(history, p))
                .Select(p => $"{p.Token} of {p.Connection} was presented again although {p.Seat} had its successor {p.Successor} by {p.AnsweredAt:HH:mm:ss.f}"));
        }

        var endings = history.Presented.Where(p => p.IsReuse).Select(p => (p.Token.Provider, p.Token.Grant)).ToHashSet();
        violations.AddRange(history.Presented.Where(p => p.IsRefused && !endings.Contains((p.Token.Provider, p.Token.Grant)))
            .Select(p => $"{p.Token} of {p.Connection} was refused, and nothing came back before"));
        return new("no rotation is lost that anybody on our side could know", history.Presented.Count(p => p.Successor is not null), violations);
    }

    private static RuleVerdict EverythingOnRecord(ChaosHistory history)
    {
        var recorded = AttemptsOf(history).ToLookup(a => a.Connection);
        var violations = new List<string>();
        foreach (var connection in history.Presented.GroupBy(p => p.Connection))
        {
            // What a lost holder sent is not known, only that it may have: such a record answers for one presentation.
            var missing = connection.GroupBy(p => p.Token)
                .Select(t => (Token: t.Key, Count: t.Count() - recorded[connection.Key].Count(a => a.Sent == t.Key))).Where(t => t.Count > 0).ToArray();
            var lost = recorded[connection.Key].Count(a => a.Sent is null);
            if (missing.Sum(m => m.Count) > lost)
            {
                violations.Add($"{connection.Key}: {string.Join(", ", missing.Select(m => $"{m.Token} {Times(m.Count)}"))} without an attempt on record"
                    + (lost == 0 ? "" : $", and {lost} of lost holders"));
            }
        }

        return new("every presented token has a recorded attempt", history.Presented.Count, violations);
    }

    private static RuleVerdict EveryoneEndsWell(ChaosHistory history) => new(
        "every connection ends active and at rest, or as rotation_lost",
        history.Final.Count,
        [
            .. history.Final.Where(f => !(f is { Status: "active", IsAtRest: true, IsServed: true } || IsHonestLoss(history, f)))
                .Select(f => $"{f.Connection} ended {f.Status}{(f.Reason is null ? "" : $" ({f.Reason})")}{(f.IsAtRest ? "" : ", not at rest")}{(f.IsServed ? "" : ", without a token")}"),
        ]);

    private static bool IsHonestLoss(ChaosHistory history, FinalState final) =>
        final is { Status: "needs_reauthorization", Reason: "rotation_lost", IsAtRest: true }
        && history.Presented.Any(p => p.Connection == final.Connection && p.IsRefused);

    // One of each id, in the order of the log; what an attempt says of itself goes before what others say of it.
    private static IEnumerable<Recorded> AttemptsOf(ChaosHistory history) => history.Recorded
        .GroupBy(a => a.Id)
        .Select(told => told.First() with { Sent = told.FirstOrDefault(a => a.Sent is not null)?.Sent, IsUnknown = told.Any(a => a.IsUnknown) });

    private static string Times(int count) => count == 1 ? "once" : $"{count} times";

    private static string Seconds(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");
}
