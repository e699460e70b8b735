using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Refresh;

/// <summary>
/// One round of proactive refreshing (A1-A5): settle open intents, mark what has ended, look at the heads of the open
/// integrations' queues, take permits, claim no more than there are free slots, start. It never waits for a provider:
/// started refreshes run on, and their slots come back as they end.
/// </summary>
internal sealed class Heartbeat(
    IRefreshStore store, IntegrationDirectory directory, RateBudget budget, RefreshEngine engine, SendGate gate, ScheduleSweep sweep,
    DatabaseTimeline timeline, DatabaseOwnership ownership, ClockSkew skew, StoreAbsence absence, UnwrittenResults unwritten, RekindleMetrics metrics, MonitorPing ping, WorkerIdentity worker, RefreshClock clock, ILogger<Heartbeat> logger)
{
    private const int IntentBatch = 8;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    /// <summary>How soon to look again at connections that are due and could not be claimed.</summary>
    public static readonly TimeSpan BacklogLook = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, byte> _exhausted = new();
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    private DateTimeOffset _lastSweepAt;

    public SlotPool Slots { get; } = new(clock.Options.Slots);

    public CycleStatistics Statistics { get; } = new();

    /// <summary>
    /// Starts what may start now. Returns when to look again at the latest, be it for a connection or for the end of a pause; null: only
    /// the interval rules.
    /// </summary>
    public async Task<DateTimeOffset?> StartRoundAsync(HeartbeatScope scope, CancellationToken cancellationToken)
    {
        if (ownership.Freeze is not null)
        {
            // Tokens end all the same, and that must be seen; everything else waits for an operator (I14).
            await sweep.MarkEndedAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!await skew.IsTolerableAsync(cancellationToken).ConfigureAwait(false))
        {
            return clock.Now + BacklogLook;
        }

        // Read once: what it allows is claimed on the timeline that it names, or not at all.
        var standing = timeline.Standing;
        var entries = await directory.AllAsync(cancellationToken).ConfigureAwait(false);
        var open = new List<IntegrationEntry>(entries.Count);
        DateTimeOffset? opens = null;
        foreach (var entry in entries.Where(e => scope.Environment is null || e.Integration.Environment == scope.Environment))
        {
            if (gate.Refusal(entry, standing) is { } refusal)
            {
                logger.IntegrationSkipped(entry.Integration.Key, refusal.Message);
                continue;
            }

            if (entry.IsOpen(clock.Now))
            {
                Slots.Open(entry.Integration.Id);
                open.Add(entry);
                continue;
            }

            Slots.Halt(entry.Integration.Id);
            if (entry.MayProbe(clock.Now))
            {
                open.Add(entry);
                continue;
            }

            opens = Earlier(opens, entry.OpensAt(clock.Now));
            logger.IntegrationSkipped(entry.Integration.Key, Names.Of(entry.Integration.State));
        }

        if (clock.Now - _lastSweepAt >= SweepInterval || scope.Source != RefreshSource.Scheduled)
        {
            _lastSweepAt = clock.Now;
            await sweep.RunAsync(cancellationToken).ConfigureAwait(false);
            await SettleOpenIntentsAsync(open, standing, cancellationToken).ConfigureAwait(false);
        }

        return Earlier(opens, await ClaimDueAsync(open, scope, standing, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Completes when everything started so far has ended.</summary>
    public Task DrainAsync() => Task.WhenAll(_running.Keys);

    /// <summary>Ends a cycle: reports it, and lets exhausted budgets be reported again.</summary>
    public async Task<CycleSummary> CompleteCycleAsync(CancellationToken cancellationToken)
    {
        var summary = Statistics.Take();
        _exhausted.Clear();
        metrics.CycleCompleted();
        ping.CycleCompleted();
        if (logger.IsEnabled(LogLevel.Information))
        {
            var budgets = new List<string>();
            foreach (var entry in await directory.AllAsync(cancellationToken).ConfigureAwait(false))
            {
                var view = await budget.ReadAsync(entry.Integration, cancellationToken).ConfigureAwait(false);
                budgets.Add($"{entry.Integration.Environment}/{entry.Integration.Key} {{ total_attempts: {view.TotalAttempts}, successful: {view.Successful}, "
                    + $"failed: {view.Failed}, remaining_budget: {view.RemainingBudget}, max_requests: {view.MaxRequests}, window_seconds: {view.WindowSeconds} }}");
            }

            logger.CycleComplete(summary.Claimed, summary.Refreshed, summary.FailedText, summary.Skipped, string.Join("; ", budgets));
        }

        return summary;
    }

    private async Task SettleOpenIntentsAsync(List<IntegrationEntry> open, TimelineStanding standing, CancellationToken cancellationToken)
    {
        var counts = await store.CountOpenIntentsAsync(clock.Now, cancellationToken).ConfigureAwait(false);
        foreach (var entry in open.Where(e => counts.ContainsKey(e.Integration.Id) && (absence.Remaining == TimeSpan.Zero || IntentWait(e) == TimeSpan.Zero)))
        {
            var integration = entry.Integration;
            var limit = Math.Min(Math.Min(IntentBatch, counts[integration.Id]), Slots.Free(integration.Id, integration.Policy.SlotsAt(clock.Now)));
            limit = Math.Min(limit, entry.MayProbe(clock.Now) ? 1 : limit);
            if (limit == 0)
            {
                continue;
            }

            var permits = await budget.TakeScheduledAsync(
                integration, limit, new QueueHead(DateTimeOffset.MinValue, null), cancellationToken).ConfigureAwait(false);
            if (permits.Count == 0)
            {
                continue;
            }

            var claims = await ClaimOpenIntentsAsync(entry, permits, standing, cancellationToken).ConfigureAwait(false);
            if (claims.Count > 0)
            {
                // Which connection was there to be tried is known only now; the probe counts as taken either way.
                await gate.EnterAsync(entry, clock.Now).ConfigureAwait(false);
            }
        }
    }

    private async Task<IReadOnlyList<Claim>> ClaimOpenIntentsAsync(
        IntegrationEntry entry, Permits permits, TimelineStanding standing, CancellationToken cancellationToken)
    {
        IReadOnlyList<Claim> claims = [];
        try
        {
            var asked = clock.Time.GetTimestamp();
            claims = await store.ClaimOpenIntentsAsync(
                new OpenIntentRequest(
                    worker.InstanceId, worker.Version, clock.Now, clock.Options.Lease, [new(entry.Integration.Id, IntentWait(entry), permits.Count)], standing.Timeline,
                    unwritten.Connections),
                cancellationToken).ConfigureAwait(false);
            foreach (var claim in claims)
            {
                logger.OpenIntentTaken(claim.Connection.Id.ToString(), claim.OpenIntents);
                Start(new LeasedRefresh(claim, asked, clock.Options.Lease, permits with { Count = 1 }), entry.Integration, RefreshSource.Scheduled);
            }

            return claims;
        }
        finally
        {
            await budget.ReturnAsync(entry.Integration, permits with { Count = permits.Count - claims.Count }, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>How long after a lease's end an open intent of this integration may be sent again (I3).</summary>
    public TimeSpan IntentWait(IntegrationEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);

        // The lost holder may have sent at the lease's very start, so the grace has to outlast the whole lease.
        return entry.Provider!.Lifecycle.EffectiveReuse.AllowsRepeat(clock.Options.Lease) ? TimeSpan.Zero : entry.Integration.Policy.InDoubtHold;
    }

    private async Task<DateTimeOffset?> ClaimDueAsync(
        List<IntegrationEntry> open, HeartbeatScope scope, TimelineStanding standing, CancellationToken cancellationToken)
    {
        var heads = await store.ReadQueueHeadsAsync([.. open.Select(e => e.Integration.Id)], cancellationToken).ConfigureAwait(false);
        var allotted = new Dictionary<int, (Integration Integration, Permits Permits)>();
        var left = clock.Options.MaxBatch > 0 ? clock.Options.MaxBatch : Slots.Total;
        left = Math.Min(left, Slots.Total - Slots.InFlight);

        foreach (var entry in open.Where(e => heads.TryGetValue(e.Integration.Id, out var h) && h.DueAt <= HorizonOf(e.Integration.Id, scope))
                     .OrderBy(e => heads[e.Integration.Id].DueAt))
        {
            var integration = entry.Integration;
            var limit = entry.MayProbe(clock.Now) ? 1 : Slots.Free(integration.Id, integration.Policy.SlotsAt(clock.Now));
            var wanted = Math.Min(limit, left);
            if (wanted == 0)
            {
                continue;
            }

            var permits = await budget.TakeScheduledAsync(integration, wanted, heads[integration.Id], cancellationToken).ConfigureAwait(false);
            if (permits.Count == 0)
            {
                ReportExhausted(integration);
                continue;
            }

            if (!await gate.EnterAsync(entry, clock.Now).ConfigureAwait(false))
            {
                await budget.ReturnAsync(integration, permits, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            left -= permits.Count;
            allotted[integration.Id] = (integration, permits);
        }

        // One horizon, one claim: the worker's own rounds have a single one, zero.
        foreach (var ofHorizon in allotted.GroupBy(a => scope.HorizonOf(a.Key)))
        {
            await ClaimAsync(ofHorizon.ToDictionary(), scope.Source, ofHorizon.Key, standing, cancellationToken).ConfigureAwait(false);
        }

        return NextLook(heads, scope, allotted.Keys);
    }

    private async Task ClaimAsync(
        Dictionary<int, (Integration Integration, Permits Permits)> allotted, RefreshSource source, TimeSpan dueWithin,
        TimelineStanding standing, CancellationToken cancellationToken)
    {
        var asked = clock.Time.GetTimestamp();
        var quotas = allotted.Select(a => new ClaimQuota(a.Key, a.Value.Permits.Count)).ToArray();
        IReadOnlyList<Claim> claims = [];
        try
        {
            claims = await store.ClaimDueAsync(
                new ClaimRequest(worker.InstanceId, clock.Now, clock.Options.Lease, quotas, dueWithin, standing.Timeline), cancellationToken).ConfigureAwait(false);

            // Before anything that can fail: a claim that is not started is an open intent for minutes.
            foreach (var claim in claims)
            {
                logger.Selected(claim.Connection.Id.ToString(), claim.Connection.Key.Integration, claim.DueAt);
                var (integration, permits) = allotted[claim.Connection.IntegrationId];
                Start(new LeasedRefresh(claim, asked, clock.Options.Lease, permits with { Count = 1 }), integration, source);
            }
        }
        finally
        {
            foreach (var (id, (integration, permits)) in allotted)
            {
                var unused = permits.Count - claims.Count(c => c.Connection.IntegrationId == id);
                await budget.ReturnAsync(integration, permits with { Count = unused }, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Start(LeasedRefresh leased, Integration integration, RefreshSource source)
    {
        Statistics.Claimed(1);
        Slots.Enter(integration.Id);
        var run = RunAsync(leased, integration, source);
        _running[run] = 0;
        _ = run.ContinueWith(t => _running.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task RunAsync(LeasedRefresh leased, Integration integration, RefreshSource source)
    {
        await Task.Yield();
        try
        {
            // The slot is free before the count is written: nobody's refresh waits for statistics.
            var outcome = await RunInSlotAsync(leased, integration, source).ConfigureAwait(false);
            Statistics.Ended(outcome);
            await SettleBudgetAsync(integration, leased.Permit, outcome).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.RefreshBroke(e, leased.Claim.Connection.Id.ToString());
        }
    }

    private async Task<RefreshOutcome> RunInSlotAsync(LeasedRefresh leased, Integration integration, RefreshSource source)
    {
        var outcome = default(RefreshOutcome);
        try
        {
            return outcome = await engine.RefreshAsync(leased, source).ConfigureAwait(false);
        }
        finally
        {
            Slots.Leave(integration.Id, outcome is RefreshOutcome.Refreshed);
        }
    }

    private async Task SettleBudgetAsync(Integration integration, Permits permit, RefreshOutcome outcome)
    {
        if (outcome is RefreshOutcome.NotSent)
        {
            await budget.ReturnAsync(integration, permit, CancellationToken.None).ConfigureAwait(false);
            return;
        }

        var success = outcome is RefreshOutcome.Refreshed ? 1 : 0;
        await budget.RecordAsync(integration, success, 1 - success).ConfigureAwait(false);
    }

    private void ReportExhausted(Integration integration)
    {
        Statistics.Skipped(1);
        if (_exhausted.TryAdd(integration.Id, 0))
        {
            logger.BudgetExhausted(integration.Key, integration.Policy.BudgetRequests, integration.Policy.BudgetWindow.TotalSeconds);
        }
    }

    private DateTimeOffset HorizonOf(int integrationId, HeartbeatScope scope) => clock.Now + scope.HorizonOf(integrationId);

    // What was claimed from has perhaps more: look again at once. What had no permits or no slot: soon.
    private DateTimeOffset? NextLook(IReadOnlyDictionary<int, QueueHead> heads, HeartbeatScope scope, IReadOnlyCollection<int> claimedFrom)
    {
        DateTimeOffset? next = null;
        foreach (var (id, head) in heads)
        {
            var at = claimedFrom.Contains(id) ? clock.Now : head.DueAt <= HorizonOf(id, scope) ? clock.Now + BacklogLook : head.DueAt;
            next = Earlier(next, at);
        }

        return next;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;
}
