namespace Rekindle.Client;

/// <summary>A grant obtained elsewhere, to be kept fresh from now on.</summary>
public sealed record ImportConnection
{
    /// <summary>Key of the integration.</summary>
    public required string Integration { get; init; }

    /// <summary>The operator's own user id.</summary>
    public required string Subject { get; init; }

    /// <summary>Customer or organisation; null: none.</summary>
    public string? Tenant { get; init; }

    /// <summary>Purpose; null: <c>default</c>.</summary>
    public string? Purpose { get; init; }

    /// <summary>Which of several accounts; null: the only one.</summary>
    public string? Account { get; init; }

    /// <summary>Access token; null: only a refresh token is known.</summary>
    public string? AccessToken { get; init; }

    /// <summary>Refresh token; null: none.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>When the access token ends. Neither this nor <see cref="ExpiresIn"/>: the JWT's <c>exp</c> is read, else it is refreshed at once.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Seconds until the access token ends, counted from now.</summary>
    public long? ExpiresIn { get; init; }

    /// <summary>When the refresh token ends, if known.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>When the user consented; null: now.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>Scopes granted, separated by spaces.</summary>
    public string? Scope { get; init; }

    /// <summary>Token type; null: <c>Bearer</c>.</summary>
    public string? TokenType { get; init; }

    /// <summary>The account's id at the provider: pins it.</summary>
    public string? ProviderAccountId { get; init; }

    /// <summary>Its name for people.</summary>
    public string? ProviderAccountName { get; init; }

    /// <summary>The operator's free text.</summary>
    public string? Label { get; init; }

    /// <summary>The operator's own values.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Values of the provider's URL variables.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>Whether a connection that exists gets this grant. Otherwise it is left alone and the answer is <c>connection_exists</c>.</summary>
    public bool Replace { get; init; }

    /// <summary>Not yet ours to refresh: kept in standby until taken over.</summary>
    public bool Standby { get; init; }

    /// <summary>A redaction: never the tokens.</summary>
    public override string ToString() => $"<import of {Integration} for {Subject}>";
}

/// <summary>Changes to what the operator wrote. Absent fields stay as they are.</summary>
public sealed record PatchConnection
{
    /// <summary>The operator's free text; empty removes it.</summary>
    public string? Label { get; init; }

    /// <summary>Values to set; null removes one. Names not given stay.</summary>
    public IReadOnlyDictionary<string, string?>? Metadata { get; init; }
}
