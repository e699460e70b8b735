using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Rekindle.Journal;

/// <summary>
/// Seals one segment's records: AES-256-GCM under a key of the segment's own, with the record's place as nonce. A place is
/// written once, so no nonce repeats; and a record copied to another place or another segment does not open.
/// </summary>
internal sealed class JournalCipher : IDisposable
{
    public const int SaltSize = 16;
    public const int TagSize = 16;
    private const int NonceSize = 12;
    private const int KeySize = 32;

    private readonly AesGcm _cipher;

    public JournalCipher(ReadOnlySpan<byte> journalKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> key = stackalloc byte[KeySize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, journalKey, key, salt, "rekindle/journal/1"u8);
        _cipher = new AesGcm(key, TagSize);
        CryptographicOperations.ZeroMemory(key);
    }

    public void Seal(long place, ReadOnlySpan<byte> plain, Span<byte> sealedRecord, Span<byte> tag) =>
        _cipher.Encrypt(Nonce(place, stackalloc byte[NonceSize]), plain, sealedRecord, tag);

    /// <summary>False: the bytes are not what was written at this place under this key.</summary>
    public bool TryOpen(long place, ReadOnlySpan<byte> sealedRecord, ReadOnlySpan<byte> tag, Span<byte> plain)
    {
        try
        {
            _cipher.Decrypt(Nonce(place, stackalloc byte[NonceSize]), sealedRecord, tag, plain);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _cipher.Dispose();

    private static Span<byte> Nonce(long place, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(nonce, place);
        return nonce;
    }
}
