namespace Rekindle.Providers;

/// <summary>How an expiry is written.</summary>
public enum ExpiryForm
{
    /// <summary>Judged from magnitude: seconds, milliseconds, or an absolute time (F36).</summary>
    Detect,

    /// <summary>Seconds from now.</summary>
    Seconds,

    /// <summary>Milliseconds from now.</summary>
    Milliseconds,

    /// <summary>Unix seconds.</summary>
    UnixSeconds,

    /// <summary>Unix milliseconds.</summary>
    UnixMilliseconds,

    /// <summary>ISO 8601 text.</summary>
    Iso8601,
}

/// <summary>
/// Where the values stand in a token answer. A path is dotted (<c>authed_user.access_token</c>); lists are tried in
/// order and the first non-empty value counts.
/// </summary>
public sealed record ResponseRules
{
    /// <summary>Paths to the access token.</summary>
    public IReadOnlyList<string> AccessToken { get; init; } = ["access_token"];

    /// <summary>Paths to the refresh token.</summary>
    public IReadOnlyList<string> RefreshToken { get; init; } = ["refresh_token"];

    /// <summary>Paths to the access token's expiry.</summary>
    public IReadOnlyList<string> Expiry { get; init; } = ["expires_in", "expires_at", "expires", "exp"];

    /// <summary>How that expiry is written.</summary>
    public ExpiryForm ExpiryForm { get; init; } = ExpiryForm.Detect;

    /// <summary>Paths to the refresh token's expiry.</summary>
    public IReadOnlyList<string> RefreshTokenExpiry { get; init; } = ["refresh_token_expires_in", "refresh_expires_in"];

    /// <summary>How the refresh token's expiry is written.</summary>
    public ExpiryForm RefreshTokenExpiryForm { get; init; } = ExpiryForm.Detect;

    /// <summary>Paths to the granted scopes: a string or an array.</summary>
    public IReadOnlyList<string> Scope { get; init; } = ["scope"];

    /// <summary>Between granted scopes in the answer; null: as in <see cref="RequestRules.ScopeSeparator"/>, commas and spaces both accepted.</summary>
    public string? ScopeSeparator { get; init; }

    /// <summary>Path to the ID token.</summary>
    public string IdToken { get; init; } = "id_token";

    /// <summary>Name → path of values kept on the connection (<c>instance_url</c>, <c>api_domain</c>, <c>team.id</c>).</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}
