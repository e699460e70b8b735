namespace Rekindle.Client;

/// <summary>What needs an operator.</summary>
public sealed record AlertList
{
    /// <summary>When this was answered.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Firing ones first, critical ones before warnings.</summary>
    public required IReadOnlyList<Alert> Items { get; init; }
}

/// <summary>One alert rule about one integration, or about the deployment.</summary>
public sealed record Alert
{
    /// <summary>Name of the rule: <c>not_attempted</c>, <c>overdue</c>, ….</summary>
    public required string Id { get; init; }

    /// <summary><c>ok</c>, <c>pending</c> (the value is too high, not yet for long enough) or <c>firing</c>.</summary>
    public required string State { get; init; }

    /// <summary><c>warning</c> or <c>critical</c>.</summary>
    public required string Severity { get; init; }

    /// <summary>Key of the integration; null: about the deployment.</summary>
    public string? Integration { get; init; }

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>What to do first.</summary>
    public required string Remedy { get; init; }

    /// <summary>The page of the documentation that says more.</summary>
    public required string Runbook { get; init; }

    /// <summary>The value that is looked at.</summary>
    public double Value { get; init; }

    /// <summary>What it may be.</summary>
    public double Threshold { get; init; }

    /// <summary>For how many seconds it may be higher.</summary>
    public long ForSeconds { get; init; }

    /// <summary>Since when it has been higher, as this server has seen; null: it is not.</summary>
    public DateTimeOffset? Since { get; init; }
}
