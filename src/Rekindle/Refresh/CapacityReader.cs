using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Demand against budget (A5): how many tokens fall due per window in the long run, from the lifetimes of those that are stored,
/// and whether the integration's budget holds that.
/// </summary>
public sealed class CapacityReader
{
    private const double WarnAt = 0.8;
    private const int MiddleJitter = 500;

    private readonly IRefreshStore _store;
    private readonly RateBudget _budget;
    private readonly RefreshClock _clock;

    internal CapacityReader(IRefreshStore store, RateBudget budget, RefreshClock clock)
    {
        _store = store;
        _budget = budget;
        _clock = clock;
    }

    /// <summary>Demand and budget of each integration.</summary>
    public async Task<IReadOnlyList<IntegrationCapacity>> ReadAsync(
        IReadOnlyCollection<IntegrationEntry> entries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var demand = await _store.ReadLifetimesAsync([.. entries.Select(e => e.Integration.Id)], cancellationToken).ConfigureAwait(false);
        var capacities = new List<IntegrationCapacity>(entries.Count);
        foreach (var entry in entries)
        {
            var groups = demand.Where(g => g.IntegrationId == entry.Integration.Id).ToArray();
            var use = await _budget.ReadAsync(entry.Integration, cancellationToken).ConfigureAwait(false);
            capacities.Add(Of(entry, groups, use));
        }

        return capacities;
    }

    /// <summary>Time from a token's issue to its refresh; null: it is never due by its lifetime.</summary>
    internal static TimeSpan? IntervalOf(TimeSpan? lifetime, IntegrationEntry entry, RefreshOptions options)
    {
        if (lifetime is not { } life || entry.Provider is not { } provider)
        {
            return null;
        }

        var start = DateTimeOffset.UnixEpoch;
        var due = RefreshSchedule.DueAt(new TokenLife(start, start + life, null, true), entry.Integration.Policy, provider, MiddleJitter);
        var floor = RefreshSchedule.Floor(life, options.RefreshFloor);
        return due - start is { } interval && interval > floor ? interval : floor;
    }

    private IntegrationCapacity Of(IntegrationEntry entry, LifetimeGroup[] groups, BudgetView use)
    {
        var window = entry.Integration.Policy.BudgetWindow;
        var perWindow = groups.Sum(g => IntervalOf(g.Lifetime, entry, _clock.Options) is { } interval && interval > TimeSpan.Zero ? g.Count * (window / interval) : 0);
        var utilisation = perWindow / use.MaxRequests;
        var state = utilisation > 1 ? CapacityState.Exceeded : utilisation > WarnAt ? CapacityState.Tight : CapacityState.Ok;
        return new IntegrationCapacity(entry, use, groups.Sum(g => g.Count), perWindow, utilisation, state, Advice(entry, state, perWindow, use));
    }

    private static string? Advice(IntegrationEntry entry, CapacityState state, double perWindow, BudgetView use)
    {
        var figures = $"{perWindow:0} tokens fall due per {use.WindowSeconds:0} s, and the budget is {use.MaxRequests} requests";
        return state switch
        {
            CapacityState.Ok => null,
            CapacityState.Tight => $"{figures}. Raise budget_requests as far as the provider allows before more accounts are connected.",
            _ when entry.Integration.Policy.BudgetHard =>
                $"{figures}, which is hard: tokens will end before their turn comes. Raise budget_requests as far as the provider allows, or make the budget soft.",
            _ => $"{figures}. The budget is soft and gives way, up to {RateBudget.SoftFactor} times; raise budget_requests to what the provider really allows.",
        };
    }
}

/// <summary>Demand and budget of one integration.</summary>
/// <param name="Entry">The integration.</param>
/// <param name="Budget">Statistics of the window that ends now.</param>
/// <param name="Refreshable">Connections that are refreshed.</param>
/// <param name="DuePerWindow">Tokens that fall due per window in the long run.</param>
/// <param name="Utilisation">That, divided by the budget.</param>
/// <param name="State">What it means.</param>
/// <param name="Advice">What to do; null: nothing.</param>
public sealed record IntegrationCapacity(
    IntegrationEntry Entry, BudgetView Budget, int Refreshable, double DuePerWindow, double Utilisation, CapacityState State, string? Advice);

/// <summary>How demand and budget stand to each other.</summary>
public enum CapacityState
{
    /// <summary>There is room.</summary>
    Ok,

    /// <summary>More than four fifths are used.</summary>
    Tight,

    /// <summary>Demand is higher than the budget.</summary>
    Exceeded,
}
