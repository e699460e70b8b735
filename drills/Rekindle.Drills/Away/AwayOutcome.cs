namespace Rekindle.Drills.Away;

/// <summary>What became of a fleet.</summary>
internal sealed record AwayOutcome
{
    public required AwayVariant Variant { get; init; }

    /// <summary>Refresh tokens that were at the provider, unanswered, when the database went.</summary>
    public required int InFlight { get; init; }

    /// <summary>Connections that were due a moment before it went, and that nobody had claimed.</summary>
    public required int Due { get; init; }

    /// <summary>Of what was claimed before: tokens that left after the database had gone.</summary>
    public required int SentLater { get; init; }

    /// <summary>Refreshes that were sent while the database was away without having been claimed before.</summary>
    public required int Started { get; init; }

    /// <summary>Refreshes that the provider answered while the database was away.</summary>
    public required int Answered { get; init; }

    /// <summary>Most results that the processes said at once they were waiting with.</summary>
    public required int Pending { get; init; }

    /// <summary>The same when the database had been back for a while.</summary>
    public required int PendingAfter { get; init; }

    /// <summary>What the killed worker said it was waiting with; null: none was killed.</summary>
    public required int? PendingOfDead { get; init; }

    /// <summary>What the verb <c>journal</c> found on its disk when it was dead; null: none was killed.</summary>
    public required int? InJournalOfDead { get; init; }

    /// <summary>Starts that failed, because the database was away.</summary>
    public required int FailedStarts { get; init; }

    /// <summary>Processes that ended although nobody had killed them.</summary>
    public required IReadOnlyList<string> Deaths { get; init; }

    /// <summary>Connections whose newest refresh token the database does not have, that are not active, or that could not be refreshed once more.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Refresh tokens that the provider had used up and saw again.</summary>
    public required int Reused { get; init; }

    /// <summary>From the database's return until everything was written and everybody well.</summary>
    public required TimeSpan Settled { get; init; }

    /// <summary>What the callers saw.</summary>
    public required IReadOnlyList<CallerRecord> Callers { get; init; }

    /// <summary>Answers that were no accepted token, and requests without an answer.</summary>
    public int Unserved => Callers.Sum(c => c.Refused + c.Away + c.Errors.Values.Sum());

    /// <summary>What is not as promised; empty: everything is. Without a journal something has to be lost, or the drill shows nothing.</summary>
    public IEnumerable<string> Mistakes()
    {
        foreach (var (isSo, mistake) in Variant.Journal ? Promises() : [(Lost.Count == 0, "nothing was lost without the journal: the drill shows nothing")])
        {
            if (isSo)
            {
                yield return $"{Variant.Title}: {mistake}";
            }
        }
    }

    private (bool IsSo, string Mistake)[] Promises() =>
    [
        (Lost.Count > 0, $"{Lost.Count} connections are lost: {string.Join(", ", Lost.Take(5))}"),
        (Reused > 0, $"{Reused} used-up refresh tokens came back"),
        (Started > 0, $"{Started} refreshes were sent that had not been claimed before the database went"),
        (InFlight == 0 || Answered == 0, "nothing was in flight when the database went: the drill shows nothing"),
        (Pending == 0, "nobody said that results were waiting"),
        (PendingAfter > 0, $"{PendingAfter} results are still waiting"),
        (Unserved > 0, $"{Unserved} requests were not answered with a token that the provider accepts"),
        (Deaths.Count > 0, string.Join("; ", Deaths)),
        (PendingOfDead == 0, "the killed worker had nothing to lose: the drill shows nothing"),
        (PendingOfDead != InJournalOfDead, $"the killed worker was waiting with {PendingOfDead} results, and its journal has {InJournalOfDead}"),
    ];
}
