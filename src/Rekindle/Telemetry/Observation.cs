using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Telemetry;

/// <summary>How the deployment stands, as its database and this process say.</summary>
internal sealed record Observation
{
    public required DateTimeOffset At { get; init; }

    public required IReadOnlyList<IntegrationObservation> Integrations { get; init; }

    /// <summary>Active connections whose token has ended, though marking them takes a second.</summary>
    public required int ExpiredWhileActive { get; init; }

    /// <summary>Results that wait for their connection to be free.</summary>
    public required int LateResults { get; init; }

    /// <summary>Connections whose stored token could not be opened.</summary>
    public required int Undecryptable { get; init; }

    /// <summary>Processes that refresh nothing, since the database may not be theirs (I14).</summary>
    public required int Frozen { get; init; }

    /// <summary>Workers that are alive.</summary>
    public required IReadOnlyList<WorkerView> Workers { get; init; }

    /// <summary>The largest difference between a process's clock and the database's.</summary>
    public required TimeSpan Skew { get; init; }

    /// <summary>What that may be.</summary>
    public required TimeSpan SkewBound { get; init; }

    /// <summary>How long the oldest result has been in a journal without being in the database.</summary>
    public required TimeSpan JournalAge { get; init; }

    /// <summary>Outcomes that are not known, or not stored yet.</summary>
    public int PendingOutcomes => LateResults + Integrations.Sum(i => i.OpenIntents);
}

/// <summary>One integration of an <see cref="Observation"/>.</summary>
/// <param name="Integration">Which.</param>
/// <param name="IsOpen">Whether nobody but us decides how fast its connections are refreshed: it is open, and was not throttled of late.</param>
/// <param name="NotAttempted">Connections that have been due for more than a minute, and nobody has claimed.</param>
/// <param name="Overdue">How long the first of them has been due; zero: none is.</param>
/// <param name="OpenIntents">Leases that ran out without outcome.</param>
/// <param name="BudgetUtilisation">Permits taken in the window that ends now, by its budget.</param>
internal sealed record IntegrationObservation(
    Integration Integration, bool IsOpen, int NotAttempted, TimeSpan Overdue, int OpenIntents, double BudgetUtilisation)
{
    /// <summary>Its state, or <c>throttled</c> while its provider's throttling pauses it.</summary>
    public string StateAt(DateTimeOffset now) =>
        Integration.State == IntegrationState.Active && Integration.ThrottledUntil > now ? "throttled" : Names.Of(Integration.State);
}
