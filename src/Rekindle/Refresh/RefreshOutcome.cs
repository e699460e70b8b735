using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>How one run of the protocol ended: a closed set.</summary>
internal abstract record RefreshOutcome
{
    private RefreshOutcome()
    {
    }

    /// <summary>A new token is stored.</summary>
    public sealed record Refreshed(Attempt Attempt) : RefreshOutcome
    {
        /// <summary>Stored in the journal so far: the database is away.</summary>
        public bool IsJournalled { get; init; }
    }

    /// <summary>No new token; the attempt says why and what happens next.</summary>
    public sealed record Failed(Attempt Attempt, Classified Result) : RefreshOutcome;

    /// <summary>The grant or version had moved on when the answer came: the verdict was discarded (I6).</summary>
    public sealed record Superseded(Attempt Attempt, CommitResult Result) : RefreshOutcome;

    /// <summary>Nothing was sent and the lease was given back.</summary>
    public sealed record NotSent(string Why) : RefreshOutcome;
}
