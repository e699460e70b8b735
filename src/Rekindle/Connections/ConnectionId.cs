using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Rekindle.Connections;

/// <summary>
/// A connection's id: 63 bits, of which the upper 12 are the shard of its key and the lower 51 are random. Text form:
/// <c>con_</c> and 13 characters of Crockford's base 32, so an id found in a log leads to its shard without a look-up.
/// </summary>
public readonly record struct ConnectionId(long Value) : IComparable<ConnectionId>
{
    private const string Prefix = "con_";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Digits = 13;
    private const int RandomBits = 51;

    /// <summary>The shard, 0 to 4095, equal to <see cref="ConnectionKey.Shard"/> of its key.</summary>
    public short Shard => (short)(Value >> RandomBits);

    /// <summary>A new id in the key's shard.</summary>
    public static ConnectionId New(ConnectionKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        return new(((long)key.Shard << RandomBits) | (BitConverter.ToInt64(random) & ((1L << RandomBits) - 1)));
    }

    /// <summary>Reads the text form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ConnectionId id)
    {
        id = default;
        if (text is null || text.Length != Prefix.Length + Digits || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        ulong value = 0;
        foreach (var c in text.AsSpan(Prefix.Length))
        {
            var digit = Alphabet.IndexOf(c, StringComparison.Ordinal);
            if (digit < 0 || value >> 59 != 0)
            {
                return false;
            }

            value = (value << 5) | (uint)digit;
        }

        id = new((long)value);
        return id.Value >= 0;
    }

    /// <summary>The text form.</summary>
    public override string ToString() => string.Create(Prefix.Length + Digits, Value, static (span, value) =>
    {
        Prefix.CopyTo(span);
        for (var i = span.Length - 1; i >= Prefix.Length; i--, value >>= 5)
        {
            span[i] = Alphabet[(int)(value & 31)];
        }
    });

    /// <summary>Order of the ids as numbers: the order in which batches lock rows.</summary>
    public int CompareTo(ConnectionId other) => Value.CompareTo(other.Value);

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(ConnectionId left, ConnectionId right) => left.Value < right.Value;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(ConnectionId left, ConnectionId right) => left.Value > right.Value;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(ConnectionId left, ConnectionId right) => left.Value <= right.Value;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(ConnectionId left, ConnectionId right) => left.Value >= right.Value;
}
