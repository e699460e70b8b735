namespace Rekindle.Client;

/// <summary>Why a request was not answered as wished: RFC 9457 problem details with a stable <see cref="Code"/>.</summary>
public sealed record Problem
{
    /// <summary><c>urn:rekindle:problem:</c> and the code.</summary>
    public string? Type { get; init; }

    /// <summary>The kind of problem in a few words.</summary>
    public string? Title { get; init; }

    /// <summary>HTTP status.</summary>
    public int Status { get; init; }

    /// <summary>What is wrong and what to do; never a secret.</summary>
    public string? Detail { get; init; }

    /// <summary>Stable word for programs: <c>needs_reauthorization</c>, <c>refresh_in_progress</c>, ….</summary>
    public required string Code { get; init; }

    /// <summary>Whether the same request may succeed later without anybody doing anything.</summary>
    public bool Retryable { get; init; }

    /// <summary>Who can mend it: <c>nobody</c>, <c>user</c> or <c>operator</c>.</summary>
    public string WhoActs { get; init; } = "operator";

    /// <summary>When to ask again; the same as the Retry-After header.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The connection, when one was found.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>Why a connection needs its user: <c>revoked</c>, <c>expired</c>, <c>rotation_lost</c>, ….</summary>
    public string? Reason { get; init; }

    /// <summary>Purpose that was asked for.</summary>
    public string? Purpose { get; init; }

    /// <summary>Scopes that purpose needs.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Connections to choose from, for <c>ambiguous_connection</c>.</summary>
    public IReadOnlyList<string>? Candidates { get; init; }

    /// <summary>Until when the present token is valid, for <c>min_valid_not_met</c>.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>Where to POST for a link that lets the user reconnect.</summary>
    public string? ReconnectLink { get; init; }

    /// <summary>Where to POST integration, subject, tenant and purpose for a link that lets the user connect, for <c>not_connected</c> and <c>purpose_not_connected</c>.</summary>
    public string? ConnectLink { get; init; }

    /// <summary>Every mistake of the request, for <c>invalid_request</c>.</summary>
    public IReadOnlyList<FieldMistake>? Errors { get; init; }

    /// <summary>Id to find this request by in the server's log, for <c>internal_error</c>.</summary>
    public string? TraceId { get; init; }
}

/// <summary>One mistake of a request.</summary>
/// <param name="Field">Path of the field, or name of the parameter or header.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record FieldMistake(string Field, string Message);
