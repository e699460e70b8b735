using System.Buffers;
using System.Buffers.Text;

namespace Rekindle.Encryption;

/// <summary>
/// Recognises text that is somebody's ciphertext rather than a token: our own sealed values and the envelopes of common
/// encryption tools, as they arrive when a table is imported without decrypting it. Such a value is refused before
/// anything is sent (D4). JWE tokens are no such thing: several providers issue them.
/// </summary>
public static class CiphertextLookalike
{
    // "rekindle" is the marker of a sealed value in base64, "A" the beginning of its format number.
    private const string OwnBase64 = "rekindleA";
    private const string OwnHex = "ade9229dd95e";

    private const string Fernet = "gAAAAA";
    private const int ShortestFernet = 100;

    private static readonly SearchValues<char> Base64Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=");

    // What is base64 itself is compared exactly; marks that people also type by hand are met in either case.
    private static readonly (string Prefix, StringComparison Comparison, string Name)[] Envelopes =
    [
        ("<secret:", StringComparison.Ordinal, "a redaction of ours"),
        ("<sealed:", StringComparison.Ordinal, "a redaction of ours"),
        ("ENC:", StringComparison.OrdinalIgnoreCase, "a value marked ENC:"),
        ("encrypted:", StringComparison.OrdinalIgnoreCase, "a value marked encrypted:"),
        ("ENC(", StringComparison.OrdinalIgnoreCase, "Jasypt"),
        ("ENC[", StringComparison.OrdinalIgnoreCase, "SOPS or eyaml"),
        ("{cipher}", StringComparison.OrdinalIgnoreCase, "Spring Cloud Config"),
        ("vault:v", StringComparison.Ordinal, "Vault's transit engine"),
        ("AQICAH", StringComparison.Ordinal, "AWS KMS"),
        ("U2FsdGVkX1", StringComparison.Ordinal, "OpenSSL enc"),
        ("$ANSIBLE_VAULT;", StringComparison.Ordinal, "Ansible Vault"),
        ("age-encryption.org/", StringComparison.Ordinal, "age"),
        ("-----BEGIN AGE ENCRYPTED FILE", StringComparison.Ordinal, "age"),
        ("-----BEGIN PGP MESSAGE", StringComparison.Ordinal, "PGP"),
        ("-----BEGIN PKCS7", StringComparison.Ordinal, "PKCS #7"),
        ("-----BEGIN CMS", StringComparison.Ordinal, "CMS"),
    ];

    /// <summary>Whether the text looks like ciphertext.</summary>
    public static bool Is(string value) => Find(value) is not null;

    /// <summary>What the text looks like the ciphertext of, for a message to the operator; null for anything else.</summary>
    public static string? Find(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var text = value.AsSpan().TrimStart();
        if (IsOwn(text))
        {
            return "Rekindle";
        }

        if (text.StartsWith(Fernet, StringComparison.Ordinal) && text.Length >= ShortestFernet && IsBase64(text))
        {
            return "Fernet";
        }

        foreach (var (prefix, comparison, name) in Envelopes)
        {
            if (text.StartsWith(prefix, comparison))
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
