using System.Text.Json;

namespace Rekindle.Storage;

/// <summary>Enumerations as the field's words: <c>NeedsReauthorization</c> is <c>needs_reauthorization</c> in SQL, JSON, console and logs.</summary>
public static class Names
{
    /// <summary>The snake_case word of a value.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => Table<T>.ToWord[value];

    /// <summary>The value of a word.</summary>
    /// <exception cref="FormatException">No value has that word; the message lists those that exist.</exception>
    public static T Parse<T>(string word)
        where T : struct, Enum => TryParse<T>(word, out var value)
        ? value
        : throw new FormatException($"'{word}' is not one of: {string.Join(", ", Table<T>.ToValue.Keys)}.");

    /// <summary>The value of a word, if one has it.</summary>
    public static bool TryParse<T>(string? word, out T value)
        where T : struct, Enum
    {
        value = default;
        return word is not null && Table<T>.ToValue.TryGetValue(word, out value);
    }

    /// <summary>All words of an enumeration, in its order.</summary>
    public static IEnumerable<string> All<T>()
        where T : struct, Enum => Enum.GetValues<T>().Select(Of);

    private static class Table<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ToWord =
            Enum.GetValues<T>().Distinct().ToDictionary(v => v, v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()));

        public static readonly Dictionary<string, T> ToValue = ToWord.ToDictionary(p => p.Value, p => p.Key, StringComparer.Ordinal);
    }
}
