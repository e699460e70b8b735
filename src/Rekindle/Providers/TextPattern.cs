using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Rekindle.Providers;

/// <summary>
/// The regular expressions of error rules. They run without backtracking, so no pattern and no answer can make matching
/// slow.
/// </summary>
internal static class TextPattern
{
    /// <summary>As many as a catalogue could ever hold; a runaway source of patterns costs time, not memory.</summary>
    private const int MaxCached = 4096;

    private static readonly ConcurrentDictionary<string, Regex?> Cache = new(StringComparer.Ordinal);

    /// <summary>Whether the pattern occurs in the text. A pattern that is not valid occurs nowhere; the catalogue refuses it at start.</summary>
    public static bool IsMatch(string pattern, string text)
    {
        var regex = Cache.TryGetValue(pattern, out var cached) ? cached : Remember(pattern);
        return regex is not null && regex.IsMatch(text);
    }

    private static Regex? Remember(string pattern)
    {
        Regex? regex = null;
        try
        {
            regex = new Regex(pattern, ErrorRuleRules.TextOptions);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
        }

        if (Cache.Count < MaxCached)
        {
            Cache.TryAdd(pattern, regex);
        }

        return regex;
    }
}
