using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Encryption;

/// <summary>
/// Lets two people compare tokens without seeing them (D5): the same token has the same fingerprint, and without the
/// ring's fingerprint key nobody can test a guess against it.
/// </summary>
public sealed class Fingerprinter : IDisposable
{
    private const int Size = 8;
    private const int PrefixLength = 4;
    private const int ShortestMasked = 20;
    private const int StackLimit = 2048;

    // Setting up the key costs more than hashing a token. Each thread's own, made with its first fingerprint.
    private readonly ThreadLocal<IncrementalHash> _hashes;

    /// <summary>Fingerprints under a ring's key for them.</summary>
    public Fingerprinter(KeyRing ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        _hashes = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, ring.FingerprintKey));
    }

    /// <inheritdoc/>
    public void Dispose() => _hashes.Dispose();

    /// <summary>64 bits of an HMAC-SHA-256 as 16 hexadecimal digits.</summary>
    public string Of(Secret value)
    {
        ArgumentNullException.ThrowIfNull(value);

        // A token is recorded stage by stage, a client's secret with every attempt: each is hashed once.
        if (value.Fingerprint is { } known && known.By == this)
        {
            return known.Text;
        }

        var fingerprint = Hash(value);
        value.Fingerprint = new Fingerprint(this, fingerprint);
        return fingerprint;
    }

    private string Hash(Secret value)
    {
        var text = value.Reveal();
        var length = Encoding.UTF8.GetByteCount(text);
        var bytes = (length <= StackLimit ? stackalloc byte[StackLimit] : new byte[length])[..length];
        Encoding.UTF8.GetBytes(text, bytes);
        var fingerprint = Of(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return fingerprint;
    }

    /// <summary>Of a sealed value as it lies in the database.</summary>
    public string Of(SealedSecret value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return Of(value.Bytes);
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

    private string Of(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var hmac = _hashes.Value!;
        hmac.AppendData(value);
        hmac.GetHashAndReset(hash);
        return Convert.ToHexStringLower(hash[..Size]);
    }
}

/// <summary>What a secret's fingerprint is, and under whose key.</summary>
internal sealed record Fingerprint(Fingerprinter By, string Text);
