using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Rekindle.Providers;

/// <summary>
/// The regular expressions of error rules. They run without backtracking, so no pattern and no answer can make matching
/// slow.
/// </summary>
internal static class TextPattern
{
    /// <summary>Linear time on whatever a provider sends.</summary>
    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    /// <summary>As many as a catalogue could ever hold; a runaway source of patterns costs time, not memory.</summary>
    private const int MaxCached = 4096;

    private static readonly ConcurrentDictionary<string, Compiled> Cache = new(StringComparer.Ordinal);

    /// <summary>Whether the pattern occurs in the text. A pattern that is not valid occurs nowhere; the catalogue refuses it at start.</summary>
    public static bool IsMatch(string pattern, string text) => Find(pattern).Regex?.IsMatch(text) == true;

    /// <summary>What is wrong with a pattern; null when nothing is.</summary>
    public static string? Problem(string pattern) => Find(pattern).Problem;

    private static Compiled Find(string pattern)
    {
        if (Cache.TryGetValue(pattern, out var cached))
        {
            return cached;
        }

        var compiled = Compile(pattern);
        if (Cache.Count < MaxCached)
        {
            Cache.TryAdd(pattern, compiled);
        }

        return compiled;
    }

    private static Compiled Compile(string pattern)
    {
        try
        {
            var regex = new Regex(pattern, Options);
            return new(regex, regex.IsMatch("") ? "matches an empty description and so every answer; write the words that matter." : null);
        }
        catch (RegexParseException broken)
        {
            return new(null, $"is not a regular expression: {broken.Error} at offset {broken.Offset}.");
        }
        catch (NotSupportedException)
        {
            return new(null, "uses look-around, back-references or similar, which are not supported here; plain words and alternatives are.");
        }
    }

    private sealed record Compiled(Regex? Regex, string? Problem);
}
