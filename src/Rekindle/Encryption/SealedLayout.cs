using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Encryption;

/// <summary>
/// The bytes of a sealed value:
/// <code>
/// marker 6 · format 1 · key id 4 · binding 4 · nonce 12 · ciphertext n · tag 16
/// </code>
/// The marker reads "rekindle" in base64, so that a sealed value which strayed into a text field is recognised (D4). The
/// binding is a hash of the context; it decides nothing, it only tells "damaged" from "bound to another row" (D6).
/// Header and context are authenticated data.
/// </summary>
internal static class SealedLayout
{
    public const int MarkerSize = 6;
    public const int BindingSize = 4;
    public const int HeaderSize = BindingOffset + BindingSize;
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const int Overhead = HeaderSize + NonceSize + TagSize;

    private const byte Format = 1;
    private const int KeyOffset = MarkerSize + 1;
    private const int BindingOffset = KeyOffset + sizeof(uint);

    public static ReadOnlySpan<byte> Marker => [0xad, 0xe9, 0x22, 0x9d, 0xd9, 0x5e];

    public static void WriteHeader(Span<byte> destination, uint keyNumber, ReadOnlySpan<byte> context)
    {
        Marker.CopyTo(destination);
        destination[MarkerSize] = Format;
        BinaryPrimitives.WriteUInt32BigEndian(destination[KeyOffset..], keyNumber);
        WriteBinding(destination, context);
    }

    public static void WriteBinding(Span<byte> header, ReadOnlySpan<byte> context)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(context, hash);
        hash[..BindingSize].CopyTo(header[BindingOffset..]);
    }

    /// <summary>Why these bytes cannot be a sealed value with at least one byte in it, or null.</summary>
    public static string? FindMistake(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith(Marker))
        {
            return "the marker is missing";
        }

        if (value.Length <= Overhead)
        {
            return $"truncated to {value.Length} bytes";
        }

        return value[MarkerSize] == Format ? null : $"unknown format {value[MarkerSize]}";
    }

    public static uint ReadKeyNumber(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt32BigEndian(value[KeyOffset..]);

    public static int ContextSize(in SealContext context) =>
        1 + sizeof(long) + sizeof(int) + Encoding.UTF8.GetByteCount(context.Environment) + Encoding.UTF8.GetByteCount(context.Owner);

    /// <summary>Kind, grant number, length of the environment's name, its name, owner: no two contexts give the same bytes.</summary>
    /// <returns>Where the owner begins.</returns>
    public static int WriteContext(Span<byte> destination, in SealContext context)
    {
        destination[0] = (byte)context.Kind;
        BinaryPrimitives.WriteInt64BigEndian(destination[1..], context.GrantNo);
        var environment = destination[(1 + sizeof(long) + sizeof(int))..];
        var length = Encoding.UTF8.GetBytes(context.Environment, environment);
        BinaryPrimitives.WriteInt32BigEndian(destination[(1 + sizeof(long))..], length);
        Encoding.UTF8.GetBytes(context.Owner, environment[length..]);
        return 1 + sizeof(long) + sizeof(int) + length;
    }
}
