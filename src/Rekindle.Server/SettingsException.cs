namespace Rekindle.Server;

/// <summary>Settings that cannot be worked with.</summary>
public sealed class SettingsException(IReadOnlyList<string> mistakes)
    : Exception($"The settings have {(mistakes.Count == 1 ? "a mistake" : $"{mistakes.Count} mistakes")}:\n{string.Join('\n', mistakes.Select(m => "  " + m))}")
{
    /// <summary>Every mistake.</summary>
    public IReadOnlyList<string> Mistakes { get; } = mistakes;
}
