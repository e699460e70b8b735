namespace Rekindle.Postgres.Refresh;

/// <summary>The two queues of an integration, each a range of the index that claims go by.</summary>
internal static class ClaimQueue
{
    /// <summary>Connections that callers used lately.</summary>
    public const int RecentlyUsed = 0;

    /// <summary>The others.</summary>
    public const int Idle = 1;

    /// <summary>The number of a queue, for <see cref="ScanBounds"/>.</summary>
    public static int Of(int integrationId, int priority) => (integrationId * 2) + priority;
}
