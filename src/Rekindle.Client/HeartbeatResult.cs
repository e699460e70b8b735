namespace Rekindle.Client;

/// <summary>What one heartbeat by request did.</summary>
public sealed record HeartbeatResult
{
    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public long DurationMs { get; init; }

    /// <summary>Leases taken.</summary>
    public int Claimed { get; init; }

    /// <summary>Refreshes that brought a token.</summary>
    public int Refreshed { get; init; }

    /// <summary>Those that did not, by class.</summary>
    public IReadOnlyDictionary<string, int> Failed { get; init; } = new Dictionary<string, int>();

    /// <summary>Leases given back unused, results that were superseded, integrations without permits.</summary>
    public int Skipped { get; init; }

    /// <summary>Whether nothing that is due was left. False: call again soon.</summary>
    public bool Complete { get; init; }

    /// <summary>Refreshes that had not ended when the time was up; they are finished.</summary>
    public int InFlight { get; init; }

    /// <summary>Time between calls as observed; null: this is the first.</summary>
    public long? ObservedIntervalSeconds { get; init; }

    /// <summary>What falls due within this time counted as due.</summary>
    public long DueWithinSeconds { get; init; }

    /// <summary>Integrations whose tokens live shorter than the time between calls: they cannot be kept fresh this way.</summary>
    public IReadOnlyList<ShortLivedTokens> ShortLived { get; init; } = [];

    /// <summary>With <c>verbose</c>: the attempts of this heartbeat, newest first, at most 1000.</summary>
    public IReadOnlyList<Attempt>? Attempts { get; init; }
}

/// <summary>Tokens that live shorter than the time between heartbeats.</summary>
/// <param name="Integration">Key of the integration.</param>
/// <param name="LifetimeSeconds">The shortest life.</param>
/// <param name="Connections">How many connections.</param>
/// <param name="Detail">What to do.</param>
public sealed record ShortLivedTokens(string Integration, long LifetimeSeconds, int Connections, string Detail);
