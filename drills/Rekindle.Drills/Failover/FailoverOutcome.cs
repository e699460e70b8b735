namespace Rekindle.Drills.Failover;

/// <summary>What one failover did.</summary>
/// <param name="Journal">Whether there was a journal.</param>
/// <param name="Connections">How many connections there were.</param>
/// <param name="Forgotten">What the promoted replica had never heard of.</param>
/// <param name="Lost">Connections that could not be refreshed any more afterwards.</param>
/// <param name="Reused">Refresh tokens that the provider had used up and saw again.</param>
/// <param name="Settled">From the primary's death until every worker refreshed everything again.</param>
/// <param name="Callers">What the callers saw.</param>
internal sealed record FailoverOutcome(
    bool Journal, int Connections, Forgotten Forgotten, int Lost, int Reused, TimeSpan Settled, IReadOnlyList<CallerRecord> Callers)
{
    /// <summary>With a journal nothing may be lost; without one something has to be, or the drill shows nothing.</summary>
    public bool IsAsPromised => Forgotten.Refreshes > 0 && (Journal ? Lost == 0 && Reused == 0 : Lost > 0);
}
