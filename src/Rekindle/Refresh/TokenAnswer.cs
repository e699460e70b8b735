using System.Collections.ObjectModel;
using Rekindle.Encryption;

namespace Rekindle.Refresh;

/// <summary>The token material of an answer that is a success.</summary>
public sealed record TokenAnswer
{
    /// <summary>The access token.</summary>
    public required Secret AccessToken { get; init; }

    /// <summary>
    /// The refresh token that came. Null when the field was absent, null or empty: after a refresh that means "keep the
    /// old one", after a code exchange that there is none (I9).
    /// </summary>
    public Secret? RefreshToken { get; init; }

    /// <summary>When the access token ends, counted from when the request was sent (I12); null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where <see cref="ExpiresAt"/> came from.</summary>
    public ExpirySource ExpirySource { get; init; }

    /// <summary>When the refresh token ends, if the answer says so.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>Scopes granted; null: not stated, so as before.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Scheme for the token's use; <c>Bearer</c> unless the answer says otherwise.</summary>
    public string TokenType { get; init; } = "Bearer";

    /// <summary>The ID token, unverified.</summary>
    public Secret? IdToken { get; init; }

    /// <summary>Values the provider's entry asks to keep (<c>instance_url</c>), and URL variables that come with the answer.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
