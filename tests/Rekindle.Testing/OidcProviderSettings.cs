using System.Text.Json.Serialization;

namespace Rekindle.Testing;

/// <summary>How <see cref="OidcProviderProcess"/> behaves.</summary>
public sealed record OidcProviderSettings
{
    /// <summary>Where clients may be sent back to. A loopback address matches with any port.</summary>
    [JsonPropertyName("redirect_uris")]
    public IReadOnlyList<string> RedirectUris { get; init; } = ["http://127.0.0.1/callback"];

    /// <summary>Seconds.</summary>
    [JsonPropertyName("access_token_ttl")]
    public int AccessTokenLifetime { get; init; } = 60;

    /// <summary>How long the token endpoint waits before it works on a request.</summary>
    [JsonPropertyName("token_delay_ms")]
    public int TokenDelayMilliseconds { get; init; }
}

/// <summary>
/// Something that happened at the provider: <c>grant.success</c> with the grant type, <c>grant.error</c> with the reason,
/// <c>refresh_token.consumed</c>, <c>grant.revoked</c>, …
/// </summary>
public sealed record OidcProviderEvent(string Name, string? Detail);
