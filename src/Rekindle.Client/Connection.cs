namespace Rekindle.Client;

/// <summary>One user's grant under an integration.</summary>
public sealed record Connection
{
    /// <summary>Its id, <c>con_…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>Customer or organisation; empty: none.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The operator's own user id.</summary>
    public required string Subject { get; init; }

    /// <summary>Why the token exists.</summary>
    public required string Purpose { get; init; }

    /// <summary>Which of several accounts; empty: the only one.</summary>
    public string Account { get; init; } = "";

    /// <summary><c>pending</c>, <c>active</c>, <c>degraded</c>, <c>needs_reauthorization</c>, <c>revoked</c>, <c>disabled</c> or <c>standby</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Why it needs its user or ended.</summary>
    public string? DisconnectReason { get; init; }

    /// <summary>Who can mend it now: <c>nobody</c>, <c>user</c> or <c>operator</c>; null: nothing is wrong.</summary>
    public string? WhoActs { get; init; }

    /// <summary>The token ends within ten minutes.</summary>
    public bool ExpiringSoon { get; init; }

    /// <summary>A failed refresh waits for its next try.</summary>
    public bool InBackoff { get; init; }

    /// <summary>It is not known whether the provider used up the refresh token.</summary>
    public bool InDoubt { get; init; }

    /// <summary>It was left out of refreshing when its database was confirmed: its refresh token may have been used elsewhere.</summary>
    public bool LeftOut { get; init; }

    /// <summary>It was not refreshed since its grant.</summary>
    public bool NeverRefreshed { get; init; }

    /// <summary>The account's id at the provider; null: not known.</summary>
    public string? ProviderAccountId { get; init; }

    /// <summary>A name for people of that account.</summary>
    public string? ProviderAccountName { get; init; }

    /// <summary>The operator's free text.</summary>
    public string? Label { get; init; }

    /// <summary>The operator's own values.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>A failure that did not happen and that the fields of status, failures and back-off show; null: they are true.</summary>
    public ConnectionSimulation? Simulation { get; init; }

    /// <summary>Its tokens, without the tokens; null: erased.</summary>
    public TokenFacts? Token { get; init; }

    /// <summary>When a refresh is wanted; null: not at all.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>End of the present lease: somebody refreshes it.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>Auth failures in a row.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Transient failures in a row.</summary>
    public int ConsecutiveTransientFailures { get; init; }

    /// <summary>When back-off ends.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>The last failure; null after a success.</summary>
    public string? LastRefreshError { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Since when it has had no valid token.</summary>
    public DateTimeOffset? DegradedAt { get; init; }

    /// <summary>When its token was last refreshed.</summary>
    public DateTimeOffset? LastRefreshedAt { get; init; }

    /// <summary>When a caller last asked for its token, to the hour.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>A simulated failure.</summary>
/// <param name="Kind">What: <c>rate_limited</c>, <c>grant_dead</c>, ….</param>
/// <param name="Count">How often in a row.</param>
/// <param name="StartedAt">Since when.</param>
public sealed record ConnectionSimulation(string Kind, int Count, DateTimeOffset StartedAt);

/// <summary>What may be told about a connection's tokens.</summary>
public sealed record TokenFacts
{
    /// <summary>Which consent this is, from 1.</summary>
    public int GrantNo { get; init; }

    /// <summary>Raised with every change of material.</summary>
    public int Version { get; init; }

    /// <summary>When the access token ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where that is known from: <c>expires_in</c>, <c>jwt</c>, <c>assumed</c>, ….</summary>
    public required string ExpirySource { get; init; }

    /// <summary>Whether there is a refresh token.</summary>
    public bool HasRefreshToken { get; init; }

    /// <summary>When the refresh token ends, if the provider said so.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>Scopes granted, separated by spaces; empty: not stated.</summary>
    public string Scope { get; init; } = "";

    /// <summary>When the user consented.</summary>
    public DateTimeOffset GrantedAt { get; init; }
}
