namespace Rekindle.Client;

/// <summary>How an integration's connections are refreshed and when people are told. Absent fields stay as they are.</summary>
public sealed record IntegrationPolicy
{
    /// <summary>Requests per <see cref="BudgetWindowSeconds"/>. Default 100.</summary>
    public int? BudgetRequests { get; init; }

    /// <summary>The sliding window of the budget. Default 600.</summary>
    public int? BudgetWindowSeconds { get; init; }

    /// <summary>Hard: never exceeded. Soft, the default: gives way before a token expires.</summary>
    public bool? BudgetHard { get; init; }

    /// <summary>Most refreshes of this integration in flight per worker. Default 16.</summary>
    public int? Slots { get; init; }

    /// <summary>First soft failure's wait. Default 60.</summary>
    public int? BackoffBaseSeconds { get; init; }

    /// <summary>Wait from the fifth soft failure on. Default 3600.</summary>
    public int? BackoffCeilingSeconds { get; init; }

    /// <summary>Largest margin before expiry. Default 600.</summary>
    public int? MarginSeconds { get; init; }

    /// <summary>How long an outcome stays in doubt before a strict token is sent once more. Default 300.</summary>
    public int? InDoubtHoldSeconds { get; init; }

    /// <summary>How long a verdict that a grant is over waits before it is published, under the mass guard; 0: at once, unguarded. Default 60.</summary>
    public int? ConfirmationDelaySeconds { get; init; }

    /// <summary>Consecutive failures of any kind after which the user is asked; 0, the default: never for transient ones.</summary>
    public int? GiveUpAfter { get; init; }

    /// <summary>Auth failures before a warning. Default 2.</summary>
    public int? WarnAfter { get; init; }

    /// <summary>Ambiguous auth failures before the user is asked. Default 3.</summary>
    public int? DisconnectAfter { get; init; }

    /// <summary>Transient failures before one note. Default 5.</summary>
    public int? TransientNoteAfter { get; init; }

    /// <summary>Least time between two strikes that count. Default 300.</summary>
    public int? StrikeSpacingSeconds { get; init; }

    /// <summary>Whether an account may be connected whose permission ends and cannot be renewed. Default false.</summary>
    public bool? AcceptWithoutRefreshToken { get; init; }

    /// <summary>Whether an account may be connected that was granted less than was asked for. Default false.</summary>
    public bool? AcceptMissingScopes { get; init; }

    /// <summary>Whether an account other than the pinned one may take over a connection at reconnect. Default false.</summary>
    public bool? AllowAccountChange { get; init; }
}
