using Rekindle.Refresh;

namespace Rekindle.Connections;

/// <summary>A failure to simulate (A12).</summary>
/// <param name="Kind">Which: one of <see cref="Kinds"/>.</param>
/// <param name="Count">How often in a row, 1 to <see cref="MostCount"/>. Once a failure has ended the grant, no further one is simulated.</param>
/// <param name="RetryIn">When the next, real, try is; null: as the back-off has it. Only where one would follow.</param>
public sealed record SimulatedFailure(RefreshClass Kind, int Count = 1, TimeSpan? RetryIn = null)
{
    /// <summary>Most failures in a row.</summary>
    public const int MostCount = 100;

    /// <summary>The environment that real users live in: nothing is simulated there.</summary>
    public const string RefusedIn = "production";

    /// <summary>Longest wait for the next try.</summary>
    public static TimeSpan LongestRetry { get; } = TimeSpan.FromDays(1);

    /// <summary>What can be simulated: what happens to one connection and is not the integration's fault.</summary>
    public static IReadOnlyList<RefreshClass> Kinds { get; } =
    [
        RefreshClass.RateLimited, RefreshClass.ProviderUnavailable, RefreshClass.Network, RefreshClass.AuthAmbiguous, RefreshClass.GrantDead,
        RefreshClass.ConsentRequired, RefreshClass.InteractionRequired,
    ];

    /// <summary>Whether a failure of this kind is tried again by itself, so that <see cref="RetryIn"/> means something.</summary>
    public static bool IsRetried(RefreshClass kind) =>
        kind is RefreshClass.RateLimited or RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.AuthAmbiguous;
}
