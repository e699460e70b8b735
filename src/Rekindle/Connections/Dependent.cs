namespace Rekindle.Connections;

/// <summary>Something in the operator's product that lives on a connection (C6).</summary>
public sealed record Dependent
{
    /// <summary>Connection it lives on.</summary>
    public required ConnectionId ConnectionId { get; init; }

    /// <summary>Name, unique per connection: <c>mail-watcher</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Label for people: "Email sync".</summary>
    public required string Label { get; init; }

    /// <summary>What its pause means to the user: "Email sync paused".</summary>
    public string? Consequence { get; init; }

    /// <summary>Follows the connection.</summary>
    public DependentState State { get; init; } = DependentState.Active;

    /// <summary>Since when.</summary>
    public DateTimeOffset StateSince { get; init; }
}

/// <summary>State of a dependent.</summary>
public enum DependentState
{
    /// <summary>Works.</summary>
    Active,

    /// <summary>Its connection has no valid token for now.</summary>
    Degraded,

    /// <summary>Its connection needs its user, or ended.</summary>
    Paused,
}
