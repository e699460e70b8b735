using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>
/// What a lever makes of a connection (A12), as a pure function. A lever that says nothing to a connection in its present status
/// (retrying a revoked one) does not apply, and nothing is written.
/// </summary>
internal static class Levers
{
    /// <summary>The connection afterwards and when it is due; null: the lever does not apply.</summary>
    public static LeverEffect? EffectOf(LeverChange change, ConnectionSnapshot before, DateTimeOffset now)
    {
        var truth = before.WithoutSimulation();
        var connection = truth.Connection;
        return (change, connection.Status) switch
        {
            (LeverChange.ForceRetry, ConnectionStatus.Active or ConnectionStatus.Degraded or ConnectionStatus.NeedsReauthorization) =>
                new(Usable(WithoutFailures(connection), before.Tokens, now) with { DisconnectReason = null }, now),
            (LeverChange.ClearBackoff clear, ConnectionStatus.Active or ConnectionStatus.Degraded) =>
                new(WithoutFailures(connection), Later(clear.DueAt, now)),
            (LeverChange.RequireReauthorization require,
                ConnectionStatus.Active or ConnectionStatus.Degraded or ConnectionStatus.NeedsReauthorization) =>
                new(Ended(connection, ConnectionStatus.NeedsReauthorization, DisconnectReason.OperatorRequest) with { LastRefreshError = require.Note }, null),
            (LeverChange.Disable, ConnectionStatus.Active or ConnectionStatus.Degraded or ConnectionStatus.NeedsReauthorization) =>
                new(connection with { Status = ConnectionStatus.Disabled }, null),
            (LeverChange.Enable, ConnectionStatus.Disabled) => Enabled(connection, before.Tokens, now),
            (LeverChange.Revoke revoke, not ConnectionStatus.Revoked) => new(Ended(connection, ConnectionStatus.Revoked, revoke.Reason), null),
            (LeverChange.TakeOver take, ConnectionStatus.Standby) => new(Usable(connection, before.Tokens, now), Later(take.DueAt, now)),
            (LeverChange.Simulate simulate, ConnectionStatus.Active or ConnectionStatus.Degraded) => Simulated(simulate, truth, now),
            (LeverChange.EndSimulation end, _) when before.Connection.Simulation is { Hidden: var hidden } =>
                new(connection, hidden.IsOf(before.Tokens) ? LaterOrNone(hidden.DueAt, now) : LaterOrNone(end.DueAt, now)) { IsRehearsal = true },
            _ => null,
        };
    }

    /// <summary>Active with a valid token, degraded without.</summary>
    public static Connection Usable(Connection connection, TokenSet? tokens, DateTimeOffset now)
    {
        var valid = tokens is not null && (tokens.ExpiresAt is null || tokens.ExpiresAt > now);
        return connection with
        {
            Status = valid ? ConnectionStatus.Active : ConnectionStatus.Degraded,
            DegradedAt = valid ? null : connection.DegradedAt ?? now,
        };
    }

    /// <summary>An instant, or now if that has passed: a due time is never set into the past (I2).</summary>
    public static DateTimeOffset Later(DateTimeOffset instant, DateTimeOffset now) => instant > now ? instant : now;

    /// <summary>Both counters, strikes and back-off cleared (C1).</summary>
    public static Connection WithoutFailures(Connection connection) => connection with
    {
        ConsecutiveFailures = 0,
        ConsecutiveTransientFailures = 0,
        Strikes = 0,
        FirstStrikeAt = null,
        LastStrikeAt = null,
        NextRetryAt = null,
    };

    // A grant that was known dead when it was disabled is still dead: enabling it costs the provider no call.
    private static LeverEffect Enabled(Connection connection, TokenSet? tokens, DateTimeOffset now) => connection.DisconnectReason is null
        ? new(Usable(connection, tokens, now), now)
        : new(connection with { Status = ConnectionStatus.NeedsReauthorization }, null);

    private static LeverEffect Simulated(LeverChange.Simulate simulate, ConnectionSnapshot truth, DateTimeOffset now)
    {
        var state = simulate.Play(truth);
        var simulation = new Simulation
        {
            Kind = simulate.Failure.Kind,
            Count = simulate.Failure.Count,
            StartedAt = now,
            Hidden = HiddenState.Of(truth),
        };
        return new(state.Connection with { Simulation = simulation }, LaterOrNone(state.DueAt, now)) { IsRehearsal = true, Opens = state.Opens };
    }

    private static DateTimeOffset? LaterOrNone(DateTimeOffset? instant, DateTimeOffset now) => instant is { } at ? Later(at, now) : null;

    private static Connection Ended(Connection connection, ConnectionStatus status, DisconnectReason reason) =>
        connection with { Status = status, DisconnectReason = reason, NextRetryAt = null };
}

/// <summary>A connection after a lever, and when a refresh is wanted; null: not at all.</summary>
internal sealed record LeverEffect(Connection Connection, DateTimeOffset? DueAt)
{
    /// <summary>A simulation, or its end: what is really known about lost leases stays.</summary>
    public bool IsRehearsal { get; init; }

    /// <summary>Messages that a simulation opens.</summary>
    public IReadOnlyList<NotificationDraft> Opens { get; init; } = [];
}
