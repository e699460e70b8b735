using System.Security.Cryptography;
using System.Text;
using Rekindle.Ownership;

namespace Rekindle.Encryption;

/// <summary>
/// Turns secrets into what may be stored and back: AES-256-GCM under a key derived for the owner, bound to the place the
/// value belongs to. Safe to use from many threads.
/// </summary>
/// <remarks>
/// Nothing is cached. Deriving the key and setting up the cipher is most of an operation that takes a few microseconds;
/// a cache of a million owners' sealing keys would cost more than it saves, and would be a million keys in memory. Who has several
/// values of one owner in hand sets up an <see cref="OwnerCipher"/> for them.
/// </remarks>
public sealed class Sealer(KeyRing ring)
{
    private const int StackLimit = 512;

    // Throws instead of replacing: a token must come back as it went in, or not go in at all.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Freeze? _locked;

    /// <summary>The keys in use.</summary>
    public KeyRing Ring { get; } = ring ?? throw new ArgumentNullException(nameof(ring));

    /// <summary>Seals under the current key.</summary>
    /// <exception cref="ArgumentException">The value is not valid Unicode text, or the context is incomplete.</exception>
    /// <exception cref="FrozenException">These are not the keys that the database was sealed with: nothing of them may get into it.</exception>
    public SealedSecret Seal(Secret value, SealContext context)
    {
        using var cipher = new OwnerCipher(context.Owner);
        return Seal(value, context, cipher);
    }

    /// <inheritdoc cref="Seal(Secret, SealContext)"/>
    internal SealedSecret Seal(Secret value, SealContext context, OwnerCipher cipher)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (Volatile.Read(ref _locked) is { } freeze)
        {
            throw new FrozenException(freeze);
        }

        ThrowIfIncomplete(context);

        var plain = Encode(value);
        try
        {
            return Seal(plain, context, cipher);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>From now on nothing is sealed.</summary>
    internal void Lock(Freeze freeze) => Volatile.Write(ref _locked, freeze);

    /// <summary>Opens a value sealed under any key of the ring, if it belongs to this context.</summary>
    public OpenResult Open(SealedSecret value, SealContext context)
    {
        using var cipher = new OwnerCipher(context.Owner);
        return Open(value, context, cipher);
    }

    /// <inheritdoc cref="Open(SealedSecret, SealContext)"/>
    internal OpenResult Open(SealedSecret value, SealContext context, OwnerCipher cipher)
    {
        ArgumentNullException.ThrowIfNull(value);
        ThrowIfIncomplete(context);

        ReadOnlySpan<byte> bytes = value.Bytes;
        if (SealedLayout.FindMistake(bytes) is { } mistake)
        {
            return new OpenResult.Malformed(mistake);
        }

        var key = Ring.Find(SealedLayout.ReadKeyNumber(bytes));
        if (key is null)
        {
            return new OpenResult.UnknownKey(RingKey.FormatId(SealedLayout.ReadKeyNumber(bytes)));
        }

        var plain = new byte[bytes.Length - SealedLayout.Overhead];
        try
        {
            return TryOpen(bytes, bytes[..SealedLayout.HeaderSize], key, context, cipher, plain)
                ? new OpenResult.Opened(new Secret(StrictUtf8.GetString(plain)))
                : Explain(bytes, key, context, cipher, plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private SealedSecret Seal(ReadOnlySpan<byte> plain, in SealContext context, OwnerCipher cipher)
    {
        var contextSize = SealedLayout.ContextSize(context);
        var associated = Buffer(stackalloc byte[StackLimit], SealedLayout.HeaderSize + contextSize);
        var contextBytes = associated[SealedLayout.HeaderSize..];
        var ownerOffset = SealedLayout.WriteContext(contextBytes, context);
        SealedLayout.WriteHeader(associated, Ring.Current.Number, contextBytes);

        var result = new byte[SealedLayout.Overhead + plain.Length];
        var rest = result.AsSpan();
        associated[..SealedLayout.HeaderSize].CopyTo(rest);
        rest = rest[SealedLayout.HeaderSize..];
        RandomNonces.Fill(rest[..SealedLayout.NonceSize]);

        cipher.Of(Ring.Current, context, contextBytes[ownerOffset..]).Encrypt(
            rest[..SealedLayout.NonceSize],
            plain,
            rest[SealedLayout.NonceSize..^SealedLayout.TagSize],
            rest[^SealedLayout.TagSize..],
            associated);
        return new SealedSecret(result);
    }

    private static bool TryOpen(ReadOnlySpan<byte> value, ReadOnlySpan<byte> header, RingKey key, in SealContext context, OwnerCipher cipher, Span<byte> plain)
    {
        var associated = Buffer(stackalloc byte[StackLimit], SealedLayout.HeaderSize + SealedLayout.ContextSize(context));
        var contextBytes = associated[SealedLayout.HeaderSize..];
        var ownerOffset = SealedLayout.WriteContext(contextBytes, context);
        header.CopyTo(associated);

        var rest = value[SealedLayout.HeaderSize..];
        try
        {
            cipher.Of(key, context, contextBytes[ownerOffset..]).Decrypt(
                rest[..SealedLayout.NonceSize],
                rest[SealedLayout.NonceSize..^SealedLayout.TagSize],
                rest[^SealedLayout.TagSize..],
                plain,
                associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    /// <summary>
    /// The tag failed. If the binding names this context, bytes were changed. If it names another one, either the value
    /// belongs elsewhere or the binding itself was damaged; then the value opens with the binding put right.
    /// </summary>
    private static OpenResult Explain(ReadOnlySpan<byte> value, RingKey key, in SealContext context, OwnerCipher cipher, Span<byte> plain)
    {
        var contextBytes = new byte[SealedLayout.ContextSize(context)];
        SealedLayout.WriteContext(contextBytes, context);
        Span<byte> expected = stackalloc byte[SealedLayout.HeaderSize];
        value[..SealedLayout.HeaderSize].CopyTo(expected);
        SealedLayout.WriteBinding(expected, contextBytes);

        return value.StartsWith(expected) || TryOpen(value, expected, key, context, cipher, plain)
            ? new OpenResult.Damaged(key.Id)
            : new OpenResult.BoundElsewhere(key.Id);
    }

    private static byte[] Encode(Secret value)
    {
        try
        {
            return StrictUtf8.GetBytes(value.Reveal());
        }
        catch (EncoderFallbackException)
        {
            // Without the original exception: it quotes a character of the secret.
            throw new ArgumentException("The secret is not valid Unicode text (it has half of a surrogate pair).", nameof(value));
        }
    }

    private static Span<byte> Buffer(Span<byte> stack, int size) => size <= stack.Length ? stack[..size] : new byte[size];

    private static void ThrowIfIncomplete(in SealContext context)
    {
        ArgumentException.ThrowIfNullOrEmpty(context.Environment);
        ArgumentException.ThrowIfNullOrEmpty(context.Owner);
        if (context.Kind == 0)
        {
            throw new ArgumentException("The context does not say what kind of secret it is.", nameof(context));
        }
    }
}
