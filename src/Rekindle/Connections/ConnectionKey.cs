using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Connections;

/// <summary>
/// What makes a connection unique. Every part is immutable and never null; an empty tenant or account means "none".
/// </summary>
/// <param name="Environment">Environment: <c>production</c>, <c>sandbox</c>, ….</param>
/// <param name="Integration">Key of the integration.</param>
/// <param name="Tenant">The operator's customer or organisation id, or empty.</param>
/// <param name="Subject">The operator's own user id.</param>
/// <param name="Purpose">Why the token exists; <c>default</c> unless told.</param>
/// <param name="Account">Which of several accounts of that user, or empty.</param>
public sealed record ConnectionKey(string Environment, string Integration, string Tenant, string Subject, string Purpose, string Account)
{
    /// <summary>Purpose when none is named.</summary>
    public const string DefaultPurpose = "default";

    /// <summary>Longest text of one part, in characters.</summary>
    public const int MaxPartLength = 255;

    private short? _shard;

    /// <summary>
    /// 0 to 4095: the first 12 bits of SHA-256 over the six parts, each as a 4-byte big-endian length in bytes and UTF-8.
    /// Fixed for ever: ids of existing connections carry it.
    /// </summary>
    public short Shard => _shard ??= ComputeShard();

    /// <summary>What is wrong with the key's parts, in words for the caller; empty when nothing is.</summary>
    public IEnumerable<string> Mistakes()
    {
        foreach (var (name, value, required) in Parts())
        {
            if (required && value.Length == 0)
            {
                yield return $"{name} must not be empty.";
            }
            else if (value.Length > MaxPartLength)
            {
                yield return $"{name} is {value.Length} characters long; at most {MaxPartLength} are allowed.";
            }
            else if (value.Any(char.IsControl) || !IsWellFormed(value))
            {
                yield return $"{name} contains control characters or broken Unicode.";
            }
        }
    }

    /// <summary>Equal parts, whatever was computed from them.</summary>
    public bool Equals(ConnectionKey? other) => other is not null
        && Environment == other.Environment && Integration == other.Integration && Tenant == other.Tenant
        && Subject == other.Subject && Purpose == other.Purpose && Account == other.Account;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Environment, Integration, Tenant, Subject, Purpose, Account);

    private static bool IsWellFormed(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
            {
                continue;
            }

            if (i + 1 >= value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
            {
                return false;
            }

            i++;
        }

        return true;
    }

    private (string Name, string Value, bool Required)[] Parts() =>
    [
        ("environment", Environment, true), ("integration", Integration, true), ("tenant", Tenant, false),
        ("subject", Subject, true), ("purpose", Purpose, true), ("account", Account, false),
    ];

    private short ComputeShard()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var (_, value, _) in Parts())
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return (short)(BinaryPrimitives.ReadUInt16BigEndian(digest) >> 4);
    }
}
