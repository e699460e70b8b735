namespace Rekindle.Simulator.Personalities;

/// <summary>How the kinds of provider that <see cref="Presets"/> imitate word their refusals.</summary>
internal static class Dialects
{
    public static ErrorDialect Html { get; } = Words(
        Enum.GetValues<TokenError>().Select(error => (error, new ErrorAnswer(
            ErrorDialect.OAuth.For(error).Status,
            $"<!DOCTYPE html><html lang=\"en\"><head><title>Error</title></head><body><h1>{Wording(error)}</h1></body></html>",
            "text/html; charset=utf-8"))));

    public static ErrorDialect AlwaysServerError { get; } = Words(
        Enum.GetValues<TokenError>().Select(error => (error, ErrorDialect.Plain(500, "internal", Wording(error)))));

    public static ErrorDialect Google { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(400, "invalid_grant", "Token has been expired or revoked.")),
        (TokenError.InteractionRequired, new(400, """
            {
              "error": "invalid_grant", "error_subtype": "invalid_rapt",
              "error_description": "reauth related error (invalid_rapt)"
            }
            """)),
        (TokenError.ServerError, ErrorDialect.Plain(400, "internal_failure", "Backend error.")),
    ]);

    public static ErrorDialect Microsoft { get; } = Words(
    [
        (TokenError.InvalidGrant, Aadsts(70000, "invalid_grant", "The provided grant is invalid.", "bad_token")),
        (TokenError.GrantRevoked, Aadsts(50173, "invalid_grant", "The grant has expired due to it being revoked.", "bad_token")),
        (TokenError.GrantExpired, Aadsts(700082, "invalid_grant", "The refresh token has expired due to inactivity.", "token_expired")),
        (TokenError.ConsentRequired, Aadsts(65001, "invalid_grant", "The user has not consented.", "consent_required")),
        (TokenError.InteractionRequired, Aadsts(50076, "interaction_required", "Multi-factor authentication is needed.", "basic_action")),
        (TokenError.InvalidClient, Aadsts(7000215, "invalid_client", "Invalid client secret provided.", status: 401)),
        (TokenError.SecretExpired, Aadsts(7000222, "invalid_client", "The client secret keys are expired.", status: 401)),
        (TokenError.InvalidScope, Aadsts(70011, "invalid_scope", "The value for the input parameter 'scope' is not valid.")),
        (TokenError.RateLimited, Aadsts(90055, "temporarily_unavailable", "Tenant is throttled.", status: 429)),
        (TokenError.ServerError, Aadsts(90033, "temporarily_unavailable", "A transient error has occurred.", status: 503)),
    ]);

    public static ErrorDialect Ebay { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(
            400, "invalid_grant", "the provided authorization refresh token is invalid or was issued to another client")),
        (TokenError.ConsentRequired, ErrorDialect.Plain(400, "invalid_scope", "The requested scope exceeds what was granted.")),
    ]);

    public static ErrorDialect Slack { get; } = Words(
    [
        .. Dead(NotOk("invalid_refresh_token")),
        (TokenError.GrantRevoked, NotOk("token_revoked")),
        (TokenError.ConsentRequired, NotOk("authorization_not_found")),
        (TokenError.InteractionRequired, NotOk("access_denied")),
        .. WrongClient(NotOk("bad_client_secret")),
        (TokenError.InvalidRequest, NotOk("invalid_arguments")),
        (TokenError.InvalidScope, NotOk("invalid_scope")),
        (TokenError.UnsupportedGrantType, NotOk("invalid_grant_type")),
        (TokenError.RateLimited, NotOk("ratelimited", status: 429)),
        (TokenError.ServerError, NotOk("internal_error")),
    ]);

    public static ErrorDialect GitHub { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(200, "bad_refresh_token", "The refresh token passed is incorrect or expired.")),
        .. WrongClient(ErrorDialect.Plain(200, "incorrect_client_credentials", "The client_id or client_secret is incorrect.")),
        (TokenError.UnsupportedGrantType, ErrorDialect.Plain(200, "unsupported_grant_type", "The grant type is not supported.")),
    ]);

    // A wrong secret answers the code of a declined consent: it must not look like one.
    public static ErrorDialect Atlassian { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(403, "invalid_grant", "Unknown or invalid refresh token.")),
        .. WrongClient(ErrorDialect.Plain(401, "access_denied", "Unauthorized")),
    ]);

    // A passing trouble comes as 400 invalid_grant here.
    public static ErrorDialect Salesforce { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(400, "invalid_grant", "expired access/refresh token")),
        .. WrongClient(ErrorDialect.Plain(400, "invalid_client", "invalid client credentials")),
        (TokenError.InteractionRequired, ErrorDialect.Plain(400, "invalid_grant", "ip restricted")),
        (TokenError.ServerError, ErrorDialect.Plain(400, "invalid_grant", "token request is already being processed")),
    ]);

    public static ErrorDialect Zoho { get; } = Words(
    [
        .. Dead(new(200, """{"error":"invalid_code"}""")),
        .. WrongClient(new(200, """{"error":"invalid_client"}""")),
        (TokenError.RateLimited, new(200, """
            {
              "error": "Access Denied", "status": "failure",
              "error_description": "You have made too many requests continuously. Please try again after some time."
            }
            """)),
    ]);

    // Nothing tells a dead token from another application's id.
    public static ErrorDialect Shopify { get; } = Words(
    [
        .. Dead(ErrorDialect.Plain(401, "invalid_request", "This request requires an active refresh_token")),
        .. WrongClient(ErrorDialect.Plain(401, "invalid_request", "This request requires an active refresh_token")),
    ]);

    public static ErrorDialect Graph { get; } = Words(
    [
        (TokenError.InvalidGrant, GraphError(190, 467, "Error validating access token: The session is invalid.")),
        (TokenError.GrantRevoked, GraphError(190, 458, "Error validating access token: The user has not authorized application.")),
        (TokenError.GrantExpired, GraphError(190, 463, "Error validating access token: Session has expired.")),
        (TokenError.ConsentRequired, GraphError(10, 0, "Application does not have permission for this action.")),
        (TokenError.InteractionRequired, GraphError(190, 459, "The user has to log in to remove a checkpoint.")),
        .. WrongClient(GraphError(1, 0, "Error validating client secret.")),
        (TokenError.InvalidRequest, GraphError(100, 0, "Missing or invalid parameter.")),
        (TokenError.NotDueYet, GraphError(100, 0, "The access token must be at least 24 hours old.")),
        (TokenError.RateLimited, GraphError(4, 0, "Application request limit reached.")),
        (TokenError.ServerError, GraphError(2, 0, "An unexpected error has occurred.", status: 500)),
    ]);

    // Where two entries name the same error the later one counts.
    private static ErrorDialect Words(IEnumerable<(TokenError Error, ErrorAnswer Answer)> answers) => new()
    {
        Answers = answers.GroupBy(answer => answer.Error).ToDictionary(same => same.Key, same => same.Last().Answer),
    };

    private static IEnumerable<(TokenError Error, ErrorAnswer Answer)> Dead(ErrorAnswer answer) =>
        [(TokenError.InvalidGrant, answer), (TokenError.GrantRevoked, answer), (TokenError.GrantExpired, answer)];

    private static IEnumerable<(TokenError Error, ErrorAnswer Answer)> WrongClient(ErrorAnswer answer) =>
        [(TokenError.InvalidClient, answer), (TokenError.SecretExpired, answer)];

    private static ErrorAnswer NotOk(string error, int status = 200) => new(status, $$"""{"ok":false,"error":"{{error}}"}""");

    private static ErrorAnswer Aadsts(int number, string error, string text, string? suberror = null, int status = 400) => new(
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
