using System.Buffers;
using System.Text;

namespace Rekindle.Postgres;

/// <summary>Texts as PostgreSQL takes them: it refuses NUL, and the driver refuses half a surrogate pair.</summary>
internal static class PostgresText
{
    private static readonly SearchValues<char> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0xD800, 0x800).Select(c => (char)c), '\0']);

    /// <summary>The text itself where nothing is wrong with it; else without NUL and with U+FFFD for broken pairs.</summary>
    public static string Clean(string text) => text.AsSpan().ContainsAny(Suspects) ? Repair(text) : text;

    private static string Repair(string text)
    {
        var repaired = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value != 0)
            {
                repaired.Append(rune.ToString());
            }
        }

        return repaired.ToString();
    }
}
