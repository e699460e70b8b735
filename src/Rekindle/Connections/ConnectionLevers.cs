using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>What an operator can do to a connection (A12). Every lever is audited and wins over a flight that began before it.</summary>
public sealed class ConnectionLevers
{
    private readonly IConnectionStore _connections;
    private readonly IRefreshStore _refreshes;
    private readonly IAuditStore _audit;
    private readonly ResultJournal _journal;
    private readonly TokenReader _tokens;
    private readonly TokenCache _cache;
    private readonly GrantRevoker _revoker;
    private readonly LeverPlans _plans;
    private readonly DatabaseOwnership _ownership;
    private readonly RefreshWorker _worker;
    private readonly RefreshClock _clock;
    private readonly ILogger<ConnectionLevers> _logger;

    internal ConnectionLevers(
        IConnectionStore connections, IRefreshStore refreshes, IAuditStore audit, ResultJournal journal, TokenReader tokens, TokenCache cache, GrantRevoker revoker,
        LeverPlans plans, DatabaseOwnership ownership, RefreshWorker worker, RefreshClock clock, ILogger<ConnectionLevers> logger)
    {
        _connections = connections;
        _refreshes = refreshes;
        _audit = audit;
        _journal = journal;
        _tokens = tokens;
        _cache = cache;
        _revoker = revoker;
        _plans = plans;
        _ownership = ownership;
        _worker = worker;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Refreshes now and waits for the result. With <paramref name="capture"/> everything about it is recorded (source <c>debug</c>).</summary>
    public async Task<LeverResult> RefreshAsync(ConnectionId id, bool capture, string actor, CancellationToken cancellationToken = default)
    {
        var plan = new FlightPlan(capture ? RefreshSource.Debug : RefreshSource.Admin, Force: true, Capture: capture);
        var flight = await _tokens.RefreshNowAsync(id, plan, cancellationToken).ConfigureAwait(false);
        if (flight.Connection is not { } now)
        {
            return LeverResult.Unknown;
        }

        await AuditAsync(now.Connection, capture ? "connection.refresh_debug" : "connection.refresh", actor, null).ConfigureAwait(false);
        return new LeverResult(now.Snapshot, flight.Error, flight.Attempt);
    }

    /// <summary>Clears back-off and counters and makes it due now; also for one that needs its user, to see whether it still does.</summary>
    public Task<LeverResult> RetryAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default) =>
        ApplyAsync(id, new LeverChange.ForceRetry(), "connection.retry", actor, cancellationToken);

    /// <summary>Clears back-off and counters; due as its expiry says.</summary>
    public async Task<LeverResult> ClearBackoffAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default)
    {
        var due = await _plans.DueAtAsync(id, cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(id, new LeverChange.ClearBackoff(due), "connection.clear_backoff", actor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Pulls a lever by its name.</summary>
    /// <param name="id">Connection.</param>
    /// <param name="order">Which, and what it takes.</param>
    /// <param name="actor">Who.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<LeverResult> PullAsync(ConnectionId id, LeverOrder order, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(order);
        return order.Lever switch
        {
            ConnectionLever.Refresh => await RefreshAsync(id, capture: false, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.Retry => await RetryAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.ClearBackoff => await ClearBackoffAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.RequireReauthorization => await RequireReauthorizationAsync(id, order.Note ?? "", actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.Revoke => await RevokeAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.Disable => await DisableAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.Enable => await EnableAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.TakeOver => await TakeOverAsync(id, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.Delete => LeverResult.Of(await DeleteAsync(id, actor, cancellationToken).ConfigureAwait(false)),
            ConnectionLever.Simulate => await SimulateAsync(id, order.Failure!, actor, cancellationToken).ConfigureAwait(false),
            ConnectionLever.EndSimulation => await EndSimulationAsync(id, actor, cancellationToken).ConfigureAwait(false),
            _ => throw new ArgumentOutOfRangeException(nameof(order)),
        };
    }

    /// <summary>Declares that only the user can help.</summary>
    public Task<LeverResult> RequireReauthorizationAsync(ConnectionId id, string note, string actor, CancellationToken cancellationToken = default) =>
        ApplyAsync(id, new LeverChange.RequireReauthorization(note), "connection.require_reauthorization", actor, cancellationToken);

    /// <summary>Pauses it: no refresh, no token handed out; material is kept.</summary>
    public Task<LeverResult> DisableAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default) =>
        ApplyAsync(id, new LeverChange.Disable(), "connection.disable", actor, cancellationToken);

    /// <summary>Ends a pause; due now.</summary>
    public Task<LeverResult> EnableAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default) =>
        ApplyAsync(id, new LeverChange.Enable(), "connection.enable", actor, cancellationToken);

    /// <summary>Takes an imported connection out of standby: ours to refresh.</summary>
    public async Task<LeverResult> TakeOverAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default)
    {
        var due = await _plans.DueAtAsync(id, cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(id, new LeverChange.TakeOver(due), "connection.take_over", actor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Lets a connection look, to everybody who asks, as if its refreshes had failed so: status, counters, back-off, dependents and
    /// messages are those of a real failure, their texts begin with <c>TEST:</c>, and <see cref="Connection.Simulation"/> says so.
    /// Nothing is sent and no attempt recorded. Refused in the environment <c>production</c>; means nothing to a connection that is not refreshed.
    /// </summary>
    public async Task<LeverResult> SimulateAsync(ConnectionId id, SimulatedFailure failure, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var (change, refusal) = await _plans.SimulateAsync(id, failure, cancellationToken).ConfigureAwait(false);
        return change is null
            ? LeverResult.Unknown with { Refusal = refusal }
            : await ApplyAsync(id, change, "connection.simulate", actor, cancellationToken, $"{{\"kind\":\"{Names.Of(failure.Kind)}\",\"count\":{failure.Count}}}")
                .ConfigureAwait(false);
    }

    /// <summary>Ends a simulation: the connection is again exactly what it was, or what a refresh has made of it meanwhile.</summary>
    public async Task<LeverResult> EndSimulationAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default)
    {
        var due = await _plans.DueAtAsync(id, cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(id, new LeverChange.EndSimulation(due), "connection.end_simulation", actor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends it here and at the provider: readers are stopped at once; then the newest token is revoked under the lease, so that no
    /// flight brings a newer one, and the material erased.
    /// </summary>
    /// <exception cref="FrozenException">The database may be a copy, and the provider would end the original's grant. Disabling stops readers here.</exception>
    public async Task<LeverResult> RevokeAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default)
    {
        _ownership.ThrowIfFrozen();
        var stopped = await ApplyAsync(id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), "connection.revoke", actor, cancellationToken)
            .ConfigureAwait(false);
        if (stopped.Snapshot is not { } snapshot)
        {
            return stopped;
        }

        var atProvider = await _revoker.RevokeAsync(snapshot.Connection.Id, cancellationToken).ConfigureAwait(false);
        var erased = await _connections.GetAsync(id, cancellationToken).ConfigureAwait(false);
        _journal.NoteChange(erased);
        return stopped with { Snapshot = erased, AtProvider = atProvider };
    }

    /// <summary>Revokes it, then deletes it and leaves a tombstone. False: there was none.</summary>
    /// <exception cref="FrozenException">As for <see cref="RevokeAsync"/>.</exception>
    public async Task<bool> DeleteAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default)
    {
        var revoked = await RevokeAsync(id, actor, cancellationToken).ConfigureAwait(false);
        var reason = $"deleted by {actor}";
        if (revoked.Snapshot is not { } snapshot || !await _connections.DeleteAsync(id, reason, _clock.Now, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        _journal.NoteDeletion(id, reason);
        return await AuditAsync(snapshot.Connection, "connection.delete", actor, null).ConfigureAwait(false);
    }

    /// <summary>Breaks a lease: the fence rises, an open intent stays. False: there was no lease.</summary>
    public async Task<bool> BreakLeaseAsync(ConnectionId id, string actor, CancellationToken cancellationToken = default) =>
        await _connections.GetAsync(id, cancellationToken).ConfigureAwait(false) is { } snapshot
        && await _refreshes.BreakLeaseAsync(id, _clock.Now, cancellationToken).ConfigureAwait(false)
        && await AuditAsync(snapshot.Connection, "lease.break", actor, null).ConfigureAwait(false);

    private async Task<LeverResult> ApplyAsync(
        ConnectionId id, LeverChange change, string action, string actor, CancellationToken cancellationToken, string? detail = null)
    {
        if (await _connections.ApplyAsync(id, change, _clock.Now, cancellationToken).ConfigureAwait(false) is not { } snapshot)
        {
            return LeverResult.Unknown;
        }

        if (change is not (LeverChange.Simulate or LeverChange.EndSimulation))
        {
            _journal.NoteChange(snapshot);
        }

        // Readers in this process stop, or go on, at once; those elsewhere hear it from the change feed.
        _cache.Changed(snapshot);
        _logger.LeverApplied(action, id.ToString(), actor);
        await AuditAsync(snapshot.Connection, action, actor, detail).ConfigureAwait(false);
        _worker.Wake();
        return new LeverResult(snapshot, null, null);
    }

    private async Task<bool> AuditAsync(Connection connection, string action, string actor, string? detail)
    {
        await _audit.AppendAsync(
            new AuditEntry(0, _clock.Now, connection.Key.Environment, actor, action, connection.Id.ToString(), detail), CancellationToken.None)
            .ConfigureAwait(false);
        return true;
    }
}

/// <summary>What a lever did.</summary>
/// <param name="Snapshot">The connection afterwards; null: there is none.</param>
/// <param name="Error">For a refresh: why there is no new token.</param>
/// <param name="Attempt">For a refresh: the attempt.</param>
public sealed record LeverResult(ConnectionSnapshot? Snapshot, TokenError? Error, Attempt? Attempt)
{
    /// <summary>There is no such connection.</summary>
    public static LeverResult Unknown { get; } = new(null, null, null);

    internal static LeverResult Of(bool deleted) => Unknown with { Deleted = deleted };

    /// <summary>Why the lever was not pulled; null: it was, or there is no such connection.</summary>
    public LeverRefusal? Refusal { get; init; }

    /// <summary>Whether a deletion took place: its connection is no longer there to be shown.</summary>
    public bool Deleted { get; private init; }

    /// <summary>For a revocation: what became of it at the provider.</summary>
    public RevocationOutcome? AtProvider { get; init; }
}

/// <summary>Why a lever is refused.</summary>
public enum LeverRefusal
{
    /// <summary>Nothing is simulated in the environment <c>production</c>.</summary>
    InProduction,

    /// <summary>The catalogue has no such provider: what its failure would do cannot be told.</summary>
    ProviderUnknown,
}
