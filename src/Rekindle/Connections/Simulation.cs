using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// A failure that an operator put on a connection to see what follows from it (A12), beside the state that it hides. It ends with the
/// first real result, with the next lever, with a new grant, or on request.
/// </summary>
public sealed record Simulation
{
    /// <summary>How every text begins that a simulation writes.</summary>
    public const string Mark = "TEST: ";

    /// <summary>What is simulated.</summary>
    public required RefreshClass Kind { get; init; }

    /// <summary>How often in a row.</summary>
    public required int Count { get; init; }

    /// <summary>When it was put on.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>What it hides.</summary>
    public required HiddenState Hidden { get; init; }
}

/// <summary>What a connection was before a simulation, to be put back exactly.</summary>
public sealed record HiddenState
{
    /// <summary>Status.</summary>
    public required ConnectionStatus Status { get; init; }

    /// <summary>Auth failures in a row.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Transient failures in a row.</summary>
    public int ConsecutiveTransientFailures { get; init; }

    /// <summary>Strikes that counted.</summary>
    public int Strikes { get; init; }

    /// <summary>When the run of strikes began.</summary>
    public DateTimeOffset? FirstStrikeAt { get; init; }

    /// <summary>When the last strike counted.</summary>
    public DateTimeOffset? LastStrikeAt { get; init; }

    /// <summary>End of back-off.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>Last error.</summary>
    public string? LastRefreshError { get; init; }

    /// <summary>When the last failure happened.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Why it needed its user before.</summary>
    public DisconnectReason? DisconnectReason { get; init; }

    /// <summary>Since when it had no valid token.</summary>
    public DateTimeOffset? DegradedAt { get; init; }

    /// <summary>When a refresh was wanted.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Grant that this is the state of.</summary>
    public int GrantNo { get; init; }

    /// <summary>Version that this is the state of.</summary>
    public int Version { get; init; }

    /// <summary>Since when each dependent was in its state, by name.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> DependentsSince { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>The state of a connection that shows no simulation.</summary>
    public static HiddenState Of(ConnectionSnapshot truth)
    {
        ArgumentNullException.ThrowIfNull(truth);
        var connection = truth.Connection;
        return new HiddenState
        {
            Status = connection.Status,
            ConsecutiveFailures = connection.ConsecutiveFailures,
            ConsecutiveTransientFailures = connection.ConsecutiveTransientFailures,
            Strikes = connection.Strikes,
            FirstStrikeAt = connection.FirstStrikeAt,
            LastStrikeAt = connection.LastStrikeAt,
            NextRetryAt = connection.NextRetryAt,
            LastRefreshError = connection.LastRefreshError,
            LastFailureAt = connection.LastFailureAt,
            DisconnectReason = connection.DisconnectReason,
            DegradedAt = connection.DegradedAt,
            DueAt = truth.DueAt,
            GrantNo = truth.Tokens?.GrantNo ?? 0,
            Version = truth.Tokens?.Version ?? 0,
        };
    }

    /// <summary>Whether it is still the state of these tokens: a refresh that was under way may have renewed them.</summary>
    public bool IsOf(TokenSet? tokens) => tokens?.GrantNo == GrantNo && tokens.Version == Version;

    /// <summary>The connection as it is without the simulation. Tokens that were renewed meanwhile leave nothing of earlier failures (C1).</summary>
    internal Connection Restore(Connection connection, TokenSet? tokens)
    {
        var stands = IsOf(tokens);
        return connection with
        {
            Simulation = null,
            Status = stands ? Status : ConnectionStatus.Active,
            ConsecutiveFailures = stands ? ConsecutiveFailures : 0,
            ConsecutiveTransientFailures = stands ? ConsecutiveTransientFailures : 0,
            Strikes = stands ? Strikes : 0,
            FirstStrikeAt = stands ? FirstStrikeAt : null,
            LastStrikeAt = stands ? LastStrikeAt : null,
            NextRetryAt = stands ? NextRetryAt : null,
            LastRefreshError = stands ? LastRefreshError : null,
            LastFailureAt = LastFailureAt,
            DisconnectReason = stands ? DisconnectReason : null,
            DegradedAt = stands ? DegradedAt : null,
        };
    }
}
