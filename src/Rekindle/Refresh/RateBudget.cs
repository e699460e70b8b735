using System.Collections.Concurrent;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Permits to send (A5). A hard budget keeps a fifth for callers of expired tokens. A soft one, the default, smooths: the
/// schedule stays at the base rate until the head of its queue has waited too long, then gives way, up to twenty times.
/// A provider that throttled within the last window makes a soft budget hard. Giving way is paced, so that what piled up during
/// an outage or a halt is worked off evenly and not in a storm (F92).
/// </summary>
/// <remarks>
/// What must not be exceeded is what is sent, and permits are taken before. A hard budget is therefore counted over its window and a
/// little more, and its permits may only be used within that little: so any window of sends lies within one of permits.
/// </remarks>
internal sealed class RateBudget(IBudgetStore store, TimeProvider time)
{
    /// <summary>How far a soft budget gives way.</summary>
    public const int SoftFactor = 20;

    private const double DemandReserve = 0.20;
    private static readonly TimeSpan PaceBurst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestSmoothing = TimeSpan.FromMinutes(1);
    private const double SmoothingShareOfMargin = 0.10;

    private static readonly TimeSpan ShortestUse = TimeSpan.FromSeconds(2);
    private const int UseShareOfWindow = 60;

    private readonly BudgetStatistics _statistics = new(store, time);
    private readonly ConcurrentDictionary<int, Pace> _paces = new();

    /// <summary>Takes permits for the schedule.</summary>
    /// <param name="integration">Whose budget.</param>
    /// <param name="wanted">How many.</param>
    /// <param name="head">The connection that is due first.</param>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    public async Task<Permits> TakeScheduledAsync(
        Integration integration, int wanted, QueueHead head, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(integration);
        ArgumentNullException.ThrowIfNull(head);
        var policy = integration.Policy;
        var gives = !IsHard(integration) && time.GetUtcNow() - head.DueAt >= Patience(head);
        var ceiling = gives ? policy.BudgetAt(time.GetUtcNow()) * SoftFactor
            : IsHard(integration) ? (int)(policy.BudgetAt(time.GetUtcNow()) * (1 - DemandReserve))
            : policy.BudgetAt(time.GetUtcNow());
        if (!gives)
        {
            return await TakeAsync(integration, wanted, Math.Max(1, ceiling), cancellationToken).ConfigureAwait(false);
        }

        var pace = _paces.GetOrAdd(integration.Id, static _ => new Pace());
        var rate = ceiling / policy.BudgetWindow.TotalSeconds;
        var allowed = pace.Take(wanted, rate, Math.Max(1, rate * PaceBurst.TotalSeconds), time);
        var taken = allowed == 0 ? default : await TakeAsync(integration, allowed, ceiling, cancellationToken).ConfigureAwait(false);
        pace.Return(allowed - taken.Count);
        return taken;
    }

    /// <summary>Takes one permit for a caller; none: the budget is exhausted.</summary>
    public Task<Permits> TakeOnDemandAsync(Integration integration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(integration);
        var ceiling = IsHard(integration) ? integration.Policy.BudgetAt(time.GetUtcNow()) : integration.Policy.BudgetAt(time.GetUtcNow()) * SoftFactor;
        return TakeAsync(integration, 1, ceiling, cancellationToken);
    }

    /// <summary>
    /// Gives back permits under which nothing was sent, to where they were taken from. A store that is away is no error here, nor
    /// in <see cref="RecordAsync"/>: permits age out, and neither a lease nor a token may be lost over the count.
    /// </summary>
    public async Task ReturnAsync(Integration integration, Permits unused, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(integration);
        if (unused.Count > 0)
        {
            _paces.GetValueOrDefault(integration.Id)?.Return(unused.Count);
            await TryAsync(store.ReturnAsync(integration.Id, unused.Count, unused.Window, unused.TakenAt, cancellationToken))
                .ConfigureAwait(false);
        }
    }

    /// <summary>Adds outcomes to the statistics.</summary>
    public Task RecordAsync(Integration integration, int successful, int failed)
    {
        ArgumentNullException.ThrowIfNull(integration);
        return _statistics.AddAsync(new(integration.Id, integration.Policy.BudgetWindow, successful, failed));
    }

    /// <summary>The statistics object <c>rate_limit_budget</c> of A5.</summary>
    public async Task<BudgetView> ReadAsync(Integration integration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(integration);
        var policy = integration.Policy;
        var use = await store.ReadAsync(integration.Id, policy.BudgetWindow, time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        return new BudgetView(
            use.Taken, use.Successful, use.Failed, Math.Max(0, policy.BudgetAt(time.GetUtcNow()) - use.Taken), policy.BudgetAt(time.GetUtcNow()), policy.BudgetWindow.TotalSeconds);
    }

    // A token that has ended waits for nobody's smoothing.
    private static TimeSpan Patience(QueueHead head)
    {
        var share = (head.EndsAt - head.DueAt ?? TimeSpan.Zero) * SmoothingShareOfMargin;
        return share < LongestSmoothing ? share : LongestSmoothing;
    }

    private static async Task TryAsync(Task count)
    {
        try
        {
            await count.ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Said above: the count is not worth a lease or a token.
        }
    }

    private bool IsHard(Integration integration) =>
        integration.Policy.BudgetHard || integration.ThrottledUntil > time.GetUtcNow() - integration.Policy.BudgetWindow;

    private async Task<Permits> TakeAsync(Integration integration, int wanted, int ceiling, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var window = integration.Policy.BudgetWindow;
        var use = IsHard(integration) ? Longer(window / UseShareOfWindow, ShortestUse) : (TimeSpan?)null;
        window += use ?? TimeSpan.Zero;
        var taken = await store.TakeAsync(integration.Id, wanted, ceiling, window, now, cancellationToken).ConfigureAwait(false);
        return new(taken, now, window, now + use);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>A token bucket: what flows in per second, and how much it holds.</summary>
    private sealed class Pace
    {
        private readonly Lock _bucket = new();
        private double _level = double.MaxValue;
        private long _filledAt;

        public int Take(int wanted, double perSecond, double capacity, TimeProvider time)
        {
            lock (_bucket)
            {
                var now = time.GetTimestamp();
                _level = Math.Min(capacity, _level + (perSecond * time.GetElapsedTime(_filledAt, now).TotalSeconds));
                _filledAt = now;
                var taken = (int)Math.Min(wanted, _level);
                _level -= taken;
                return taken;
            }
        }

        public void Return(int unused)
        {
            lock (_bucket)
            {
                _level += unused;
            }
        }
    }
}

/// <summary>Permits of one integration.</summary>
/// <param name="Count">How many.</param>
/// <param name="TakenAt">When they were taken: given back later, they must not make room for what was sent since.</param>
/// <param name="Window">The window they were counted over.</param>
/// <param name="UsableUntil">Until when they may be used; null: as long as the lease lasts.</param>
internal readonly record struct Permits(int Count, DateTimeOffset TakenAt, TimeSpan Window = default, DateTimeOffset? UsableUntil = null);

/// <summary>A budget's statistics over its window (A5).</summary>
/// <param name="TotalAttempts">Permits taken.</param>
/// <param name="Successful">Refreshes that brought a token.</param>
/// <param name="Failed">Refreshes that did not.</param>
/// <param name="RemainingBudget">Permits left at the base rate.</param>
/// <param name="MaxRequests">The base rate.</param>
/// <param name="WindowSeconds">Length of the window.</param>
public sealed record BudgetView(int TotalAttempts, int Successful, int Failed, int RemainingBudget, int MaxRequests, double WindowSeconds);
