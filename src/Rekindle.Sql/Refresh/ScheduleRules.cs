namespace Rekindle.Sql.Refresh;

/// <summary>Rules of the schedule that both databases follow.</summary>
internal static class ScheduleRules
{
    /// <summary>A connection that a caller used within this time goes before idle ones (A3).</summary>
    public static readonly TimeSpan RecentlyUsed = TimeSpan.FromDays(1);

    /// <summary>Uses are remembered to the hour: a busy connection costs one write an hour, not one a call.</summary>
    public static DateTimeOffset ToHour(DateTimeOffset instant) => new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    /// <summary>
    /// How many of a quota are kept for idle connections when there are some: a tenth, and at least one as soon as there is more than
    /// one to give. A single permit goes to whichever is due first, so idle ones age and do not starve.
    /// </summary>
    public static int IdleShare(int limit) => limit <= 1 ? 0 : Math.Max(1, limit / 10);
}
