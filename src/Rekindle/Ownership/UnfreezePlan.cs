using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>What is at stake when a database is confirmed as this deployment's.</summary>
public sealed record UnfreezePlan
{
    /// <summary>Why it is frozen; null: it is not, and only what was left out before is sorted.</summary>
    public required Freeze? Freeze { get; init; }

    /// <summary>Who owns it, as it says.</summary>
    public required DatabaseOwner Owner { get; init; }

    /// <summary>Who would own it: this deployment, and where it meets the database.</summary>
    public required DatabasePlace Here { get; init; }

    /// <summary>Per integration; those without a connection that is refreshed are absent.</summary>
    public required IReadOnlyList<PlannedIntegration> Integrations { get; init; }
}

/// <summary>An integration's connections, sorted.</summary>
/// <param name="Environment">Environment.</param>
/// <param name="Key">Key of the integration.</param>
/// <param name="Classes">By class; absent classes have none.</param>
public sealed record PlannedIntegration(string Environment, string Key, IReadOnlyDictionary<UnfreezeClass, PlannedConnections> Classes);

/// <summary>Connections of one class.</summary>
/// <param name="Count">How many.</param>
/// <param name="LeftOut">Of those, how many are left out of refreshing as it is.</param>
/// <param name="FirstEnd">When the first of their access tokens ends; null: none does.</param>
/// <param name="LastEnd">When the last one ends.</param>
/// <param name="Samples">Some of them.</param>
public sealed record PlannedConnections(int Count, int LeftOut, DateTimeOffset? FirstEnd, DateTimeOffset? LastEnd, IReadOnlyList<ConnectionId> Samples);

/// <summary>What an unfreezing did.</summary>
/// <param name="Taken">How many connections are refreshed from now on that were not before.</param>
/// <param name="LeftOut">How many are left out, by class.</param>
public sealed record UnfreezeResult(int Taken, IReadOnlyDictionary<UnfreezeClass, int> LeftOut);
