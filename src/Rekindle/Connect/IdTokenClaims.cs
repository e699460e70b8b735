using System.Buffers.Text;
using Rekindle.Encryption;
using Rekindle.Refresh;

namespace Rekindle.Connect;

/// <summary>
/// The claims of an ID token that came with a code exchange, checked as OpenID Connect Core §3.1.3.7 asks.
/// </summary>
/// <remarks>
/// The signature is not verified. The token was received from the token endpoint itself over TLS, not through the browser; for
/// that case the standard lets the server's certificate stand for the signature (rule 6). It is used for one thing only, to tell
/// whose account was connected, and then thrown away.
/// </remarks>
internal static class IdTokenClaims
{
    private const int MaxPayload = 64 * 1024;
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>Reads and checks; null: not to be believed, for the reason given.</summary>
    public static AnswerDocument? Read(Secret idToken, IdTokenExpectation expected, out string problem)
    {
        if (Payload(idToken.Reveal()) is not { } payload)
        {
            problem = "The ID token is not a signed JWT.";
            return null;
        }

        var claims = AnswerDocument.Parse(payload, truncated: false);
        problem = Problem(claims, expected) ?? "";
        if (problem.Length == 0)
        {
            return claims;
        }

        claims.Dispose();
        return null;
    }

    private static string? Problem(AnswerDocument claims, IdTokenExpectation expected)
    {
        if (expected.Issuer is { } issuer && claims.FirstText("iss") is var iss && !SameIssuer(issuer, iss))
        {
            return "The ID token was made by another issuer.";
        }

        var audience = claims.Find("aud").Select(AnswerValue.Text).ToArray();
        if (!audience.Contains(expected.ClientId)
            || (audience.Length > 1 && claims.FirstText("azp") is { } party && party != expected.ClientId))
        {
            return "The ID token was made for another client.";
        }

        if (claims.Find("exp") is not [{ } exp] || AnswerValue.Number(exp) is not { } end || end + Skew.TotalSeconds < expected.Now.ToUnixTimeSeconds())
        {
            return "The ID token has ended, or says not when it ends.";
        }

        // Some providers leave the nonce out (LinkedIn) or empty (Slack). One that is there must be ours: another one means that the
        // code was made for another sign-in.
        return claims.FirstText("nonce") is { } nonce && nonce != expected.Nonce ? "The ID token was made for another sign-in." : null;
    }

    public static bool SameIssuer(string expected, string? given) =>
        given is not null && string.Equals(expected.TrimEnd('/'), given.TrimEnd('/'), StringComparison.Ordinal);

    private static byte[]? Payload(string token)
    {
        var parts = token.Split('.');
        return parts is [_, { Length: > 0 and <= MaxPayload } payload, _] && Base64Url.IsValid(payload) ? Base64Url.DecodeFromChars(payload) : null;
    }
}

/// <summary>What an ID token must say.</summary>
/// <param name="Issuer">Its issuer; null: not known.</param>
/// <param name="ClientId">Our client.</param>
/// <param name="Nonce">The nonce that was sent.</param>
/// <param name="Now">Present time.</param>
internal sealed record IdTokenExpectation(string? Issuer, string ClientId, string Nonce, DateTimeOffset Now);
