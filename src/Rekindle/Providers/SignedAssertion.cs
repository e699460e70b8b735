using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rekindle.Encryption;

namespace Rekindle.Providers;

/// <summary>
/// A JWT signed with the integration's key: RFC 7523 client assertions, and the client secrets of providers that want
/// one (Apple). RSA keys sign RS256, EC keys on P-256 sign ES256.
/// </summary>
internal static class SignedAssertion
{
    /// <summary>Long enough for a skewed clock, short enough to be worth little to a thief.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public static (Secret? Token, string? Problem) Make(ClientCredentials client, Secret privateKeyPem, string audience, DateTimeOffset now)
    {
        using var ec = ECDsa.Create();
        if (TryImport(ec, privateKeyPem))
        {
            return ec.KeySize == 256
                ? (Sign("ES256", bytes => ec.SignData(bytes, HashAlgorithmName.SHA256)), null)
                : (null, "The integration's private key is an EC key, but not on P-256, which ES256 needs.");
        }

        using var rsa = RSA.Create();
        return TryImport(rsa, privateKeyPem)
            ? (Sign("RS256", bytes => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)), null)
            : (null, "The integration's private key cannot be read: an unencrypted RSA or EC key in PEM form is needed.");

        Secret Sign(string algorithm, Func<byte[], byte[]> sign)
        {
            var signed = $"{Base64Url.EncodeToString(Header(client, algorithm))}.{Base64Url.EncodeToString(Claims(client, audience, now))}";
            return new Secret($"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}");
        }
    }

    /// <summary>Why a key cannot sign; null: it can.</summary>
    public static string? Mistake(Secret privateKeyPem)
    {
        using var ec = ECDsa.Create();
        if (TryImport(ec, privateKeyPem))
        {
            return ec.KeySize == 256 ? null : "is an EC key, but not on P-256, which ES256 needs.";
        }

        using var rsa = RSA.Create();
        return TryImport(rsa, privateKeyPem) ? null : "cannot be read: an unencrypted RSA or EC key in PEM form is needed.";
    }

    private static bool TryImport(AsymmetricAlgorithm key, Secret pem)
    {
        try
        {
            key.ImportFromPem(pem.Reveal());
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    private static ReadOnlySpan<byte> Header(ClientCredentials client, string algorithm) => Json(json =>
    {
        json.WriteString("alg", algorithm);
        json.WriteString("typ", "JWT");
        if (client.KeyId is { } keyId)
        {
            json.WriteString("kid", keyId);
        }
    });

    private static ReadOnlySpan<byte> Claims(ClientCredentials client, string audience, DateTimeOffset now) => Json(json =>
    {
        var claims = new Dictionary<string, string>
        {
            ["iss"] = client.ClientId,
            ["sub"] = client.ClientId,
            ["aud"] = audience,
            ["jti"] = RandomNumberGenerator.GetHexString(32, lowercase: true),
        };
        foreach (var (name, value) in client.KeyClaims)
        {
            claims[name] = value;
        }

        foreach (var (name, value) in claims)
        {
            json.WriteString(name, value);
        }

        json.WriteNumber("iat", now.ToUnixTimeSeconds());
        json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
    });

    private static ReadOnlySpan<byte> Json(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return output.WrittenSpan;
    }
}
