namespace Rekindle.Client;

/// <summary>Who did what.</summary>
public sealed record AuditEntry
{
    /// <summary>Its id.</summary>
    public long Id { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>API key id, or <c>system</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>What, as a stable word: <c>connection.disable</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Id of the thing.</summary>
    public required string Target { get; init; }

    /// <summary>Details as JSON.</summary>
    public string? Detail { get; init; }
}
