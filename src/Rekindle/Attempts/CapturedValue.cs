using Rekindle.Encryption;

namespace Rekindle.Attempts;

/// <summary>What an attempt's record keeps of one value: the value itself only when its name is on the allow-list.</summary>
/// <param name="Type">text, number, boolean, null, object, array, token or secret.</param>
public sealed record CapturedValue(string Type)
{
    /// <summary>The value, scrubbed and bounded; null: withheld.</summary>
    public string? Value { get; init; }

    /// <summary>Characters of a withheld text.</summary>
    public int? Length { get; init; }

    /// <summary>First characters of a withheld token: its shape (D5).</summary>
    public string? Prefix { get; init; }

    /// <summary>Keyed hash of a withheld text: equal values have equal ones (D5).</summary>
    public string? Fingerprint { get; init; }

    internal static CapturedValue Shown(string type, string? value) => new(type) { Value = value };

    internal static CapturedValue Withheld(string type, Secret value, Fingerprinter fingerprinter) =>
        new(type) { Length = value.Length, Fingerprint = fingerprinter.Of(value) };

    internal static CapturedValue Token(Secret value, Fingerprinter fingerprinter) =>
        Withheld("token", value, fingerprinter) with { Prefix = Fingerprinter.MaskedPrefix(value) is { Length: > 0 } prefix ? prefix : null };
}

/// <summary>A named value.</summary>
/// <param name="Name">Parameter or header name, or the dotted path in a body.</param>
/// <param name="Value">What is kept of it.</param>
public sealed record CapturedField(string Name, CapturedValue Value);
