using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Encryption;

/// <summary>
/// The keys of one deployment: those that seal tokens (one current, any number accepted), one for fingerprints and one
/// from which other purposes' keys are derived. Immutable; read from a file (<see cref="KeyRingFile"/>) or from an
/// environment variable (<see cref="FromBase64"/>).
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class KeyRing
{
    private readonly byte[] _derivationKey;
    private readonly Dictionary<uint, RingKey> _byNumber;

    internal KeyRing(IReadOnlyList<RingKey> keys, byte[] fingerprintKey, byte[] derivationKey)
    {
        Keys = keys;
        Current = keys.Single(key => key.State is KeyState.Current);
        FingerprintKey = fingerprintKey;
        _derivationKey = derivationKey;
        _byNumber = keys.ToDictionary(key => key.Number);
    }

    /// <summary>All keys that open values.</summary>
    public IReadOnlyList<RingKey> Keys { get; }

    /// <summary>The key that seals new values.</summary>
    public RingKey Current { get; }

    internal byte[] FingerprintKey { get; }

    internal ReadOnlySpan<byte> DerivationKey => _derivationKey;

    /// <summary>A new ring of one key. It is worth as much as everything that will be sealed with it: keep it.</summary>
    public static KeyRing Generate(DateTimeOffset now) =>
        new([NewKey(now, KeyState.Current, [])], RandomNumberGenerator.GetBytes(RingKey.Size), RandomNumberGenerator.GetBytes(RingKey.Size));

    /// <summary>The ring in <paramref name="value"/>: the key ring file's text in base64, as an environment variable holds it.</summary>
    /// <exception cref="KeyRingException">It is not base64, or not a key ring.</exception>
    public static KeyRing FromBase64(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var bytes = new byte[value.Length];
        if (!Convert.TryFromBase64String(value, bytes, out var written))
        {
            throw new KeyRingException("The key ring given as text is not base64. Give the key ring file's content: base64 -w0 <file>.");
        }

        try
        {
            return KeyRingDocument.Parse(bytes.AsSpan(0, written), "given as text");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>
    /// This ring with one more key, which is current; all others remain accepted. Values sealed before stay readable,
    /// fingerprints and derived keys stay the same.
    /// </summary>
    public KeyRing WithNewCurrentKey(DateTimeOffset now)
    {
        var accepted = Keys.Select(key => new RingKey(key.Number, key.CreatedAt, KeyState.Accepted, key.Bytes));
        return new KeyRing([.. accepted, NewKey(now, KeyState.Current, Keys)], FingerprintKey, _derivationKey);
    }

    /// <summary>
    /// 32 bytes for a purpose other than sealing (signing links, states, cookies). Purposes have unrelated keys, and
    /// a purpose keeps its key when sealing keys rotate, so that what was signed yesterday is still known today.
    /// </summary>
    public byte[] DeriveKey(string purpose)
    {
        ArgumentException.ThrowIfNullOrEmpty(purpose);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, _derivationKey, RingKey.Size, info: Encoding.UTF8.GetBytes("rekindle/purpose/1/" + purpose));
    }

    internal RingKey? Find(uint number) => _byNumber.GetValueOrDefault(number);

    /// <summary>A redaction: how many keys and which is current.</summary>
    public override string ToString() => $"<key ring: {Keys.Count} keys, current {Current.Id}>";

    private static RingKey NewKey(DateTimeOffset now, KeyState state, IReadOnlyList<RingKey> others)
    {
        uint number;
        do
        {
            number = BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
        }
        while (others.Any(key => key.Number == number));

        return new RingKey(number, now, state, RandomNumberGenerator.GetBytes(RingKey.Size));
    }
}
