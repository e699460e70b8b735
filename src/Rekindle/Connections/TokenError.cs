using Rekindle.Refresh;

namespace Rekindle.Connections;

/// <summary>Why no token could be handed out. The words are stable: they are the API's <c>code</c>s (DESIGN §7).</summary>
public enum TokenErrorCode
{
    /// <summary>There is no such connection.</summary>
    NotConnected,

    /// <summary>The user is connected, but not for that purpose (A10).</summary>
    PurposeNotConnected,

    /// <summary>Several accounts match: name one.</summary>
    AmbiguousConnection,

    /// <summary>There is no such integration.</summary>
    UnknownIntegration,

    /// <summary>Consent was given and has not been completed by the operator's backend.</summary>
    ConnectionPending,

    /// <summary>Imported, not yet ours to refresh, and its token has ended.</summary>
    ConnectionStandby,

    /// <summary>Only the user can help.</summary>
    NeedsReauthorization,

    /// <summary>Paused by the operator.</summary>
    ConnectionDisabled,

    /// <summary>Ended by user or operator.</summary>
    ConnectionRevoked,

    /// <summary>The token has ended and there is nothing to refresh it with.</summary>
    ExpiredNotRefreshable,

    /// <summary>Somebody refreshes it; it was not ready in time.</summary>
    RefreshInProgress,

    /// <summary>The provider asked us to wait.</summary>
    ProviderThrottled,

    /// <summary>Our own budget for this provider is used up.</summary>
    BudgetExhausted,

    /// <summary>The provider is in trouble.</summary>
    ProviderUnavailable,

    /// <summary>The operator paused the integration.</summary>
    IntegrationPaused,

    /// <summary>The integration's client is misconfigured.</summary>
    IntegrationMisconfigured,

    /// <summary>Too many grants of the integration died at once: verdicts are held back.</summary>
    IntegrationSuspect,

    /// <summary>The last try failed and the next one is later.</summary>
    RefreshFailed,

    /// <summary>The token is valid for less time than asked, and could not be refreshed now.</summary>
    MinValidNotMet,

    /// <summary>The stored token cannot be opened.</summary>
    DecryptFailed,

    /// <summary>The database may not be this deployment's, or the connection was left out when it was confirmed: nothing is refreshed (I14).</summary>
    Frozen,

    /// <summary>The database is away and nothing valid is in memory.</summary>
    StoreUnavailable,

    /// <summary>The clock of the server that was asked is off the database's: it refreshes nothing (I12).</summary>
    ClockSkewed,
}

/// <summary>Why no token could be handed out, and what to do about it.</summary>
public sealed record TokenError
{
    /// <summary>Stable code.</summary>
    public required TokenErrorCode Code { get; init; }

    /// <summary>What is wrong and what to do, without secrets.</summary>
    public required string Message { get; init; }

    /// <summary>Who can mend it.</summary>
    public required WhoActs WhoActs { get; init; }

    /// <summary>Whether asking again may help without anybody doing anything.</summary>
    public bool Retryable { get; init; }

    /// <summary>When to ask again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Until when the present token is valid, for <see cref="TokenErrorCode.MinValidNotMet"/>.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>The connection, when one was found.</summary>
    public ConnectionId? ConnectionId { get; init; }

    /// <summary>Why it needs its user.</summary>
    public DisconnectReason? Reason { get; init; }

    /// <summary>Purpose that was asked for.</summary>
    public string? Purpose { get; init; }

    /// <summary>Scopes that purpose needs.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Connections to choose from, for <see cref="TokenErrorCode.AmbiguousConnection"/>.</summary>
    public IReadOnlyList<ConnectionId> Candidates { get; init; } = [];
}
