namespace Rekindle.Refresh;

/// <summary>What one round is about.</summary>
/// <param name="Source">Who asked.</param>
/// <param name="Environment">Only this environment; null: all.</param>
/// <param name="DueWithin">Per integration: rows due up to this much later count as due (C5); absent: none.</param>
internal sealed record HeartbeatScope(RefreshSource Source, string? Environment = null, IReadOnlyDictionary<int, TimeSpan>? DueWithin = null)
{
    /// <summary>The worker's own: everything, when it is due.</summary>
    public static HeartbeatScope Scheduled { get; } = new(RefreshSource.Scheduled);

    /// <summary>How far ahead to look for an integration.</summary>
    public TimeSpan HorizonOf(int integrationId) => DueWithin?.GetValueOrDefault(integrationId) ?? TimeSpan.Zero;
}
