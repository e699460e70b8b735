namespace Rekindle.Client;

/// <summary>How an environment's connections stand.</summary>
public sealed record Summary
{
    /// <summary>When this was counted.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>All connections.</summary>
    public int Total { get; init; }

    /// <summary>By status; absent statuses have none.</summary>
    public required IReadOnlyDictionary<string, int> ByStatus { get; init; }

    /// <summary>Active ones whose token ends within 10 minutes.</summary>
    public int ExpiringSoon { get; init; }

    /// <summary>Due, and neither claimed nor in back-off.</summary>
    public int Overdue { get; init; }

    /// <summary>Expired while still shown active: more than zero is a defect.</summary>
    public int ExpiredWhileActive { get; init; }

    /// <summary>With an outcome in doubt.</summary>
    public int InDoubt { get; init; }

    /// <summary>Never refreshed.</summary>
    public int NeverRefreshed { get; init; }

    /// <summary>Why nothing is refreshed, as the server that answers sees it; null: nothing is frozen.</summary>
    public FrozenState? Frozen { get; init; }

    /// <summary>Left out of refreshing when the database was confirmed as this deployment's.</summary>
    public int LeftOut { get; init; }

    /// <summary>In back-off, by consecutive failures.</summary>
    public IReadOnlyList<BackoffGroup> InBackoff { get; init; } = [];

    /// <summary>Most common last errors, most frequent first.</summary>
    public IReadOnlyList<ErrorCount> TopErrors { get; init; } = [];

    /// <summary>When the next refresh is due.</summary>
    public DateTimeOffset? NextDueAt { get; init; }

    /// <summary>Integrations by state.</summary>
    public required IReadOnlyDictionary<string, int> IntegrationsByState { get; init; }
}

/// <summary>Why a database is served from and not refreshed.</summary>
/// <param name="Reason"><c>other_deployment</c>, <c>other_endpoint</c>, <c>moving</c>, <c>old_backup</c>, <c>key_ring</c> or <c>undecryptable</c>.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">What an operator does about it.</param>
/// <param name="Since">When it was found.</param>
public sealed record FrozenState(string Reason, string Detail, string Remedy, DateTimeOffset Since);

/// <summary>Connections in back-off with the same number of failures.</summary>
/// <param name="Failures">Consecutive failures of both kinds together.</param>
/// <param name="Count">How many.</param>
/// <param name="EarliestRetryAt">The first next try among them.</param>
/// <param name="LatestRetryAt">The last.</param>
/// <param name="TopError">Their most common error.</param>
public sealed record BackoffGroup(int Failures, int Count, DateTimeOffset EarliestRetryAt, DateTimeOffset LatestRetryAt, string? TopError);

/// <summary>An error and how many connections show it.</summary>
/// <param name="Error">Class, code and text.</param>
/// <param name="Count">How many.</param>
public sealed record ErrorCount(string Error, int Count);
