using Rekindle.Providers;

namespace Rekindle.Refresh;

/// <summary>
/// When a refresh is wanted (A2, I12): end of life − margin − jitter. Pure arithmetic. The jitter is drawn once per grant
/// and stored, so that a fleet connected in the same minute does not refresh in the same minute (F91).
/// </summary>
internal static class RefreshSchedule
{
    private const double MarginShare = 0.20;

    // Wide enough that 5,000 hourly tokens issued in the same minute fit through a soft budget of 100 per 600 s at its
    // twentyfold limit before the first of them ends: 5000 / (2000 / 600 s) = 25 min, of 18 min jitter + 10 min margin.
    private const double JitterShare = 0.30;
    private static readonly TimeSpan JitterCeiling = TimeSpan.FromHours(1);

    /// <summary>
    /// When to refresh; null: never. What ends first counts: access token,
    /// refresh token (F40), or the provider's patience with unused grants.
    /// </summary>
    public static DateTimeOffset? DueAt(TokenLife life, IntegrationPolicy policy, ProviderDefinition provider, int jitter)
    {
        if (provider.Requests.RefreshKind == RefreshKind.None || EndsAt(life, provider.Lifecycle) is not { } end)
        {
            return null;
        }

        var span = end - life.IssuedAt;
        if (span <= TimeSpan.Zero)
        {
            return life.IssuedAt;
        }

        var early = Margin(span, policy, provider) + (JitterRange(span) * (jitter / 1000d));
        if (provider.Lifecycle.EarliestRefresh is { } earliest && early > earliest.Value)
        {
            // The provider refuses, or hands back the same token, while more than this remains.
            early = earliest.Value * 0.9;
        }

        return end - early;
    }

    /// <summary>How long before the end a token has to be renewed at the latest.</summary>
    public static TimeSpan Margin(TimeSpan span, IntegrationPolicy policy, ProviderDefinition provider)
    {
        var share = span * MarginShare;

        // Where the access token itself is exchanged, its end is the end of the grant: ten minutes of outage must not cost it.
        return provider.Requests.RefreshKind == RefreshKind.AccessToken || share < policy.Margin ? share : policy.Margin;
    }

    /// <summary>Least time between two refreshes of one connection (DESIGN §4).</summary>
    public static TimeSpan Floor(TimeSpan? lifetime, TimeSpan floor) =>
        lifetime is { } life && life * MarginShare < floor ? life * MarginShare : floor;

    /// <summary>A random jitter to store with a grant: 0 to 999 thousandths of the range.</summary>
    public static int NewJitter(Random random) => random.Next(1000);

    private static TimeSpan JitterRange(TimeSpan span)
    {
        var share = span * JitterShare;
        return share < JitterCeiling ? share : JitterCeiling;
    }

    private static DateTimeOffset? EndsAt(TokenLife life, ProviderLifecycle lifecycle)
    {
        var end = life.ExpiresAt;
        if (life.HasRefreshToken)
        {
            end = Earlier(end, life.RefreshTokenExpiresAt);

            // An assumed limit counts too: refreshing sooner than needed harms nobody.
            end = Earlier(end, lifecycle.RefreshTokenInactivity is { } idle ? life.IssuedAt + idle.Value : null);
        }

        return end;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;
}

/// <summary>The instants that a due time is computed from.</summary>
internal readonly record struct TokenLife(
    DateTimeOffset IssuedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RefreshTokenExpiresAt, bool HasRefreshToken);
