using System.Security.Cryptography;

namespace Rekindle.Encryption;

/// <summary>
/// The cipher of one owner: derived and set up with the first value, and used for the others while it is kept. One caller at a time.
/// </summary>
internal sealed class OwnerCipher(string owner) : IDisposable
{
    private RingKey? _key;
    private AesGcm? _cipher;

    public void Dispose() => _cipher?.Dispose();

    /// <summary>Under a key of the ring.</summary>
    /// <param name="key">The key.</param>
    /// <param name="context">Whose value it is.</param>
    /// <param name="ownerBytes">The owner's name as it stands in the context.</param>
    internal AesGcm Of(RingKey key, in SealContext context, ReadOnlySpan<byte> ownerBytes)
    {
        if (context.Owner != owner)
        {
            throw new ArgumentException("The cipher is another owner's.", nameof(context));
        }

        if (_cipher is null || !ReferenceEquals(key, _key))
        {
            _cipher?.Dispose();
            Span<byte> sealingKey = stackalloc byte[RingKey.Size];
            key.DeriveSealingKey(ownerBytes, sealingKey);
            (_key, _cipher) = (key, new AesGcm(sealingKey, SealedLayout.TagSize));
            CryptographicOperations.ZeroMemory(sealingKey);
        }

        return _cipher;
    }
}
