namespace Rekindle.Providers;

/// <summary>
/// Recognises values that are still encrypted, or are a redaction, by how they begin (D4). Only beginnings that no
/// authorization server gives its tokens are listed: several real token formats (Fernet, ASP.NET data protection) are
/// ciphertext themselves.
/// </summary>
internal static class CiphertextShape
{
    private static readonly string[] Beginnings =
    [
        "rekindle", "rk1.", // our own sealed values, as base64 and as text
        "ENC:", "ENC(", "ENC[", "encrypted:", "{cipher}", "vault:v", "$ANSIBLE_VAULT", "-----BEGIN",
        "<secret:", "<sealed:", "<decrypt_failed>", "[redacted]", "***",
    ];

    public static bool Matches(string value)
    {
        var text = value.AsSpan().TrimStart();
        foreach (var beginning in Beginnings)
        {
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
