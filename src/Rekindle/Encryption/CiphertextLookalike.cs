using System.Buffers;
using System.Buffers.Text;

namespace Rekindle.Encryption;

/// <summary>
/// Recognises text that is somebody's ciphertext rather than a token: our own sealed values, the envelopes of common
/// encryption tools as they arrive when a table is imported without decrypting it, and redactions. Such a value is
/// refused before anything is sent (D4).
/// </summary>
/// <remarks>
/// What authorization servers issue as tokens is not listed, although it is ciphertext to them: JWE, Fernet (gAAAAA…),
/// ASP.NET data protection.
/// </remarks>
public static class CiphertextLookalike
{
    // "rekindle" is the marker of a sealed value in base64, "A" the beginning of its format number.
    private const string OwnBase64 = "rekindleA";
    private const string OwnHex = "ade9229dd95e";

    private static readonly SearchValues<char> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=");

    // What is base64 itself is compared exactly; marks that people also type by hand are met in either case.
    private static readonly (string Prefix, StringComparison Comparison, string Name)[] Envelopes =
    [
        ("ENC:", StringComparison.OrdinalIgnoreCase, "a value marked ENC:"),
        ("encrypted:", StringComparison.OrdinalIgnoreCase, "a value marked encrypted:"),
        ("ENC(", StringComparison.OrdinalIgnoreCase, "Jasypt"),
        ("ENC[", StringComparison.OrdinalIgnoreCase, "SOPS or eyaml"),
        ("{cipher}", StringComparison.OrdinalIgnoreCase, "Spring Cloud Config"),
        ("vault:v", StringComparison.Ordinal, "Vault's transit engine"),
        ("AQICAHg", StringComparison.Ordinal, "AWS KMS"),
        ("AQICAHh", StringComparison.Ordinal, "AWS KMS"),
        ("U2FsdGVkX1", StringComparison.Ordinal, "OpenSSL enc"),
        ("$ANSIBLE_VAULT;", StringComparison.Ordinal, "Ansible Vault"),
        ("age-encryption.org/", StringComparison.Ordinal, "age"),
        ("-----BEGIN AGE ENCRYPTED FILE", StringComparison.Ordinal, "age"),
        ("-----BEGIN PGP MESSAGE", StringComparison.Ordinal, "PGP"),
        ("-----BEGIN PKCS7", StringComparison.Ordinal, "PKCS #7"),
        ("-----BEGIN CMS", StringComparison.Ordinal, "CMS"),
        ("<secret:", StringComparison.Ordinal, "a redaction"),
        ("<sealed:", StringComparison.Ordinal, "a redaction"),
        ("<decrypt_failed>", StringComparison.Ordinal, "a redaction"),
        ("[redacted]", StringComparison.OrdinalIgnoreCase, "a redaction"),
        ("***", StringComparison.Ordinal, "a redaction"),
    ];

    /// <summary>What the value looks like the ciphertext of, for a message to the operator; null for anything else.</summary>
    public static string? Find(Secret value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Find(value.Reveal());
    }

    /// <inheritdoc cref="Find(Secret)"/>
    public static string? Find(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var text = value.AsSpan().TrimStart();
        if (IsOwn(text))
        {
            return "Rekindle";
        }

        foreach (var (prefix, comparison, name) in Envelopes)
        {
            // The first character in either case decides for nearly all; every token and client secret that is sent comes through here.
            if (!text.IsEmpty && (text[0] | ' ') == (prefix[0] | ' ') && text.StartsWith(prefix, comparison))
            {
                return name;
            }
        }

        return null;
    }

    private static bool IsOwn(ReadOnlySpan<char> text)
    {
        if (text.StartsWith(OwnBase64, StringComparison.Ordinal))
        {
            return text.Length > Base64.GetMaxEncodedToUtf8Length(SealedLayout.Overhead) - 4 && IsBase64(text);
        }

        // PostgreSQL prints bytea as \x…, other tools print 0x… or the digits alone.
        var digits = text.StartsWith("\\x", StringComparison.Ordinal) || text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text;
        return digits.StartsWith(OwnHex, StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsBase64(ReadOnlySpan<char> text) => !text.TrimEnd().ContainsAnyExcept(Base64Characters);
}
