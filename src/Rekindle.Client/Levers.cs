namespace Rekindle.Client;

/// <summary>What a lever did to a connection.</summary>
public sealed record LeverOutcome
{
    /// <summary>The connection afterwards.</summary>
    public required Connection Connection { get; init; }

    /// <summary>For a refresh: whether a new token was stored.</summary>
    public bool? Refreshed { get; init; }

    /// <summary>For a refresh: why there is no new token.</summary>
    public Problem? Problem { get; init; }

    /// <summary>For a refresh: the attempt, when this server made it.</summary>
    public Attempt? Attempt { get; init; }

    /// <summary>For a revocation, what became of it at the provider: <c>revoked</c>, <c>refused</c>, <c>not_supported</c> or <c>nothing_to_revoke</c>.</summary>
    public string? AtProvider { get; init; }
}

/// <summary>A refresh by an operator's order.</summary>
public sealed record RefreshConnection
{
    /// <summary>Record everything about it (debug), redacted.</summary>
    public bool Capture { get; init; }
}

/// <summary>An order to have the user connect again.</summary>
public sealed record RequireReauthorization
{
    /// <summary>Why, for whoever reads it later.</summary>
    public string? Note { get; init; }
}

/// <summary>A failure to show that did not happen. Status, counters, back-off, dependents and messages are those of a real one, marked as a test.</summary>
public sealed record SimulateFailure
{
    /// <summary>
    /// <c>rate_limited</c>, <c>provider_unavailable</c>, <c>network</c>, <c>auth_ambiguous</c>, <c>grant_dead</c>, <c>consent_required</c> or
    /// <c>interaction_required</c>.
    /// </summary>
    public string? Kind { get; init; }

    /// <summary>How often in a row; default 1, at most 100. Once a failure has ended the grant, no further one is simulated.</summary>
    public int? Count { get; init; }

    /// <summary>When the next, real, try is, for kinds that are tried again by themselves; absent: as the back-off has it.</summary>
    public int? RetryInSeconds { get; init; }

    /// <summary>Put back what a simulation hides; goes without the other fields.</summary>
    public bool Reset { get; init; }
}

/// <summary>A lever pulled on every connection that a selector finds.</summary>
public sealed record BatchRequest
{
    /// <summary>
    /// <c>refresh</c>, <c>retry</c>, <c>clear_backoff</c>, <c>require_reauthorization</c>, <c>revoke</c>, <c>disable</c>, <c>enable</c>,
    /// <c>take_over</c>, <c>delete</c>, <c>simulate</c> or <c>end_simulation</c>.
    /// </summary>
    public required string Action { get; init; }

    /// <summary>Which connections; at least one of its fields, unless <see cref="All"/>.</summary>
    public BatchSelector? Selector { get; init; }

    /// <summary>Every connection that the key reaches: has to be said.</summary>
    public bool All { get; init; }

    /// <summary>Only say what would be touched.</summary>
    public bool DryRun { get; init; }

    /// <summary>Touch at most so many; default 100, at most 1000.</summary>
    public int? Limit { get; init; }

    /// <summary>Why, for <c>require_reauthorization</c>.</summary>
    public string? Note { get; init; }

    /// <summary>What to show, for <c>simulate</c>.</summary>
    public SimulateFailure? Simulation { get; init; }
}

/// <summary>Which connections. All given fields must match.</summary>
public sealed record BatchSelector
{
    /// <summary>Key of the integration.</summary>
    public string? Integration { get; init; }

    /// <summary>Customer or organisation.</summary>
    public string? Tenant { get; init; }

    /// <summary>The operator's own user id.</summary>
    public string? Subject { get; init; }

    /// <summary>Purpose.</summary>
    public string? Purpose { get; init; }

    /// <summary>Account.</summary>
    public string? Account { get; init; }

    /// <summary>Status.</summary>
    public string? Status { get; init; }

    /// <summary>Label, exactly.</summary>
    public string? Label { get; init; }

    /// <summary>Text that the last error contains.</summary>
    public string? Error { get; init; }

    /// <summary>Fewer consecutive failures than this.</summary>
    public int? FailuresBelow { get; init; }

    /// <summary>True: those in back-off.</summary>
    public bool? InBackoff { get; init; }
}

/// <summary>What a batch did, connection by connection.</summary>
public sealed record BatchOutcome
{
    /// <summary>The lever.</summary>
    public required string Action { get; init; }

    /// <summary>Nothing was touched.</summary>
    public bool DryRun { get; init; }

    /// <summary>How many connections the selector found, counted up to 100000.</summary>
    public int Matched { get; init; }

    /// <summary>On how many the lever was pulled.</summary>
    public int Applied { get; init; }

    /// <summary>On how many it could not be pulled, or brought no new token.</summary>
    public int Failed { get; init; }

    /// <summary>Whether more match than were touched: send it again.</summary>
    public bool More { get; init; }

    /// <summary>Each connection's result.</summary>
    public IReadOnlyList<BatchOutcomeItem> Items { get; init; } = [];
}

/// <summary>One connection of a batch.</summary>
public sealed record BatchOutcomeItem
{
    /// <summary>Connection.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>Its status before.</summary>
    public required string StatusBefore { get; init; }

    /// <summary>Its status afterwards; null: deleted, or a dry run.</summary>
    public string? StatusAfter { get; init; }

    /// <summary>Whether the lever did its work; in a dry run: whether it would be pulled.</summary>
    public bool Ok { get; init; }

    /// <summary>Why not, as a stable word.</summary>
    public string? Code { get; init; }

    /// <summary>Why not, in words.</summary>
    public string? Detail { get; init; }

    /// <summary>For a revocation: what became of it at the provider.</summary>
    public string? AtProvider { get; init; }
}
