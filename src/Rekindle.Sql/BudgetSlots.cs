namespace Rekindle.Sql;

/// <summary>
/// How a sliding window is counted: in slots of a sixtieth of it, with every slot that overlaps the window counted whole. So any
/// window that ends now holds at most what was counted, and a budget is never exceeded, only used up to a sixtieth too carefully.
/// </summary>
internal readonly record struct BudgetSlots(long Length, long Window)
{
    private const int SlotsPerWindow = 60;

    public static BudgetSlots Of(TimeSpan window)
    {
        var milliseconds = (long)window.TotalMilliseconds;
        return new(Math.Max(milliseconds / SlotsPerWindow, 1), milliseconds);
    }

    /// <summary>Start of the slot that holds an instant, in Unix milliseconds.</summary>
    public long SlotOf(DateTimeOffset instant)
    {
        var milliseconds = instant.ToUnixTimeMilliseconds();
        return milliseconds - (milliseconds % Length);
    }

    /// <summary>Start of the oldest slot that overlaps the window that ends now.</summary>
    public long FirstCounted(DateTimeOffset now) => SlotOf(now - TimeSpan.FromMilliseconds(Window));

    /// <summary>Slots that start before this are of no more use, even to a worker whose clock is behind.</summary>
    public long Forgotten(DateTimeOffset now) => FirstCounted(now) - Window;
}
