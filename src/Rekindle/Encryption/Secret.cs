using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rekindle.Encryption;

/// <summary>
/// A plain token, client secret or key while it is in memory. Everything that prints an object (logs, exceptions,
/// JSON, the debugger) gets a redaction; the value leaves only through <see cref="Reveal"/>, so that a search for
/// that name lists every place where a secret is used (I13).
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
[JsonConverter(typeof(SecretJsonConverter))]
public sealed class Secret : IEquatable<Secret>
{
    private readonly string _value;

    /// <summary>Wraps a plain value.</summary>
    /// <exception cref="ArgumentException">The value is null or empty: an absent secret is a null <see cref="Secret"/>.</exception>
    public Secret(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        _value = value;
    }

    /// <summary>Characters of the plain value.</summary>
    public int Length => _value.Length;

    /// <summary>Its fingerprint, once one was made.</summary>
    internal Fingerprint? Fingerprint { get; set; }

    /// <summary>Null for null and for the empty string, which providers send where they mean "none" (F33).</summary>
    public static Secret? OrNull(string? value) => string.IsNullOrEmpty(value) ? null : new Secret(value);

    /// <summary>Whether it begins like this: tells a token's shape without telling the token.</summary>
    public bool StartsWith(string beginning) => _value.StartsWith(beginning, StringComparison.Ordinal);

    /// <summary>The plain value. The only way out.</summary>
    public string Reveal() => _value;

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && string.Equals(_value, other._value, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => _value.GetHashCode(StringComparison.Ordinal);

    /// <summary>A redaction: never the value.</summary>
    public override string ToString() => $"<secret:{Length}>";

    private sealed class SecretJsonConverter : JsonConverter<Secret>
    {
        public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetString() ?? throw new JsonException("A secret must be a string."));

        public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
