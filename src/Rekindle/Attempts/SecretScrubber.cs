using System.Collections.Frozen;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rekindle.Encryption;
using Rekindle.Providers;

namespace Rekindle.Attempts;

/// <summary>
/// Takes every secret of one exchange out of a text, whole or in part, in each form in which it could come back: raw,
/// URL-encoded, base64 (inside a longer value it has three alignments), hexadecimal, JSON-escaped (I13, F88). It comes
/// after the allow-list, not instead of it.
/// </summary>
internal sealed partial class SecretScrubber
{
    /// <summary>Shorter ones would be found in ordinary words; they hold nothing worth hiding.</summary>
    private const int MinLength = 4;

    /// <summary>This many characters of a longer secret in a row are part of it, and not met by chance.</summary>
    internal const int Window = 12;

    private const string Redaction = "<secret>";

    /// <summary>What stands in everybody's requests and answers tells nothing of a secret, whatever the secret is.</summary>
    private static readonly FrozenSet<string> CommonWords = FrozenSet.Create(
        StringComparer.Ordinal, RequestDraft.UserAgent, "refresh_token", "authorization_code", "invalid_grant", "invalid_client", "invalid_request",
        "application/json", "application/json; charset=utf-8", "application/json; charset=UTF-8", "application/json;charset=utf-8",
        "application/json;charset=UTF-8", "application/x-www-form-urlencoded", "text/html; charset=utf-8", "text/html; charset=UTF-8", "no-cache, no-store");

    private readonly List<string> _plain = [];
    private SecretSieve? _sieve;
    private HashSet<string>? _forms;
    private HashSet<int>? _windows;

    public SecretScrubber(IEnumerable<Secret?> secrets)
    {
        foreach (var secret in secrets)
        {
            if (secret?.Reveal() is { Length: >= MinLength } value && !_plain.Contains(value))
            {
                _plain.Add(value);
            }
        }
    }

    /// <summary>Whether a word is a secret, holds one or is a piece of one: for values that are kept whole or not at all.</summary>
    public static bool Concerns(string word, Secret? secret) =>
        secret?.Reveal() is { Length: >= Window } value && word.Length >= Window
        && (value.Contains(word, StringComparison.Ordinal) || word.Contains(value, StringComparison.Ordinal));

    public string Scrub(string text)
    {
        if (text.Length < MinLength || _plain.Count == 0 || CommonWords.Contains(text) || (_sieve ??= new SecretSieve(_plain)).Clears(text))
        {
            return text;
        }

        foreach (var form in Forms)
        {
            if (form.Length < Window)
            {
                text = text.Replace(form, Redaction, StringComparison.Ordinal);
            }
        }

        text = ScrubParts(text);
        return HidesSecret(text) ? "<withheld: it held a secret>" : text;
    }

    private string ScrubParts(string text)
    {
        StringBuilder? scrubbed = null;
        var kept = 0;
        for (var at = 0; at + Window <= text.Length; at++)
        {
            if (!IsPart(text, at))
            {
                continue;
            }

            var end = at + Window;
            while (end < text.Length && IsPart(text, end - Window + 1))
            {
                end++;
            }

            scrubbed ??= new StringBuilder(text.Length);
            scrubbed.Append(text, kept, at - kept).Append(Redaction);
            kept = end;
            at = end - 1;
        }

        return scrubbed?.Append(text, kept, text.Length - kept).ToString() ?? text;
    }

    private bool IsPart(string text, int at) => Windows.Contains(HashAt(text, at));

    /// <summary>A hash for every place in every form: a text is gone through once, however many secrets there are.</summary>
    private HashSet<int> Windows => _windows ??= HashWindows();

    private HashSet<int> HashWindows()
    {
        var windows = new HashSet<int>(Forms.Sum(form => Math.Max(0, form.Length - Window + 1)));
        foreach (var form in Forms)
        {
            for (var at = 0; at + Window <= form.Length; at++)
            {
                windows.Add(HashAt(form, at));
            }
        }

        return windows;
    }

    private static int HashAt(string text, int at) => string.GetHashCode(text.AsSpan(at, Window), StringComparison.Ordinal);

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

    private HashSet<string> Forms => _forms ??= [.. _plain.SelectMany(FormsOf)];

    /// <summary>Every form that is looked for, of which some may be the same.</summary>
    internal static IEnumerable<string> FormsOf(string value) => AllFormsOf(value).Where(form => form.Length >= MinLength);

    private static IEnumerable<string> AllFormsOf(string value)
    {
        yield return value;
        var escaped = Uri.EscapeDataString(value);
        yield return escaped;
        yield return escaped.Replace("%20", "+", StringComparison.Ordinal);
        yield return EscapedByte().Replace(escaped, static match => match.Value.ToLowerInvariant());
        yield return JsonEncodedText.Encode(value, JavaScriptEncoder.Default).ToString();
        yield return JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString();
        yield return value.Replace("/", "\\/", StringComparison.Ordinal);
        var bytes = Encoding.UTF8.GetBytes(value);
        yield return Convert.ToHexString(bytes);
        yield return Convert.ToHexStringLower(bytes);
        for (var offset = 0; offset < 3; offset++)
        {
            var inner = Base64At(bytes, offset);
            yield return inner;
            yield return inner.Replace('+', '-').Replace('/', '_');
            yield return Uri.EscapeDataString(inner);
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
    private static partial Regex EscapedByte();

    [GeneratedRegex(@"\\(?:u([0-9A-Fa-f]{4})|[""\\/])", RegexOptions.CultureInvariant)]
    private static partial Regex JsonEscape();
}
