namespace Rekindle.Client;

/// <summary>One page of the attempt log, newest first, and what it does not show.</summary>
public sealed record AttemptPage
{
    /// <summary>The attempts.</summary>
    public required IReadOnlyList<Attempt> Items { get; init; }

    /// <summary>Give it back as <c>cursor</c> for older ones; null: these are the oldest.</summary>
    public string? NextCursor { get; init; }

    /// <summary>Give it to the stream as <c>from</c> to go on without a gap.</summary>
    public string? Tail { get; init; }

    /// <summary>How many of this page.</summary>
    public int Showing { get; init; }

    /// <summary>How many the filters find, counted up to <see cref="CountedTo"/>.</summary>
    public int Matching { get; init; }

    /// <summary>How many there are that the key may see, counted up to <see cref="CountedTo"/>.</summary>
    public int Total { get; init; }

    /// <summary>Counts stop here: a count that equals it may be higher.</summary>
    public int CountedTo { get; init; }

    /// <summary>The filters, and how many attempts each alone hides.</summary>
    public IReadOnlyList<HiddenAttempts> Filters { get; init; } = [];

    /// <summary>When the newest attempt that the key may see was made, whatever the filters.</summary>
    public DateTimeOffset? NewestAt { get; init; }

    /// <summary>Its age.</summary>
    public long? NewestAgeSeconds { get; init; }

    /// <summary>Set when no attempt was made for more than one and a half cycles although work is due.</summary>
    public string? Warning { get; init; }
}

/// <summary>A filter and what it hides.</summary>
/// <param name="Filter">Name of the parameter.</param>
/// <param name="Value">Its value.</param>
/// <param name="Hides">Attempts that would be shown without it.</param>
public sealed record HiddenAttempts(string Filter, string Value, int Hides);

/// <summary>Two attempts side by side, without seeing a token.</summary>
public sealed record AttemptComparison
{
    /// <summary>The one.</summary>
    public required Attempt A { get; init; }

    /// <summary>The other.</summary>
    public required Attempt B { get; init; }

    /// <summary>The token as stored, opened and sent, and other things they can agree on.</summary>
    public IReadOnlyList<ComparedStage> Stages { get; init; } = [];
}

/// <summary>One thing compared.</summary>
/// <param name="Stage"><c>stored</c>, <c>opened</c>, <c>sent</c>, <c>grant_no</c>, <c>version</c>, <c>url</c> or <c>client_id</c>.</param>
/// <param name="Result"><c>same</c>, <c>different</c> or <c>unknown</c> (one of them has no record of it).</param>
public sealed record ComparedStage(string Stage, string Result);
