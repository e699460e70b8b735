namespace Rekindle.Client;

/// <summary>Demand against budgets.</summary>
public sealed record Capacity
{
    /// <summary>Each integration that the key reaches.</summary>
    public required IReadOnlyList<IntegrationCapacity> Integrations { get; init; }
}

/// <summary>Demand and budget of one integration.</summary>
public sealed record IntegrationCapacity
{
    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary><c>ok</c>, <c>tight</c> (more than four fifths used) or <c>exceeded</c>.</summary>
    public required string Status { get; init; }

    /// <summary>What to do.</summary>
    public string? Advice { get; init; }

    /// <summary>Tokens that fall due per window in the long run.</summary>
    public double DuePerWindow { get; init; }

    /// <summary>That, divided by the budget.</summary>
    public double Utilisation { get; init; }

    /// <summary>Connections that are refreshed.</summary>
    public int RefreshableConnections { get; init; }

    /// <summary>Whether the budget is never exceeded.</summary>
    public bool BudgetHard { get; init; }

    /// <summary>Statistics of the window that ends now.</summary>
    public required RateLimitBudget RateLimitBudget { get; init; }
}

/// <summary>A budget's statistics over its window.</summary>
public sealed record RateLimitBudget
{
    /// <summary>Permits taken.</summary>
    public int TotalAttempts { get; init; }

    /// <summary>Refreshes that brought a token.</summary>
    public int Successful { get; init; }

    /// <summary>Refreshes that did not.</summary>
    public int Failed { get; init; }

    /// <summary>Permits left at the base rate.</summary>
    public int RemainingBudget { get; init; }

    /// <summary>The base rate.</summary>
    public int MaxRequests { get; init; }

    /// <summary>Length of the window.</summary>
    public double WindowSeconds { get; init; }
}
