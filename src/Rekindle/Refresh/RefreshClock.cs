namespace Rekindle.Refresh;

/// <summary>Time, chance and settings of the refresh path, together because every verdict needs all three.</summary>
internal sealed class RefreshClock(RefreshOptions options, TimeProvider time, Random random)
{
    public RefreshOptions Options { get; } = options;

    public TimeProvider Time { get; } = time;

    public Random Random { get; } = random;

    public DateTimeOffset Now => Time.GetUtcNow();
}
