namespace Rekindle.Simulator.Personalities;

/// <summary>Error bodies of the kinds of provider that <see cref="Presets"/> imitate.</summary>
internal static class Dialects
{
    private const string PlainHtml = "text/html; charset=utf-8";

    public static ErrorDialect Html { get; } = Dialect(
        Everything.Select(error => (error, new ErrorAnswer(
            ErrorDialect.OAuth.For(error).Status,
            $"<!DOCTYPE html><html lang=\"en\"><head><title>Error</title></head><body><h1>{Wording(error)}</h1></body></html>",
            PlainHtml))));

    public static ErrorDialect AlwaysServerError { get; } = Dialect(
        Everything.Select(error => (error, new ErrorAnswer(500, $$"""{"error":"internal","error_description":"{{Wording(error)}}"}"""))));

    public static ErrorDialect Google { get; } = Dialect(
        (TokenError.InvalidGrant, Standard(400, "invalid_grant", "Token has been expired or revoked.")),
        (TokenError.GrantRevoked, Standard(400, "invalid_grant", "Token has been expired or revoked.")),
        (TokenError.GrantExpired, Standard(400, "invalid_grant", "Token has been expired or revoked.")),
        (TokenError.InteractionRequired, new(400, """{"error":"invalid_grant","error_description":"reauth related error (invalid_rapt)","error_subtype":"invalid_rapt"}""")),
        (TokenError.ServerError, Standard(400, "internal_failure", "Backend error.")));

    public static ErrorDialect Microsoft { get; } = Dialect(
        (TokenError.InvalidGrant, Aadsts(400, "invalid_grant", 70000, "The provided grant is invalid.", "bad_token")),
        (TokenError.GrantRevoked, Aadsts(400, "invalid_grant", 50173, "The provided grant has expired due to it being revoked.", "bad_token")),
        (TokenError.GrantExpired, Aadsts(400, "invalid_grant", 700082, "The refresh token has expired due to inactivity.", "token_expired")),
        (TokenError.ConsentRequired, Aadsts(400, "invalid_grant", 65001, "The user or administrator has not consented.", "consent_required")),
        (TokenError.InteractionRequired, Aadsts(400, "interaction_required", 50076, "You must use multi-factor authentication.", "basic_action")),
        (TokenError.InvalidClient, Aadsts(401, "invalid_client", 7000215, "Invalid client secret provided.")),
        (TokenError.SecretExpired, Aadsts(401, "invalid_client", 7000222, "The provided client secret keys are expired.")),
        (TokenError.InvalidScope, Aadsts(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")),
        (TokenError.RateLimited, Aadsts(429, "temporarily_unavailable", 90055, "Tenant is throttled.")),
        (TokenError.ServerError, Aadsts(503, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")));

    public static ErrorDialect Ebay { get; } = Dialect(
        (TokenError.InvalidGrant, DeadEbay),
        (TokenError.GrantRevoked, DeadEbay),
        (TokenError.GrantExpired, DeadEbay),
        (TokenError.ConsentRequired, Standard(400, "invalid_scope", "The requested scope is invalid, unknown or exceeds what was granted.")));

    public static ErrorDialect Slack { get; } = Dialect(
        (TokenError.InvalidGrant, NotOk("invalid_refresh_token")),
        (TokenError.GrantRevoked, NotOk("token_revoked")),
        (TokenError.GrantExpired, NotOk("invalid_refresh_token")),
        (TokenError.ConsentRequired, NotOk("authorization_not_found")),
        (TokenError.InteractionRequired, NotOk("access_denied")),
        (TokenError.InvalidClient, NotOk("bad_client_secret")),
        (TokenError.SecretExpired, NotOk("bad_client_secret")),
        (TokenError.InvalidRequest, NotOk("invalid_arguments")),
        (TokenError.InvalidScope, NotOk("invalid_scope")),
        (TokenError.UnsupportedGrantType, NotOk("invalid_grant_type")),
        (TokenError.RateLimited, new(429, """{"ok":false,"error":"ratelimited"}""")),
        (TokenError.ServerError, NotOk("internal_error")));

    public static ErrorDialect GitHub { get; } = Dialect(
        (TokenError.InvalidGrant, Standard(200, "bad_refresh_token", "The refresh token passed is incorrect or expired.")),
        (TokenError.GrantRevoked, Standard(200, "bad_refresh_token", "The refresh token passed is incorrect or expired.")),
        (TokenError.GrantExpired, Standard(200, "bad_refresh_token", "The refresh token passed is incorrect or expired.")),
        (TokenError.InvalidClient, Standard(200, "incorrect_client_credentials", "The client_id or client_secret passed are incorrect.")),
        (TokenError.SecretExpired, Standard(200, "incorrect_client_credentials", "The client_id or client_secret passed are incorrect.")),
        (TokenError.UnsupportedGrantType, Standard(200, "unsupported_grant_type", "The grant type is not supported.")));

    public static ErrorDialect Atlassian { get; } = Dialect(
        (TokenError.InvalidGrant, Standard(403, "invalid_grant", "Unknown or invalid refresh token.")),
        (TokenError.GrantRevoked, Standard(403, "invalid_grant", "Unknown or invalid refresh token.")),
        (TokenError.GrantExpired, Standard(403, "invalid_grant", "Unknown or invalid refresh token.")),
        (TokenError.InvalidClient, Standard(401, "access_denied", "Unauthorized")),
        (TokenError.SecretExpired, Standard(401, "access_denied", "Unauthorized")));

    public static ErrorDialect Salesforce { get; } = Dialect(
        (TokenError.InvalidGrant, Standard(400, "invalid_grant", "expired access/refresh token")),
        (TokenError.GrantRevoked, Standard(400, "invalid_grant", "expired access/refresh token")),
        (TokenError.GrantExpired, Standard(400, "invalid_grant", "expired access/refresh token")),
        (TokenError.InteractionRequired, Standard(400, "invalid_grant", "ip restricted")),
        (TokenError.InvalidClient, Standard(400, "invalid_client", "invalid client credentials")),
        (TokenError.SecretExpired, Standard(400, "invalid_client", "invalid client credentials")),
        (TokenError.ServerError, Standard(400, "invalid_grant", "token request is already being processed")));

    public static ErrorDialect Zoho { get; } = Dialect(
        (TokenError.InvalidGrant, new(200, """{"error":"invalid_code"}""")),
        (TokenError.GrantRevoked, new(200, """{"error":"invalid_code"}""")),
        (TokenError.GrantExpired, new(200, """{"error":"invalid_code"}""")),
        (TokenError.InvalidClient, new(200, """{"error":"invalid_client"}""")),
        (TokenError.SecretExpired, new(200, """{"error":"invalid_client"}""")),
        (TokenError.RateLimited, new(200, """{"error_description":"You have made too many requests continuously. Please try again after some time.","error":"Access Denied","status":"failure"}""")));

    public static ErrorDialect Shopify { get; } = Dialect(
        (TokenError.InvalidGrant, DeadShopify),
        (TokenError.GrantRevoked, DeadShopify),
        (TokenError.GrantExpired, DeadShopify),
        (TokenError.InvalidClient, DeadShopify),
        (TokenError.SecretExpired, DeadShopify));

    public static ErrorDialect Graph { get; } = Dialect(
        (TokenError.InvalidGrant, GraphError(190, 467, "Error validating access token: Session does not match current stored session.")),
        (TokenError.GrantRevoked, GraphError(190, 458, "Error validating access token: The user has not authorized application.")),
        (TokenError.GrantExpired, GraphError(190, 463, "Error validating access token: Session has expired.")),
        (TokenError.ConsentRequired, GraphError(10, 0, "Application does not have permission for this action.")),
        (TokenError.InteractionRequired, GraphError(190, 459, "You cannot access the app till you log in and follow the instructions given.")),
        (TokenError.InvalidClient, GraphError(1, 0, "Error validating client secret.")),
        (TokenError.SecretExpired, GraphError(1, 0, "Error validating client secret.")),
        (TokenError.InvalidRequest, GraphError(100, 0, "Missing or invalid parameter.")),
        (TokenError.NotDueYet, GraphError(100, 0, "The access token must be at least 24 hours old.")),
        (TokenError.RateLimited, GraphError(4, 0, "Application request limit reached.")),
        (TokenError.ServerError, GraphError(2, 0, "An unexpected error has occurred. Please retry your request later.", status: 500)));

    private static IEnumerable<TokenError> Everything => Enum.GetValues<TokenError>();

    private static ErrorAnswer DeadEbay =>
        Standard(400, "invalid_grant", "the provided authorization refresh token is invalid or was issued to another client");

    private static ErrorAnswer DeadShopify => Standard(401, "invalid_request", "This request requires an active refresh_token");

    private static ErrorDialect Dialect(params IEnumerable<(TokenError Error, ErrorAnswer Answer)> answers) =>
        new() { Answers = answers.ToDictionary(answer => answer.Error, answer => answer.Answer) };

    private static ErrorAnswer Standard(int status, string error, string description) => ErrorDialect.Plain(status, error, description);

    private static ErrorAnswer NotOk(string error) => new(200, $$"""{"ok":false,"error":"{{error}}"}""");

    private static ErrorAnswer Aadsts(int status, string error, int number, string text, string? suberror = null) => new(
        status,
        $$"""
        {
          "error": "{{error}}", {{(suberror is null ? "" : $"\"suberror\": \"{suberror}\",")}}
          "error_description": "AADSTS{{number}}: {{text}} Trace ID: 00000000-0000-0000-0000-000000000000",
          "error_codes": [{{number}}], "timestamp": "2026-01-01 00:00:00Z"
        }
        """);

    private static ErrorAnswer GraphError(int code, int subcode, string message, int status = 400) => new(
        status,
        $$"""
        {
          "error": {
            "message": "{{message}}", "type": "OAuthException", "code": {{code}}, "error_subcode": {{subcode}}, "fbtrace_id": "A0000000000"
          }
        }
        """);

    private static string Wording(TokenError error) => error switch
    {
        TokenError.InvalidClient or TokenError.SecretExpired => "Unauthorized",
        TokenError.RateLimited => "Too many requests",
        TokenError.ServerError => "Internal error",
        _ => "Bad request",
    };
}
