namespace Rekindle.Encryption;

/// <summary>
/// What a sealed value is. Part of its authenticated data, so that an access token cannot be put where a refresh token
/// belongs. The numbers are stored: never reuse one.
/// </summary>
public enum SecretKind : byte
{
    /// <summary>A connection's refresh token.</summary>
    RefreshToken = 1,

    /// <summary>A connection's access token.</summary>
    AccessToken = 2,

    /// <summary>The ID token that came with a grant.</summary>
    IdToken = 3,

    /// <summary>An integration's client secret.</summary>
    ClientSecret = 4,

    /// <summary>An integration's private key, for client assertions.</summary>
    PrivateKey = 5,

    /// <summary>The PKCE verifier of a connect session.</summary>
    ConnectVerifier = 6,

    /// <summary>An authorization code or another answer kept between two requests of a connect session.</summary>
    ConnectAnswer = 7,

    /// <summary>A provider's token answer kept for reading it again.</summary>
    ProviderAnswer = 8,

    /// <summary>An answer of our API kept for a repeated request.</summary>
    IdempotentAnswer = 9,

    /// <summary>A consent that waits in a connect session for its completion.</summary>
    WaitingConsent = 10,
}
