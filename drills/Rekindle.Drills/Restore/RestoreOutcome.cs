namespace Rekindle.Drills.Restore;

/// <summary>What one scenario showed on one store.</summary>
/// <param name="Store">Store.</param>
/// <param name="Scenario">Scenario.</param>
/// <param name="Checks">What was promised, in the order in which it was looked at, and whether it held.</param>
/// <param name="Callers">What the callers of its connections saw.</param>
/// <param name="Took">How long it took.</param>
internal sealed record RestoreOutcome(
    DrillStore Store, RestoreScenario Scenario, IReadOnlyList<RestoreCheck> Checks, IReadOnlyList<CallerRecord> Callers, TimeSpan Took)
{
    public bool IsAsPromised => Checks.Count > 0 && Checks.All(c => c.Holds);
}

/// <summary>One promise.</summary>
/// <param name="Said">What was found, in a few words.</param>
/// <param name="Holds">Whether it is what was promised.</param>
internal sealed record RestoreCheck(string Said, bool Holds);
