using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>A lever pulled on every connection that a filter finds (A12).</summary>
/// <param name="Lever">Which, and what it takes.</param>
/// <param name="Filter">On what.</param>
/// <param name="Limit">On how many at most.</param>
/// <param name="DryRun">Only says what would be touched.</param>
public sealed record BatchOrder(LeverOrder Lever, ConnectionFilter Filter, int Limit, bool DryRun);

/// <summary>What a batch did.</summary>
/// <param name="Matched">How many connections the filter found before, counted up to <see cref="LeverBatch.CountCeiling"/>.</param>
/// <param name="Items">Those touched, or that would be, by id.</param>
public sealed record BatchResult(int Matched, IReadOnlyList<BatchItem> Items);

/// <summary>One connection of a batch.</summary>
/// <param name="Before">As it was.</param>
/// <param name="After">What the lever did; null in a dry run.</param>
/// <param name="Problem">Why the lever could not be pulled on it; null: it was.</param>
public sealed record BatchItem(ConnectionSnapshot Before, LeverResult? After, string? Problem);

/// <summary>Pulls levers by selector. One connection's trouble never stops the others (F28): each has its own result.</summary>
public sealed class LeverBatch(IConnectionStore connections, ConnectionLevers levers)
{
    /// <summary>Matches are counted no further than this.</summary>
    public const int CountCeiling = 100_000;

    // Levers that wait for a provider are worth overlapping; more would be a burst of its own.
    private const int AtOnce = 8;

    /// <summary>Runs an order. Cancelling stops between two connections; what was done stays done and is audited.</summary>
    public async Task<BatchResult> RunAsync(BatchOrder order, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(order);
        var matched = await connections.CountAsync(order.Filter, CountCeiling, cancellationToken).ConfigureAwait(false);
        var chosen = await connections.ListAsync(order.Filter, null, order.Limit, cancellationToken).ConfigureAwait(false);
        if (order.DryRun)
        {
            return new BatchResult(matched, [.. chosen.Select(c => new BatchItem(c, null, null))]);
        }

        var done = new BatchItem[chosen.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, chosen.Count, options, async (i, _) =>
        {
            // The lever itself is not cancelled half-way.
            done[i] = await PullAsync(chosen[i], order, actor).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return new BatchResult(matched, done);
    }

    private async Task<BatchItem> PullAsync(ConnectionSnapshot connection, BatchOrder order, string actor)
    {
        try
        {
            var result = await levers.PullAsync(connection.Connection.Id, order.Lever, actor, CancellationToken.None).ConfigureAwait(false);
            return new BatchItem(connection, result, result switch
            {
                { Refusal: { } refusal } => $"Refused: {Names.Of(refusal)}.",
                { Snapshot: null, Deleted: false } => "It is gone.",
                _ => null,
            });
        }
        catch (Exception e) when (e is StoreException or FrozenException)
        {
            return new BatchItem(connection, null, e.Message);
        }
    }
}
