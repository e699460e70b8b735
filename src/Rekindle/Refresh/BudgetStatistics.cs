using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// Counts outcomes of all integrations with one write at a time: what ends while a write is under way makes the next one. A write
/// per refresh would be one hot row per integration, and as many waits for the disk as there are refreshes.
/// </summary>
internal sealed class BudgetStatistics(IBudgetStore store, TimeProvider time)
{
    private readonly Lock _waiting = new();
    private Dictionary<int, BudgetOutcomes> _next = [];
    private Task? _nextWrite;
    private Task _lastWrite = Task.CompletedTask;

    /// <summary>Completes when the outcomes are counted, or the store is away: the count is not worth a lease or a token.</summary>
    public Task AddAsync(BudgetOutcomes more)
    {
        lock (_waiting)
        {
            _next[more.IntegrationId] = _next.TryGetValue(more.IntegrationId, out var waiting)
                ? more with { Successful = more.Successful + waiting.Successful, Failed = more.Failed + waiting.Failed }
                : more;
            return _nextWrite ??= WriteAfterAsync(_lastWrite);
        }
    }

    private async Task WriteAfterAsync(Task before)
    {
        await Task.Yield();
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        IReadOnlyList<BudgetOutcomes> taken;
        lock (_waiting)
        {
            // Sorted, so that two workers take the rows in the same order.
            taken = [.. _next.Values.OrderBy(o => o.IntegrationId)];
            _next = [];
            (_lastWrite, _nextWrite) = (_nextWrite!, null);
        }

        try
        {
            await store.RecordAsync(taken, time.GetUtcNow(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException)
        {
            // Said above.
        }
    }
}
