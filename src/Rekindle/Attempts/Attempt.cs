using Rekindle.Connections;
using Rekindle.Refresh;

namespace Rekindle.Attempts;

/// <summary>
/// One try to refresh, whoever asked and however it ended (D1). Attempts are the single source of truth about
/// refreshes: they are appended, never changed.
/// </summary>
public sealed record Attempt
{
    /// <summary>Time-ordered id (UUIDv7), made when the lease was taken.</summary>
    public required Guid Id { get; init; }

    /// <summary>When the lease was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Connection.</summary>
    public required ConnectionId ConnectionId { get; init; }

    /// <summary>Row of the integration.</summary>
    public required int IntegrationId { get; init; }

    /// <summary>Environment, integration, tenant, subject, purpose, account at the time.</summary>
    public required ConnectionKey Key { get; init; }

    /// <summary>Who asked.</summary>
    public required RefreshSource Source { get; init; }

    /// <summary>How it ended, in the terminal's words.</summary>
    public required AttemptAction Action { get; init; }

    /// <summary>What the answer meant.</summary>
    public required RefreshClass Class { get; init; }

    /// <summary>Whether it passes by itself.</summary>
    public bool IsTransient { get; init; }

    /// <summary>What was done with it: <c>committed</c>, <c>strike 2 of 3</c>, <c>verdict discarded: token moved on</c>.</summary>
    public required string Decision { get; init; }

    /// <summary>What happens next, in words.</summary>
    public required string NextStep { get; init; }

    /// <summary>When the next try is due; null: none is planned.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>Who can mend it.</summary>
    public WhoActs WhoActs { get; init; }

    /// <summary>Instance id of the worker.</summary>
    public required string Worker { get; init; }

    /// <summary>Version of the worker's program.</summary>
    public required string WorkerVersion { get; init; }

    /// <summary>From the request's start to its answer's end; zero when nothing was sent.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Grant number it started from.</summary>
    public int GrantNo { get; init; }

    /// <summary>Token-set version it started from.</summary>
    public int Version { get; init; }

    /// <summary>Whether a new refresh token came back.</summary>
    public bool Rotated { get; init; }

    /// <summary>Lifetime of the new access token; null: none came, or it does not end.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>HTTP status; null: no answer.</summary>
    public int? Status { get; init; }

    /// <summary>Provider's error code, bounded.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Text of the error, bounded and scrubbed.</summary>
    public string? Error { get; init; }

    /// <summary>Prefix, length and fingerprint of the refresh token as stored, opened and sent (D5), as JSON.</summary>
    public string? Stages { get; init; }

    /// <summary>Redacted request as JSON; null for compact scheduled successes (D7).</summary>
    public string? Request { get; init; }

    /// <summary>Redacted response as JSON.</summary>
    public string? Response { get; init; }

    /// <summary>Position in the log, given by the store: cursor of the live tail.</summary>
    public long Position { get; init; }
}

/// <summary>The terminal's words for how an attempt ended (D1).</summary>
public enum AttemptAction
{
    /// <summary>A new token was stored.</summary>
    TokenRefreshed,

    /// <summary>Refused by the provider, or by us before HTTP.</summary>
    TokenRefreshFailed,

    /// <summary>No usable answer.</summary>
    TokenRefreshError,

    /// <summary>A debug run; its outcome stands beside it.</summary>
    TokenRefreshDebug,
}
