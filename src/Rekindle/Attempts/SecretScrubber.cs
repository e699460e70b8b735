using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rekindle.Encryption;

namespace Rekindle.Attempts;

/// <summary>
/// Takes every secret of one exchange out of a text, in each form in which it could come back: raw, URL-encoded, base64
/// (inside a longer value it has three alignments), JSON-escaped (I13, F88). It comes after the allow-list, not instead.
/// </summary>
internal sealed partial class SecretScrubber
{
    /// <summary>Shorter ones would be found in ordinary words; they hold nothing worth hiding.</summary>
    private const int MinLength = 4;

    /// <summary>Fewer base64 characters than this are met by chance.</summary>
    private const int MinEncodedLength = 8;

    private readonly List<string> _plain = [];
    private readonly List<string> _forms = [];

    public SecretScrubber(IEnumerable<Secret?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret?.Reveal() is { Length: >= MinLength } value && !_plain.Contains(value))
            {
                _plain.Add(value);
                AddForms(value);
            }
        }

        // Longest first, so that no form leaves a tail of another behind.
        _forms.Sort(static (one, other) => other.Length.CompareTo(one.Length));
    }

    public string Scrub(string text)
    {
        foreach (var form in _forms)
        {
            if (text.Contains(form, StringComparison.Ordinal))
            {
                text = text.Replace(form, "<secret>", StringComparison.Ordinal);
            }
        }

        return HidesSecret(text) ? "<withheld: it held a secret>" : text;
    }

    /// <summary>Odd mixtures (half escaped, escaped twice) are not rebuilt form by form: what decodes to a secret goes as a whole.</summary>
    private bool HidesSecret(string text)
    {
        var decoded = text;
        for (var round = 0; round < 3; round++)
        {
            var next = JsonUnescape(Uri.UnescapeDataString(decoded));
            if (next == decoded)
            {
                return false;
            }

            decoded = next;
            var spaced = decoded.Replace('+', ' ');
            if (_plain.Exists(secret => decoded.Contains(secret, StringComparison.Ordinal) || spaced.Contains(secret, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    private void AddForms(string value)
    {
        Add(value);
        var escaped = Uri.EscapeDataString(value);
        Add(escaped);
        Add(escaped.Replace("%20", "+", StringComparison.Ordinal));
        Add(LowerHex().Replace(escaped, static match => match.Value.ToLowerInvariant()));
        Add(JsonEncodedText.Encode(value, JavaScriptEncoder.Default).ToString());
        Add(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString());
        Add(value.Replace("/", "\\/", StringComparison.Ordinal));
        var bytes = Encoding.UTF8.GetBytes(value);
        for (var offset = 0; offset < 3; offset++)
        {
            var inner = Base64At(bytes, offset);
            if (inner.Length >= MinEncodedLength)
            {
                Add(inner);
                Add(inner.Replace('+', '-').Replace('/', '_'));
                Add(Uri.EscapeDataString(inner));
            }
        }
    }

    private void Add(string form)
    {
        if (!_forms.Contains(form))
        {
            _forms.Add(form);
        }
    }

    /// <summary>The characters of a base64 text that only these bytes decide, when they begin at this offset in a group of three.</summary>
    private static string Base64At(byte[] bytes, int offset)
    {
        var padded = new byte[offset + bytes.Length];
        bytes.CopyTo(padded, offset);
        var first = (offset * 8 + 5) / 6;
        var last = padded.Length * 8 / 6;
        return Convert.ToBase64String(padded)[first..last];
    }

    private static string JsonUnescape(string text) => text.Contains('\\', StringComparison.Ordinal)
        ? JsonEscape().Replace(text, static match => match.Groups[1].Success
            ? ((char)Convert.ToUInt16(match.Groups[1].Value, 16)).ToString()
            : match.Value[1..])
        : text;

    [GeneratedRegex("%[0-9A-F]{2}", RegexOptions.CultureInvariant)]
    private static partial Regex LowerHex();

    [GeneratedRegex(@"\\(?:u([0-9A-Fa-f]{4})|[""\\/])", RegexOptions.CultureInvariant)]
    private static partial Regex JsonEscape();
}
