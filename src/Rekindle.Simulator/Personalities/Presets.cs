using System.Collections.Frozen;

namespace Rekindle.Simulator.Personalities;

/// <summary>
/// Named combinations of settings, each with a <see cref="Personality.Summary"/>; docs/simulator.md lists them. A preset is a
/// starting point: <c>Presets.All["strict"] with { AccessTokenLifetime = … }</c>.
/// </summary>
public static class Presets
{
    /// <summary>All of them by name.</summary>
    public static IReadOnlyDictionary<string, Personality> All { get; } =
        RulePresets.All.Concat(ShapePresets.All).Concat(ProviderPresets.All).ToFrozenDictionary();
}
