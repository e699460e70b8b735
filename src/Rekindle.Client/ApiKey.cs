namespace Rekindle.Client;

/// <summary>An API key, without the key.</summary>
public sealed record ApiKey
{
    /// <summary>Its id: the middle part of the key.</summary>
    public required string Id { get; init; }

    /// <summary>Environment it is good for.</summary>
    public required string Environment { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Only these integrations; empty: all.</summary>
    public IReadOnlyList<string> Integrations { get; init; } = [];

    /// <summary>Only these tenants; empty: all.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends, or ended; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether it is good now.</summary>
    public bool Active { get; init; }

    /// <summary>Key that made it; null: made on the server.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The key itself: only in the answer that made it.</summary>
    public string? Key { get; init; }

    /// <summary>A redaction: never the key.</summary>
    public override string ToString() => $"<API key {Id} of {Environment}>";
}

/// <summary>An API key to be made, in the environment of the key that makes it.</summary>
public sealed record NewApiKey
{
    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// What it may do, no more than the key that makes it: <c>tokens:read</c>, <c>connections:read</c>, <c>connections:write</c>,
    /// <c>connections:connect</c>, <c>attempts:read</c>, <c>heartbeat</c>, <c>notifications</c>, <c>metrics:read</c>, <c>admin</c>.
    /// </summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Only these integrations; absent: all that the maker reaches.</summary>
    public IReadOnlyList<string>? Integrations { get; init; }

    /// <summary>Only these tenants; absent: all that the maker reaches.</summary>
    public IReadOnlyList<string>? Tenants { get; init; }

    /// <summary>When it ends; absent: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A rotation: a new key takes the place of an old one.</summary>
public sealed record RotateApiKey
{
    /// <summary>How long the old key stays good beside the new one; default 86400, at most 2592000.</summary>
    public int? OverlapSeconds { get; init; }
}
