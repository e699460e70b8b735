using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Encryption;

/// <summary>
/// Lets two people compare tokens without seeing them (D5): the same token has the same fingerprint, and without the
/// ring's fingerprint key nobody can test a guess against it.
/// </summary>
public sealed class Fingerprinter(KeyRing ring)
{
    private const int Size = 8;
    private const int PrefixLength = 4;
    private const int ShortestMasked = 20;

    private readonly byte[] _key = (ring ?? throw new ArgumentNullException(nameof(ring))).FingerprintKey;

    /// <summary>64 bits of an HMAC-SHA-256 as 16 hexadecimal digits.</summary>
    public string Of(Secret value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(value.Reveal()), hash);
        return Convert.ToHexStringLower(hash[..Size]);
    }

    /// <summary>Of a sealed value as it lies in the database.</summary>
    public string Of(SealedSecret value)
    {
        ArgumentNullException.ThrowIfNull(value);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, value.Bytes, hash);
        return Convert.ToHexStringLower(hash[..Size]);
    }

    /// <summary>
    /// The first four characters of a token of at least 20, else nothing: enough to recognise its shape (<c>v^1.</c>,
    /// <c>ya29</c>, <c>xoxe</c>), too little to help a guess.
    /// </summary>
    public static string MaskedPrefix(Secret value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length >= ShortestMasked ? value.Reveal()[..PrefixLength] : "";
    }
}
