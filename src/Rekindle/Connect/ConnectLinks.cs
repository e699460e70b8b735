using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rekindle.Encryption;

namespace Rekindle.Connect;

/// <summary>
/// The last segment of a connect link: session, end, signature. What is stored is not enough to make one, so a reader of the
/// database or of a backup cannot act as the person a link was sent to; and a link that ended says so after its session is gone.
/// </summary>
public sealed class ConnectLinks
{
    private const int MaxLength = 128;
    private const int SignatureSize = 16;

    private readonly byte[] _key;

    /// <summary>Made by the container.</summary>
    public ConnectLinks(KeyRing ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        _key = ring.DeriveKey("connect-link");
    }

    /// <summary>The link's segment for a session.</summary>
    public string Make(string session, DateTimeOffset expiresAt)
    {
        var signed = string.Create(CultureInfo.InvariantCulture, $"{session}.{expiresAt.ToUnixTimeSeconds():x}");
        return $"{signed}.{Sign(signed)}";
    }

    /// <summary>Reads a segment that came with a request.</summary>
    /// <returns>The session and when the link ends; null: nobody with our key made this.</returns>
    internal (string Session, DateTimeOffset ExpiresAt)? Read(string link)
    {
        if (link.Length > MaxLength || link.Split('.') is not [var session, var end, var signature])
        {
            return null;
        }

        var expected = Sign($"{session}.{end}");
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature))
            ? (session, DateTimeOffset.FromUnixTimeSeconds(long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))
            : null;
    }

    private string Sign(string text)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text), hash);
        return Base64Url.EncodeToString(hash[..SignatureSize]);
    }
}
