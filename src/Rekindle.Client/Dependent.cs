namespace Rekindle.Client;

/// <summary>Something in the operator's product that lives on a connection.</summary>
public sealed record Dependent
{
    /// <summary>Connection it lives on.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>Name, unique per connection: <c>mail-watcher</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Label for people: "Email sync".</summary>
    public required string Label { get; init; }

    /// <summary>What its pause means to the user: "Email sync paused".</summary>
    public string? Consequence { get; init; }

    /// <summary><c>active</c>, <c>degraded</c> or <c>paused</c>: follows the connection.</summary>
    public required string Status { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset StatusSince { get; init; }
}

/// <summary>The dependents of a connection.</summary>
public sealed record DependentList
{
    /// <summary>By name.</summary>
    public required IReadOnlyList<Dependent> Items { get; init; }
}

/// <summary>A dependent to attach or to rename.</summary>
public sealed record PutDependent
{
    /// <summary>Label for people.</summary>
    public required string Label { get; init; }

    /// <summary>What its pause means to the user.</summary>
    public string? Consequence { get; init; }
}
