using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>The ladder of soft failures (A6): base, doubled three times, then the ceiling; each ± 20 %.</summary>
internal static class Backoff
{
    private const int Rungs = 4;
    private const double Spread = 0.20;

    /// <summary>Wait after the <paramref name="failure"/>th failure in a row, from 1. A provider's wish only lengthens it.</summary>
    public static TimeSpan Delay(int failure, IntegrationPolicy policy, TimeSpan? retryAfter, Random random)
    {
        var delay = Base(failure, policy) * (1 - Spread + (2 * Spread * random.NextDouble()));
        return retryAfter > delay ? retryAfter.Value : delay;
    }

    /// <summary>The wait before jitter.</summary>
    public static TimeSpan Base(int failure, IntegrationPolicy policy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failure, 1);
        if (failure > Rungs)
        {
            return policy.BackoffCeiling;
        }

        var rung = policy.BackoffBase * Math.Pow(2, failure - 1);
        return rung < policy.BackoffCeiling ? rung : policy.BackoffCeiling;
    }
}
