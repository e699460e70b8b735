using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rekindle.Encryption;

namespace Rekindle.Connect;

/// <summary>Values that a flow gives out once and of which it keeps a hash: state, browser cookie, completion code; and what is derived from its verifier.</summary>
internal static class OneTimeSecret
{
    private const int Size = 32;

    public static Secret New() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size)));

    public static string NewSessionId() => "cs_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    public static byte[] Hash(string value) => SHA256.HashData(Encoding.UTF8.GetBytes(value));

    /// <summary>
    /// Hash of a state together with the callback it is good for: an answer that arrives at another integration's callback finds
    /// no sign-in, so its code is not sent to the wrong provider (mix-up).
    /// </summary>
    public static byte[] StateHash(string state, string environment, string integration) => Hash($"{environment}\n{integration}\n{state}");

    public static bool Matches(string? value, byte[]? hash) =>
        value is { Length: > 0 and <= 200 } && hash is not null && CryptographicOperations.FixedTimeEquals(Hash(value), hash);

    /// <summary>
    /// The completion code together with the grant it is for. Were it the code alone, one that somebody kept back could
    /// complete the consent of somebody else that arrived at the same connection later.
    /// </summary>
    public static string CompletionOf(string code, int grantNo) => string.Create(CultureInfo.InvariantCulture, $"{code}.{grantNo}");

    /// <summary>PKCE S256 challenge (RFC 7636 §4.2).</summary>
    public static string ChallengeOf(Secret verifier) => Base64Url.EncodeToString(Hash(verifier.Reveal()));

    /// <summary>OpenID Connect nonce: bound to the verifier, so that the session has nothing more to keep.</summary>
    public static string NonceOf(Secret verifier) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(verifier.Reveal()), "nonce"u8));
}
