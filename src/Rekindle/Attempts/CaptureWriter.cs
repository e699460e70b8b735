using System.Text.Json;
using Rekindle.Encryption;

namespace Rekindle.Attempts;

/// <summary>
/// Writes named values of an exchange into its record: <c>{"name":…,"value":{"type":…,"value":…,"length":…,"prefix":…,"fingerprint":…}}</c>. The
/// value itself stands there only when its name is on the allow-list; a withheld text is told by length and keyed hash, a token also by its
/// first characters (D5).
/// </summary>
internal readonly struct CaptureWriter(RecordJson record, Fingerprinter fingerprinter, SecretScrubber scrubber)
{
    private const int MaxValue = 300;

    public Utf8JsonWriter Json => record.Writer;

    /// <inheritdoc cref="RecordJson.Take"/>
    public string Take() => record.Take();

    public string Fingerprint(Secret value) => fingerprinter.Of(value);

    /// <summary>A provider's text as it may be shown; null: nothing is left of it.</summary>
    public string? Clean(string? text, int maxLength = MaxValue) => ProviderText.Clean(text, scrubber, maxLength);

    public string Scrub(string text) => scrubber.Scrub(text);

    /// <summary>A text that may be shown.</summary>
    public void Show(string name, string type, string? text)
    {
        Begin(name, type);
        if (text is not null)
        {
            Json.WriteString("value"u8, text);
        }

        End();
    }

    /// <summary>A token, of which the shape is kept.</summary>
    public void Token(string name, Secret token) => Withhold(name, "token", token, Fingerprinter.MaskedPrefix(token));

    /// <summary>A text whose name is on no list; an empty one is no secret.</summary>
    public void Withhold(string name, string type, string text)
    {
        if (Secret.OrNull(text) is { } secret)
        {
            Withhold(name, type, secret);
        }
        else
        {
            Show(name, type, "");
        }
    }

    public void Withhold(string name, string type, Secret value, string prefix = "", string? shown = null)
    {
        Begin(name, type);
        if (shown is not null)
        {
            Json.WriteString("value"u8, shown);
        }

        Json.WriteNumber("length"u8, value.Length);
        if (prefix.Length > 0)
        {
            Json.WriteString("prefix"u8, prefix);
        }

        Json.WriteString("fingerprint"u8, fingerprinter.Of(value));
        End();
    }

    public void Headers(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        Json.WriteStartArray("headers"u8);
        for (var i = 0; i < headers.Count; i++)
        {
            Header(headers[i].Key, headers[i].Value);
        }

        Json.WriteEndArray();
    }

    private void Header(string name, string value)
    {
        if (CaptureAllowList.ShowsHeader(name))
        {
            Show(name, "text", Clean(value) ?? "");
            return;
        }

        // Which kind of authentication was used is worth knowing, and is no secret.
        var scheme = name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? value.Split(' ', 2)[0] : null;
        if (Secret.OrNull(value) is { } secret)
        {
            Withhold(Scrub(name), "text", secret, shown: scheme);
        }
        else
        {
            Show(Scrub(name), "text", "");
        }
    }

    private void Begin(string name, string type)
    {
        Json.WriteStartObject();
        Json.WriteString("name"u8, name);
        Json.WriteStartObject("value"u8);
        Json.WriteString("type"u8, type);
    }

    private void End()
    {
        Json.WriteEndObject();
        Json.WriteEndObject();
    }
}
