using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Resources;

namespace Rekindle.Simulator.Tokens;

/// <summary>Signs ID tokens with RS256 and publishes the key. One key for all servers of a simulator.</summary>
internal sealed class IdTokenSigner
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lazy<RSA> _key = new(() => RSA.Create(2048));

    public string Sign(AuthorizationServer server, Grant grant, string? nonce, DateTimeOffset now)
    {
        var claims = Person.Of(server, grant).ToJson();
        claims["iss"] = server.Issuer.ToString();
        claims["aud"] = grant.ClientId;
        claims["iat"] = now.ToUnixTimeSeconds();
        claims["exp"] = (now + Lifetime).ToUnixTimeSeconds();
        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        if (server.Personality.IdToken.Claims is { } other)
        {
            Replace(claims, other);
        }

        var header = $$"""{"alg":"RS256","typ":"JWT","kid":"{{KeyId}}"}""";
        var signed = $"{Encode(header)}.{Encode(claims.ToJsonString())}";
        var signature = _key.Value.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public JsonObject KeySet()
    {
        var key = _key.Value.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["alg"] = "RS256",
                ["kid"] = KeyId,
                ["n"] = Base64Url.EncodeToString(key.Modulus),
                ["e"] = Base64Url.EncodeToString(key.Exponent),
            }),
        };
    }

    private string KeyId => Convert.ToHexStringLower(SHA256.HashData(_key.Value.ExportRSAPublicKey()).AsSpan(0, 8));

    private static void Replace(JsonObject claims, JsonElement other)
    {
        foreach (var claim in other.EnumerateObject())
        {
            if (claim.Value.ValueKind == JsonValueKind.Null)
            {
                claims.Remove(claim.Name);
            }
            else
            {
                claims[claim.Name] = JsonNode.Parse(claim.Value.GetRawText());
            }
        }
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
