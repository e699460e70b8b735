using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Rekindle.Encryption;

/// <summary>One key of the ring. Its bytes stay inside: sealing keys are derived from them, one per owner.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class RingKey
{
    internal const int Size = 32;

    // The extract step of HKDF depends on the ring key alone, so it is done once; each use then costs one expand.
    private readonly byte[] _pseudorandomKey;

    internal RingKey(uint number, DateTimeOffset createdAt, KeyState state, byte[] bytes)
    {
        Number = number;
        CreatedAt = createdAt;
        State = state;
        Bytes = bytes;
        _pseudorandomKey = HKDF.Extract(HashAlgorithmName.SHA256, bytes);

        Span<byte> check = stackalloc byte[16];
        HKDF.Expand(HashAlgorithmName.SHA256, _pseudorandomKey, check, "rekindle/check/1"u8);
        CheckValue = Convert.ToHexStringLower(check);
    }

    /// <summary>Eight hexadecimal digits, part of every value sealed under this key.</summary>
    public string Id => FormatId(Number);

    /// <summary>When the key was made.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>What the key may be used for.</summary>
    public KeyState State { get; }

    /// <summary>
    /// Proves that a key of this id is this key, without revealing anything of it. Kept in the database, so that a
    /// start with another ring is noticed before anything is sealed or refreshed (F80).
    /// </summary>
    public string CheckValue { get; }

    internal uint Number { get; }

    internal byte[] Bytes { get; }

    internal static string FormatId(uint number) => number.ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>The sealing key of one owner, so that no AES-GCM key ever seals enough values to near its limit.</summary>
    internal void DeriveSealingKey(ReadOnlySpan<byte> owner, Span<byte> sealingKey)
    {
        var purpose = "rekindle/seal/1/"u8;
        var length = purpose.Length + owner.Length;
        var info = length <= 256 ? stackalloc byte[length] : new byte[length];
        purpose.CopyTo(info);
        owner.CopyTo(info[purpose.Length..]);
        HKDF.Expand(HashAlgorithmName.SHA256, _pseudorandomKey, sealingKey, info);
    }

    /// <summary>A redaction: id and state, never the key.</summary>
    public override string ToString() => $"<key {Id}, {(State is KeyState.Current ? "current" : "accepted")}>";
}
