using Microsoft.AspNetCore.Http;
using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.AspNetCore.Http;

/// <summary>Every problem of the API: status, code, who acts. The only place where they are made.</summary>
internal static class Problems
{
    public const string TypePrefix = "urn:rekindle:problem:";

    /// <summary>The request has mistakes; all are named and nothing was changed.</summary>
    public static ApiAnswer Invalid(Mistakes mistakes)
    {
        var found = mistakes.Found;
        return Answer(422, "invalid_request", "The request has mistakes", string.Join(' ', found.Take(5).Select(m => m.Field.Length == 0
            ? $"{char.ToUpperInvariant(m.Message[0])}{m.Message[1..]}"
            : $"{m.Field} {m.Message}")) + (found.Count > 5 ? $" And {found.Count - 5} more." : ""), errors: found);
    }

    public static ApiAnswer Invalid(string field, string message)
    {
        var mistakes = new Mistakes();
        mistakes.Add(field, message);
        return Invalid(mistakes);
    }

    public static ApiAnswer MissingKey { get; } = Answer(
        401, "missing_api_key", "API key missing", "Send an API key: Authorization: Bearer rk_….");

    public static ApiAnswer InvalidKey { get; } = Answer(
        401, "invalid_api_key", "API key not accepted", "The API key is not one of this server's, has ended, or was revoked.");

    public static ApiAnswer TooManyFailures(TimeSpan wait) => Answer(
        429, "too_many_failures", "Too many wrong API keys", "Too many requests from this address carried no valid API key. Wait, then correct the key.",
        retryAfter: wait);

    public static ApiAnswer MissingScope(string scope) => Answer(
        403, "missing_scope", "Scope missing", $"The API key lacks the scope '{scope}'.");

    public static ApiAnswer KeyLimited { get; } = Answer(
        403, "key_limited", "API key does not reach this", "The API key is limited to other integrations or tenants.");

    public static ApiAnswer KeyLimitedToParts { get; } = Answer(
        403, "key_limited", "API key does not reach this",
        "This tells about the whole environment, and the API key is limited to some of its integrations or tenants.");

    public static ApiAnswer KeyLimitedToTenants { get; } = Answer(
        403, "key_limited", "API key does not reach this",
        "An integration belongs to all tenants together, and the API key is limited to some: whoever changed it could redirect the tokens of the others.");

    public static ApiAnswer UnknownRoute { get; } = Answer(404, "unknown_route", "No such address", "There is nothing at this address. See /openapi.json.");

    public static ApiAnswer WrongMethod { get; } = Answer(405, "wrong_method", "Wrong method", "This address does not answer to this method; the Allow header says to which.");

    public static ApiAnswer NotFound(string code, string detail) => Answer(404, code, "Not found", detail);

    public static ApiAnswer UnknownConnection(string id) => NotFound("unknown_connection", $"There is no connection {Shown(id)}.");

    public static ApiAnswer Conflict(string code, string title, string detail, ConnectionId? connection = null) =>
        Answer(409, code, title, detail, connection: connection);

    public static ApiAnswer Refused(LeverRefusal refusal) => refusal switch
    {
        LeverRefusal.InProduction => Conflict(
            "refused_in_production", "Not in production", $"Nothing is simulated in the environment '{SimulatedFailure.RefusedIn}'. Nothing was changed."),
        _ => Conflict("integration_misconfigured", "Provider unknown", "The catalogue has no provider of that integration's: what its failure would do cannot be told."),
    };

    public static ApiAnswer Busy(string code, string title, string detail, TimeSpan wait) =>
        Answer(503, code, title, detail, WhoActs.Nobody, wait);

    public static ApiAnswer IdempotencyKeyReused { get; } = Answer(
        422, "idempotency_key_reused", "Idempotency-Key used for another request", "This Idempotency-Key came with another request within 24 hours. Use a new one.");

    public static ApiAnswer IdempotencyAnswerLost { get; } = Answer(
        409, "idempotency_answer_lost", "Stored answer cannot be opened",
        "The request was done before, and its stored answer cannot be opened with this server's key ring. Read what was made instead of repeating.");

    public static ApiAnswer IdempotencyOutcomeUnknown { get; } = Answer(
        409, "idempotency_answer_lost", "Outcome not known",
        "The first request with this Idempotency-Key did not leave an answer: its server ended, or could not store it. Look whether it was done; if not, repeat it with a new key.");

    public static ApiAnswer StoreAway { get; } = Answer(
        503, "store_unavailable", "Database unavailable", "The database cannot be used for now; the server's log says why.", retryAfter: TimeSpan.FromSeconds(1));

    public static ApiAnswer Frozen(FrozenException e) => Answer(
        503, "frozen", "Refreshing is frozen", e.Message, retryAfter: TimeSpan.FromSeconds(30));

    public static ApiAnswer Internal(string traceId) => ApiAnswer.Problem(Of(
        500, "internal_error", "Defect in this server", $"The request broke; the server's log has the cause under {traceId}.") with
    { TraceId = traceId });

    public static ApiAnswer OfBadRequest(BadHttpRequestException e) => e.StatusCode switch
    {
        413 => Answer(413, "body_too_large", "Body too large", $"At most {JsonBody.MaxBytes} bytes are read."),
        415 => Answer(415, "not_json", "Body is not JSON", "Send Content-Type: application/json."),
        408 => Answer(408, "too_slow", "Request too slow", "The request did not arrive in time.", WhoActs.Nobody),
        _ => Answer(400, "malformed_request", "Request not readable", "The request is not well-formed HTTP."),
    };

    /// <summary>Why no token could be handed out (DESIGN §7). A provider's failure is never a 401 of ours.</summary>
    public static ApiAnswer Of(TokenError error) => ApiAnswer.Problem(ToProblem(error));

    public static Wire.Problem ToProblem(TokenError error)
    {
        var code = Names.Of(error.Code);
        return Of(StatusOf(error), code, TitleOf(error.Code), error.Message) with
        {
            Retryable = error.Retryable,
            WhoActs = Names.Of(error.WhoActs),
            RetryAfterSeconds = error.Retryable ? Seconds(error.RetryAfter ?? TimeSpan.FromSeconds(30)) : null,
            ConnectionId = error.ConnectionId?.ToString(),
            Reason = error.Reason is { } reason ? Names.Of(reason) : null,
            Purpose = error.Purpose,
            Scopes = error.Scopes.Count > 0 ? error.Scopes : null,
            Candidates = error.Candidates.Count > 0 ? [.. error.Candidates.Select(c => c.ToString())] : null,
            ValidUntil = error.ValidUntil,
            ReconnectLink = error.WhoActs == WhoActs.User && error.ConnectionId is { } id ? $"/v1/connections/{id}/reconnect-link" : null,
            ConnectLink = error.Code is TokenErrorCode.NotConnected or TokenErrorCode.PurposeNotConnected ? "/v1/connect-sessions" : null,
        };
    }

    private static int StatusOf(TokenError error) => error.Code switch
    {
        TokenErrorCode.NotConnected or TokenErrorCode.UnknownIntegration => 404,
        TokenErrorCode.DecryptFailed => 500,
        TokenErrorCode.MinValidNotMet => error.Retryable ? 503 : 409,
        TokenErrorCode.PurposeNotConnected or TokenErrorCode.AmbiguousConnection or TokenErrorCode.ConnectionPending
            or TokenErrorCode.ConnectionStandby or TokenErrorCode.NeedsReauthorization or TokenErrorCode.ConnectionDisabled
            or TokenErrorCode.ConnectionRevoked or TokenErrorCode.ExpiredNotRefreshable => 409,
        _ => 503,
    };

    private static string TitleOf(TokenErrorCode code) => code switch
    {
        TokenErrorCode.NotConnected => "Not connected",
        TokenErrorCode.PurposeNotConnected => "Not connected for this purpose",
        TokenErrorCode.AmbiguousConnection => "Several connections match",
        TokenErrorCode.UnknownIntegration => "No such integration",
        TokenErrorCode.ConnectionPending => "Connection not completed",
        TokenErrorCode.ConnectionStandby => "Connection in standby",
        TokenErrorCode.NeedsReauthorization => "Account has to be connected again",
        TokenErrorCode.ConnectionDisabled => "Connection disabled",
        TokenErrorCode.ConnectionRevoked => "Connection revoked",
        TokenErrorCode.ExpiredNotRefreshable => "Token ended and cannot be refreshed",
        TokenErrorCode.RefreshInProgress => "Refresh in progress",
        TokenErrorCode.ProviderThrottled => "Provider asked us to wait",
        TokenErrorCode.BudgetExhausted => "Budget used up",
        TokenErrorCode.ProviderUnavailable => "Provider unavailable",
        TokenErrorCode.IntegrationPaused => "Integration paused",
        TokenErrorCode.IntegrationMisconfigured => "Integration misconfigured",
        TokenErrorCode.IntegrationSuspect => "Integration suspect",
        TokenErrorCode.RefreshFailed => "Last refresh failed",
        TokenErrorCode.MinValidNotMet => "Token valid for less than asked",
        TokenErrorCode.DecryptFailed => "Stored token cannot be opened",
        TokenErrorCode.StoreUnavailable => "Database unavailable",
        TokenErrorCode.ClockSkewed => "Clock off",
        TokenErrorCode.Frozen => "Refreshing is frozen",
        _ => "No token",
    };

    private static ApiAnswer Answer(
        int status, string code, string title, string detail, WhoActs who = WhoActs.Operator, TimeSpan? retryAfter = null,
        ConnectionId? connection = null, IReadOnlyList<Wire.FieldMistake>? errors = null) =>
        ApiAnswer.Problem(Of(status, code, title, detail) with
        {
            Retryable = retryAfter is not null,
            WhoActs = Names.Of(who),
            RetryAfterSeconds = retryAfter is { } wait ? Seconds(wait) : null,
            ConnectionId = connection?.ToString(),
            Errors = errors,
        });

    private static Wire.Problem Of(int status, string code, string title, string detail) => new()
    {
        Type = TypePrefix + code,
        Title = title,
        Status = status,
        Detail = detail,
        Code = code,
    };

    // Never 0: "at once" would be asked in a loop.
    private static int Seconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(Math.Min(wait.TotalSeconds, int.MaxValue)));

    private static string Shown(string text) => text.Length <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '~') ? text : "of that id";
}
