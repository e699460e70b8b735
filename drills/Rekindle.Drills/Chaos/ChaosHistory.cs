namespace Rekindle.Drills.Chaos;

/// <summary>A refresh token by what its provider calls it: the n-th of a grant.</summary>
internal readonly record struct TokenName(string Provider, string Grant, int Generation)
{
    public override string ToString() => $"{Provider} {Grant} refresh token {Generation}";
}

/// <summary>A refresh token as its provider saw it come.</summary>
/// <param name="Number">Order of arrival.</param>
/// <param name="Token">Which token.</param>
/// <param name="Connection">Whose it is.</param>
/// <param name="Seat">Which of our processes sent it.</param>
/// <param name="At">When it came.</param>
/// <param name="AnsweredAt">When the answer was complete, or its line cut; null: never.</param>
internal sealed record Presented(long Number, TokenName Token, string Connection, string Seat, DateTimeOffset At, DateTimeOffset? AnsweredAt)
{
    /// <summary>Used before, come back outside the provider's rule, and looked at by it: an outage turns everything away unseen.</summary>
    public bool IsReuse { get; init; }

    /// <summary>The token that was issued in its place; null: none was, or the same one goes on.</summary>
    public int? Successor { get; init; }

    /// <summary>The provider itself said no: no outage, no throttling.</summary>
    public bool IsRefused { get; init; }

    /// <summary>What was issued never left the provider: a fault of its answered instead.</summary>
    public bool IsAnswerSpoiled { get; init; }
}

/// <summary>An attempt on record.</summary>
/// <param name="Id">Its id; a lost holder's attempt may be told of twice, by whoever took over and by itself.</param>
/// <param name="Connection">Whose.</param>
/// <param name="Sent">The token it says it sent; null: it does not know, because its worker never told.</param>
/// <param name="IsUnknown">Class <c>outcome_unknown</c>.</param>
internal sealed record Recorded(Guid Id, string Connection, TokenName? Sent, bool IsUnknown);

/// <summary>A token that a caller was given.</summary>
/// <param name="Reader">The server that gave it.</param>
/// <param name="Connection">Whose it is.</param>
/// <param name="Version">Its version.</param>
/// <param name="Asked">When it was asked for.</param>
/// <param name="Answered">When it came.</param>
/// <param name="ExpiresAt">When it ends, by what the answer says.</param>
/// <param name="EndsAt">When it ends at its provider.</param>
/// <param name="IsStale">Marked as served from memory while the database was away.</param>
internal sealed record Served(
    string Reader, string Connection, int Version, DateTimeOffset Asked, DateTimeOffset Answered, DateTimeOffset ExpiresAt, DateTimeOffset EndsAt, bool IsStale);

/// <summary>A time in which a process could not go on: it was killed and came back, was stopped and continued, or its line to the providers broke.</summary>
internal sealed record Interruption(string Seat, DateTimeOffset From, DateTimeOffset To);

/// <summary>How a connection ended, after a last refresh of each that could have one.</summary>
/// <param name="Connection">Which.</param>
/// <param name="Status">As the API says.</param>
/// <param name="Reason">As the API says.</param>
/// <param name="IsAtRest">Nobody holds it, and nothing about it is in doubt.</param>
/// <param name="IsServed">Its last refresh brought a token that the provider's API takes.</param>
internal sealed record FinalState(string Connection, string Status, string? Reason, bool IsAtRest, bool IsServed);

/// <summary>Everything that is known of a run, from both sides.</summary>
internal sealed record ChaosHistory
{
    public required IReadOnlyList<Presented> Presented { get; init; }

    /// <summary>In the order of the log.</summary>
    public required IReadOnlyList<Recorded> Recorded { get; init; }

    public required IReadOnlyList<Served> Served { get; init; }

    public required IReadOnlyList<Interruption> Interruptions { get; init; }

    /// <summary>When some server could not write to the database, and a little longer: what it served meanwhile came from its journal.</summary>
    public required IReadOnlyList<Interruption> StoreAway { get; init; }

    public required IReadOnlyList<FinalState> Final { get; init; }

    public required ChaosBounds Bounds { get; init; }
}

/// <summary>What is promised within which time.</summary>
/// <param name="Skew">Clocks may differ by this much.</param>
/// <param name="Staleness">After this a change is known to every server (DESIGN §4).</param>
/// <param name="Durable">From a complete answer until it is on a disk.</param>
/// <param name="HttpDeadline">Nobody listens for an answer any longer.</param>
/// <param name="DoubtHeld">Lease and hold: so long a token in doubt waits for whoever sent it.</param>
internal sealed record ChaosBounds(TimeSpan Skew, TimeSpan Staleness, TimeSpan Durable, TimeSpan HttpDeadline, TimeSpan DoubtHeld);
