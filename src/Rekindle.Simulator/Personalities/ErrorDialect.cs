using System.Collections.Frozen;

namespace Rekindle.Simulator.Personalities;

/// <summary>One refusal as it goes over the wire.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The body, sent as it stands.</param>
/// <param name="ContentType">Its type.</param>
public sealed record ErrorAnswer(int Status, string Body, string ContentType = "application/json");

/// <summary>How a server words its refusals: RFC 6749 §5.2 where a dialect has no words of its own.</summary>
public sealed record ErrorDialect
{
    private static readonly FrozenDictionary<TokenError, ErrorAnswer> Standard = new Dictionary<TokenError, ErrorAnswer>
    {
        [TokenError.InvalidGrant] = Plain(400, "invalid_grant", "The grant is invalid, expired or was issued to another client."),
        [TokenError.GrantRevoked] = Plain(400, "invalid_grant", "The grant was revoked."),
        [TokenError.GrantExpired] = Plain(400, "invalid_grant", "The refresh token has expired."),
        [TokenError.ConsentRequired] = Plain(400, "consent_required", "The user has to consent."),
        [TokenError.InteractionRequired] = Plain(400, "interaction_required", "The user has to sign in."),
        [TokenError.InvalidClient] = Plain(401, "invalid_client", "Client authentication failed."),
        [TokenError.SecretExpired] = Plain(401, "invalid_client", "The client secret has expired."),
        [TokenError.InvalidRequest] = Plain(400, "invalid_request", "A parameter is missing or malformed."),
        [TokenError.InvalidScope] = Plain(400, "invalid_scope", "The scope exceeds what was granted."),
        [TokenError.UnsupportedGrantType] = Plain(400, "unsupported_grant_type", "This grant type is not served here."),
        [TokenError.NotDueYet] = Plain(400, "invalid_request", "The access token is not about to expire."),
        [TokenError.RateLimited] = Plain(429, "rate_limited", "Too many requests."),
        [TokenError.ServerError] = Plain(500, "server_error", "Something went wrong."),
    }.ToFrozenDictionary();

    /// <summary>RFC 6749 throughout.</summary>
    public static ErrorDialect OAuth { get; } = new();

    /// <summary>The refusals this dialect words differently.</summary>
    public IReadOnlyDictionary<TokenError, ErrorAnswer> Answers { get; init; } = FrozenDictionary<TokenError, ErrorAnswer>.Empty;

    /// <summary>Writes an RFC 6749 §5.2 body.</summary>
    public static ErrorAnswer Plain(int status, string error, string description) =>
        new(status, $$"""{"error":"{{error}}","error_description":"{{description}}"}""");

    internal ErrorAnswer For(TokenError error) => Answers.TryGetValue(error, out var own) ? own : Standard[error];
}
