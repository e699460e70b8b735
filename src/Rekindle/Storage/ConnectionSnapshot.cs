using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>A connection with its tokens and its place in the schedule, read together.</summary>
public sealed record ConnectionSnapshot
{
    /// <summary>The connection.</summary>
    public required Connection Connection { get; init; }

    /// <summary>Its tokens; null: erased, after a revocation.</summary>
    public TokenSet? Tokens { get; init; }

    /// <summary>When a refresh is wanted; null: not at all.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>End of the present lease, or of one that ended without outcome; null: none.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>Since when the outcome is in doubt.</summary>
    public DateTimeOffset? InDoubtSince { get; init; }

    /// <summary>The provider said that the grant is over; that is not published yet, and nothing is sent meanwhile (I10).</summary>
    public bool VerdictHeld { get; init; }

    /// <summary>Left out when the database was confirmed as this deployment's: nothing is sent until an operator says so, or a new grant comes (I14).</summary>
    public bool IsLeftOut { get; init; }

    /// <summary>Leases in a row without outcome.</summary>
    public int OpenIntents { get; init; }

    /// <summary>Raised by every lever and every new grant.</summary>
    public int Epoch { get; init; }

    /// <summary>As it is without a simulation; the due time is of no use when the tokens were renewed meanwhile.</summary>
    public ConnectionSnapshot WithoutSimulation() => Connection.Simulation is { } simulation
        ? this with { Connection = Connection.WithoutSimulation(Tokens), DueAt = simulation.Hidden.DueAt }
        : this;
}
