using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Rekindle.Encryption;

/// <summary>
/// Our API keys: <c>rk_{environment}_{key id}_{secret}</c>, the id 12 and the secret 64 hexadecimal digits (256 bits). The
/// whole text is hashed for storing; a plain SHA-256 suffices because the secret cannot be guessed.
/// </summary>
public static class ApiKeyFormat
{
    private const string Prefix = "rk_";
    private const int IdLength = 12;
    private const int SecretLength = 64;
    private const int Suffix = 1 + IdLength + 1 + SecretLength;

    /// <summary>Makes a key. It exists only in the result: what is stored is its id and hash.</summary>
    /// <exception cref="ArgumentException">The environment's name has other characters than a-z, 0-9, '-' and '_'.</exception>
    public static MintedApiKey Mint(string environment)
    {
        ArgumentException.ThrowIfNullOrEmpty(environment);
        if (!IsEnvironment(environment))
        {
            throw new ArgumentException("An environment's name consists of a-z, 0-9, '-' and '_'.", nameof(environment));
        }

        var id = RandomNumberGenerator.GetHexString(IdLength, lowercase: true);
        var text = $"{Prefix}{environment}_{id}_{RandomNumberGenerator.GetHexString(SecretLength, lowercase: true)}";
        return new MintedApiKey(new Secret(text), environment, id, Hash(text));
    }

    /// <summary>Reads the parts that are not secret. Well formed does not mean valid: compare the hash.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? environment, [NotNullWhen(true)] out string? keyId)
    {
        environment = keyId = null;
        if (text is null || text.Length <= Prefix.Length + Suffix || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        // From the end, where the widths are fixed: an environment's name may contain the separator.
        var name = text.AsSpan(Prefix.Length, text.Length - Prefix.Length - Suffix);
        var rest = text.AsSpan(Prefix.Length + name.Length);
        var id = rest.Slice(1, IdLength);
        if (rest[0] != '_' || rest[1 + IdLength] != '_' || !IsHex(id) || !IsHex(rest[^SecretLength..]) || !IsEnvironment(name))
        {
            return false;
        }

        environment = name.ToString();
        keyId = id.ToString();
        return true;
    }

    /// <summary>What is stored in place of the key: 32 bytes.</summary>
    public static byte[] Hash(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return SHA256.HashData(Encoding.UTF8.GetBytes(key));
    }

    /// <summary>Whether the presented key has the stored hash. Takes as long for a wrong one as for the right one.</summary>
    public static bool Matches(string presentedKey, ReadOnlySpan<byte> storedHash) =>
        CryptographicOperations.FixedTimeEquals(Hash(presentedKey), storedHash);

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsEnvironment(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '_'))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>A key that was just made, shown to its owner once.</summary>
/// <param name="Key">The key itself.</param>
/// <param name="Environment">The environment it is for.</param>
/// <param name="Id">Its id, which may be shown.</param>
/// <param name="Hash">What to store.</param>
public sealed record MintedApiKey(Secret Key, string Environment, string Id, byte[] Hash);
