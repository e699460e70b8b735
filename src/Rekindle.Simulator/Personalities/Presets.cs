using System.Collections.Frozen;

namespace Rekindle.Simulator.Personalities;

/// <summary>Named combinations of settings, drawn from what real providers do.</summary>
public static class Presets
{
    /// <summary>All of them by name.</summary>
    public static IReadOnlyDictionary<string, Personality> All { get; } = new Dictionary<string, Personality>
    {
        ["plain"] = new(),
        ["strict"] = new() { RefreshTokens = new() { RotateEvery = 1, ReuseEndsGrant = true } },
    }.ToFrozenDictionary();
}
