using System.Text;
using System.Text.RegularExpressions;

namespace Rekindle.Attempts;

/// <summary>Makes a provider's free text fit to be stored and shown: scrubbed, on one line, without control characters, bounded.</summary>
internal static partial class ProviderText
{
    public const int MaxLength = 500;
    private const int MaxRead = 8 * 1024;

    // One less than what Opaque takes for a token.
    private const int LongestWord = 39;

    /// <summary>Cleans a text; null when nothing is left of it.</summary>
    public static string? Clean(string? text, SecretScrubber scrubber, int maxLength = MaxLength)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // Scrubbed before it is cut: half a secret at the cut would not be recognised.
        var scrubbed = scrubber.Scrub(text.Length <= MaxRead ? text : text[..MaxRead]);
        if (scrubbed.Length <= Math.Min(maxLength, LongestWord) && IsPlain(scrubbed))
        {
            return scrubbed;
        }

        var line = OnOneLine(Opaque().Replace(scrubbed, static match => $"<{match.Length} characters>"));
        return line.Length == 0 ? null : Cut(line, maxLength);
    }

    // Printable words with single spaces between them: nothing of the below would change it.
    private static bool IsPlain(string text)
    {
        var before = ' ';
        foreach (var character in text)
        {
            if (character is < ' ' or > '~' || (character == ' ' && before == ' '))
            {
                return false;
            }

            before = character;
        }

        return before != ' ';
    }

    private static string OnOneLine(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, MaxRead));
        foreach (var character in text)
        {
            if (!char.IsControl(character) && !char.IsWhiteSpace(character) && !char.IsSurrogate(character))
            {
                line.Append(character);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.ToString().TrimEnd();
    }

    private static string Cut(string line, int maxLength) => line.Length <= maxLength ? line : line[..(maxLength - 1)] + "…";

    /// <summary>A long run without spaces is no word: a token of somebody's, also one this exchange knows nothing of.</summary>
    [GeneratedRegex(@"[^\s/""'<>(),;?&]{40,}", RegexOptions.CultureInvariant)]
    private static partial Regex Opaque();
}
