using System.Text.Json;

namespace Rekindle.Client;

/// <summary>One try to refresh, whoever asked and however it ended.</summary>
public sealed record Attempt
{
    /// <summary>Time-ordered id.</summary>
    public required Guid Id { get; init; }

    /// <summary>When the lease was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Connection.</summary>
    public required string ConnectionId { get; init; }

    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>Customer or organisation.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The operator's user.</summary>
    public required string Subject { get; init; }

    /// <summary>Purpose.</summary>
    public required string Purpose { get; init; }

    /// <summary>Account.</summary>
    public string Account { get; init; } = "";

    /// <summary>Who asked: <c>scheduled</c>, <c>on_demand</c>, <c>debug</c>, <c>admin</c>, <c>cli</c>, <c>startup</c>, <c>cron</c> or <c>imported</c>.</summary>
    public required string Source { get; init; }

    /// <summary><c>token_refreshed</c>, <c>token_refresh_failed</c>, <c>token_refresh_error</c> or <c>token_refresh_debug</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What the answer meant: <c>success</c>, <c>rate_limited</c>, <c>grant_dead</c>, ….</summary>
    public required string Class { get; init; }

    /// <summary>Whether it passes by itself.</summary>
    public bool IsTransient { get; init; }

    /// <summary>What was done with it.</summary>
    public required string Decision { get; init; }

    /// <summary>What happens next, in words.</summary>
    public required string NextStep { get; init; }

    /// <summary>When the next try is due.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>Who can mend it: <c>nobody</c>, <c>user</c> or <c>operator</c>.</summary>
    public required string WhoActs { get; init; }

    /// <summary>Instance id of the worker.</summary>
    public required string Worker { get; init; }

    /// <summary>Version of the worker's program.</summary>
    public required string WorkerVersion { get; init; }

    /// <summary>From the request's start to its answer's end.</summary>
    public long DurationMs { get; init; }

    /// <summary>Grant number it started from.</summary>
    public int GrantNo { get; init; }

    /// <summary>Token-set version it started from.</summary>
    public int Version { get; init; }

    /// <summary>Whether a new refresh token came back.</summary>
    public bool Rotated { get; init; }

    /// <summary>Seconds of the new access token; null: none came, or it does not end.</summary>
    public long? ExpiresIn { get; init; }

    /// <summary>HTTP status; null: no answer.</summary>
    public int? Status { get; init; }

    /// <summary>Provider's error code.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Text of the error.</summary>
    public string? Error { get; init; }

    /// <summary>Prefix, length and fingerprint of the token as stored, opened and sent.</summary>
    public JsonElement? Stages { get; init; }

    /// <summary>Redacted request.</summary>
    public JsonElement? Request { get; init; }

    /// <summary>Redacted response.</summary>
    public JsonElement? Response { get; init; }
}
