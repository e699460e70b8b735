using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Refreshes that somebody waits for (A11): one flight per connection in this process, and the lease makes it one for all
/// machines (I1). A caller's cancellation ends that caller's wait, never the flight. A flight that finds another machine
/// refreshing waits for its result and never goes unlocked.
/// </summary>
internal sealed class DemandRefreshes(
    IRefreshStore store, IConnectionStore connections, IntegrationDirectory directory, RateBudget budget, RefreshEngine engine, Heartbeat heartbeat, SendGate gate,
    ClockSkew skew, StoreAbsence absence, UnwrittenResults unwritten, TokenCache cache, FlightCount inFlight, DatabaseTimeline timeline, DatabaseOwnership ownership, WorkerIdentity worker, RefreshClock clock, ILogger<DemandRefreshes> logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    // An open intent of that age there is not.
    private static readonly TimeSpan NotNow = TimeSpan.FromDays(3650);

    private readonly ConcurrentDictionary<ConnectionId, Lazy<Task<FlightResult>>> _flights = new();

    /// <summary>Joins the connection's flight, or starts it.</summary>
    public Task<FlightResult> JoinAsync(CachedConnection seen, FlightPlan plan)
    {
        ArgumentNullException.ThrowIfNull(seen);
        var flight = _flights.GetOrAdd(seen.Id, id => new Lazy<Task<FlightResult>>(() => Task.Run(() => FlyAsync(seen, plan))));
        return flight.Value;
    }

    // Counted until its result is read back, so that who waits has it before a stopping process closes its store.
    private async Task<FlightResult> FlyAsync(CachedConnection seen, FlightPlan plan)
    {
        if (inFlight.TryWait() is not { } waiting)
        {
            _flights.TryRemove(seen.Id, out _);
            return new FlightResult(seen, TokenErrors.InProgress(seen.Id));
        }

        try
        {
            var result = await TryAsync(seen, plan).ConfigureAwait(false);

            // Who waits need not come back for the token before it.
            return HasFallenBack(seen, result) ? await TryAsync(result.Connection!, plan).ConfigureAwait(false) : result;
        }
        catch (StoreException e) when (e.IsAnotherTimeline)
        {
            timeline.Suspect();
            return new FlightResult(seen, TokenErrors.FailingOver());
        }
        catch (StoreException e)
        {
            return new FlightResult(seen, TokenErrors.StoreUnavailable(e.Message));
        }
        catch (Exception e)
        {
            logger.RefreshBroke(e, seen.Id.ToString());
            return new FlightResult(seen, TokenErrors.InProgress(seen.Id));
        }
        finally
        {
            _flights.TryRemove(seen.Id, out _);
            inFlight.Leave(waiting);
        }
    }

    private async Task<FlightResult> TryAsync(CachedConnection seen, FlightPlan plan)
    {
        var standing = timeline.Standing;
        var entry = await directory.FindAsync(seen.Connection.IntegrationId, CancellationToken.None).ConfigureAwait(false);
        if (Obstacle(seen, entry, plan, standing) is { } obstacle)
        {
            return new FlightResult(seen, obstacle);
        }

        if (!await skew.IsTolerableAsync(CancellationToken.None).ConfigureAwait(false))
        {
            return new FlightResult(seen, TokenErrors.ClockSkewed(seen.Id));
        }

        var integration = entry!.Integration;
        var permit = await budget.TakeOnDemandAsync(integration, CancellationToken.None).ConfigureAwait(false);
        if (permit.Count == 0)
        {
            return new FlightResult(seen, TokenErrors.BudgetExhausted(seen.Id, integration));
        }

        if (!await gate.EnterAsync(entry, clock.Now).ConfigureAwait(false))
        {
            await budget.ReturnAsync(integration, permit, CancellationToken.None).ConfigureAwait(false);
            return new FlightResult(seen, ErrorOf(seen));
        }

        var asked = clock.Time.GetTimestamp();
        var stamp = cache.Stamp;
        var terms = new LeaseTerms(
            worker.InstanceId, clock.Now, clock.Options.Lease, Guid.CreateVersion7(clock.Now), standing.Timeline, DespiteVerdict: plan.Force);
        var (wait, others) = IntentWait(entry, seen.Id);
        var answer = default(ClaimAnswer);
        try
        {
            answer = await store.ClaimOneAsync(
                seen.Id, seen.Snapshot.Tokens!.Version, terms, others > TimeSpan.Zero ? NotNow : wait, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            if (answer is not ClaimAnswer.Taken)
            {
                await budget.ReturnAsync(integration, permit, CancellationToken.None).ConfigureAwait(false);
            }
        }

        if (answer is ClaimAnswer.Taken taken)
        {
            return await RefreshAsync(new LeasedRefresh(taken.Claim, asked, clock.Options.Lease, permit), integration, plan).ConfigureAwait(false);
        }

        return answer switch
        {
            ClaimAnswer.Moved { Snapshot.IsLeftOut: true } moved => new FlightResult(cache.Put(moved.Snapshot, stamp), TokenErrors.LeftOut(moved.Snapshot.Connection)),
            ClaimAnswer.Moved moved => Moved(cache.Put(moved.Snapshot, stamp)),
            ClaimAnswer.Held held => await WaitForHolderAsync(seen, held).ConfigureAwait(false),
            ClaimAnswer.InDoubt doubt => new FlightResult(seen, TokenErrors.InProgress(seen.Id, others > TimeSpan.Zero ? others : doubt.SettlesAt - clock.Now)),
            _ => new FlightResult(seen, TokenErrors.UnknownConnection(seen.Id)),
        };
    }

    // How long an open intent of this connection waits, and how long from now on besides: what this process knows is written soon, and what
    // others may know when they have had the time.
    private (TimeSpan Wait, TimeSpan Others) IntentWait(IntegrationEntry entry, ConnectionId id)
    {
        var wait = heartbeat.IntentWait(entry);
        return (wait, unwritten.IsOf(id) ? CommitQueue.LongestRetry : wait > TimeSpan.Zero ? absence.Remaining : TimeSpan.Zero);
    }

    private static bool HasFallenBack(CachedConnection seen, FlightResult result) =>
        result is { Error: not null, Connection.Snapshot.Tokens.Fallback: Fallback.InUse } && seen.Snapshot.Tokens?.Fallback is null;

    private TokenError? Obstacle(CachedConnection seen, IntegrationEntry? entry, FlightPlan plan, TimelineStanding standing)
    {
        var connection = seen.Connection;
        if (TokenErrors.OfStatus(connection) is { } status)
        {
            return status;
        }

        if (ownership.Freeze is { } freeze)
        {
            return TokenErrors.Frozen(connection, freeze);
        }

        if (seen.Snapshot.IsLeftOut)
        {
            return TokenErrors.LeftOut(connection);
        }

        if (seen.Snapshot.Tokens is not { } tokens || entry is null)
        {
            return TokenErrors.UnknownConnection(seen.Id);
        }

        if (TokenErrors.OfIntegration(connection, entry, clock.Now) is { } closed && !entry.MayProbe(clock.Now) && !IsOrderedProbe(entry, plan))
        {
            return closed;
        }

        if (tokens.RefreshToken is null && entry.Provider!.Requests.RefreshKind == RefreshKind.RefreshToken)
        {
            return TokenErrors.NotRefreshable(connection);
        }

        if (seen.Snapshot.VerdictHeld && !plan.Force)
        {
            return TokenErrors.VerdictHeld(connection, entry.Integration);
        }

        if (gate.Refusal(entry, standing) is { } refusal)
        {
            return refusal;
        }

        return !plan.Force && connection.NextRetryAt > clock.Now && !MayJump(connection, tokens) ? TokenErrors.OfLastFailure(connection, clock.Now) : null;
    }

    // An operator who orders a refresh while the provider is away wants to see whether it still is.
    private static bool IsOrderedProbe(IntegrationEntry entry, FlightPlan plan) => plan.Force && entry.Integration.State == IntegrationState.Unavailable;

    // A caller of an expired token may jump the back-off once per cool-down, which doubles with each failure; a pause that
    // the provider asked for is never jumped (DESIGN §4).
    private bool MayJump(Connection connection, TokenSet tokens)
    {
        if (tokens.ExpiresAt is not { } end || end > clock.Now
            || TokenErrors.ClassOfLastFailure(connection) == RefreshClass.RateLimited)
        {
            return false;
        }

        var failures = Math.Clamp(connection.ConsecutiveTransientFailures + connection.ConsecutiveFailures, 1, 16);
        var cooldown = clock.Options.DemandCooldown * Math.Pow(2, failures - 1);
        return connection.LastFailureAt is not { } last || clock.Now - last >= cooldown;
    }

    private async Task<FlightResult> RefreshAsync(LeasedRefresh leased, Integration integration, FlightPlan plan)
    {
        var outcome = await engine.RefreshAsync(leased, plan.Source, plan.Capture).ConfigureAwait(false);
        if (outcome is RefreshOutcome.NotSent)
        {
            await budget.ReturnAsync(integration, leased.Permit, CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            // Somebody waits for the token: the count is written without them.
            var success = outcome is RefreshOutcome.Refreshed ? 1 : 0;
            _ = budget.RecordAsync(integration, success, 1 - success);
        }

        return await ReadBackAsync(leased.Claim.Connection.Id, outcome).ConfigureAwait(false);
    }

    private FlightResult Moved(CachedConnection now) => new(now, now.Snapshot.VerdictHeld ? ErrorOf(now) : null);

    // What was committed is read back rather than assumed (F05).
    private async Task<FlightResult> ReadBackAsync(ConnectionId id, RefreshOutcome outcome)
    {
        if (outcome is RefreshOutcome.Refreshed { IsJournalled: true, Attempt: var kept } && cache.FindLast(id) is { } served)
        {
            // There is no database to read it back from.
            return new FlightResult(served, null, kept);
        }

        var stamp = cache.Stamp;
        if (await connections.GetAsync(id, CancellationToken.None).ConfigureAwait(false) is not { } snapshot)
        {
            return new FlightResult(null, TokenErrors.UnknownConnection(id));
        }

        var fresh = cache.Put(snapshot, stamp);
        var attempt = outcome switch
        {
            RefreshOutcome.Refreshed r => r.Attempt,
            RefreshOutcome.Failed f => f.Attempt,
            RefreshOutcome.Superseded s => s.Attempt,
            _ => null,
        };
        return outcome is RefreshOutcome.Failed ? new FlightResult(fresh, ErrorOf(fresh), attempt)
            : outcome is RefreshOutcome.NotSent ? new FlightResult(fresh, TokenErrors.InProgress(id))
            : new FlightResult(fresh, null, attempt);
    }

    private TokenError ErrorOf(CachedConnection connection)
    {
        var entry = directory.TryFind(connection.Connection.IntegrationId);
        return TokenErrors.OfStatus(connection.Connection)
            ?? (entry is not null && connection.Snapshot.VerdictHeld ? TokenErrors.VerdictHeld(connection.Connection, entry.Integration) : null)
            ?? (entry is null ? null : TokenErrors.OfIntegration(connection.Connection, entry, clock.Now))
            ?? TokenErrors.OfLastFailure(connection.Connection, clock.Now);
    }

    private async Task<FlightResult> WaitForHolderAsync(CachedConnection seen, ClaimAnswer.Held held)
    {
        // The lease's end is on the store's clock; a second more than it could last is long enough on any.
        var until = clock.Now + clock.Options.Lease + clock.Options.SkewBound;
        while (clock.Now < until)
        {
            var changed = cache.NextChange(seen.Id);
            await Task.WhenAny(changed, Task.Delay(Poll, clock.Time)).ConfigureAwait(false);
            var stamp = cache.Stamp;
            if (await connections.GetAsync(seen.Id, CancellationToken.None).ConfigureAwait(false) is not { } now)
            {
                return new FlightResult(null, TokenErrors.UnknownConnection(seen.Id));
            }

            if (now.Tokens?.Version != seen.Snapshot.Tokens!.Version)
            {
                return new FlightResult(cache.Put(now, stamp), null);
            }

            if (now.LeaseUntil is null || now.LeaseUntil > held.LeaseUntil)
            {
                var fresh = cache.Put(now, stamp);
                return new FlightResult(fresh, now.LeaseUntil is null ? ErrorOf(fresh) : TokenErrors.InProgress(seen.Id));
            }
        }

        return new FlightResult(seen, TokenErrors.InProgress(seen.Id));
    }
}

/// <summary>Why a flight starts.</summary>
/// <param name="Source">Who asked.</param>
/// <param name="Force">Back-off does not hold it up: an operator's order.</param>
/// <param name="Capture">Record everything (D3).</param>
internal readonly record struct FlightPlan(RefreshSource Source, bool Force = false, bool Capture = false);

/// <summary>How a flight ended.</summary>
/// <param name="Connection">The connection as it is now; null: gone.</param>
/// <param name="Error">Why there is no new token; null: there is one.</param>
/// <param name="Attempt">The attempt that this process made; null: somebody else's, or none.</param>
internal sealed record FlightResult(CachedConnection? Connection, TokenError? Error, Attempts.Attempt? Attempt = null);
