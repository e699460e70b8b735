namespace Rekindle.Storage;

/// <summary>API keys; only a hash of the secret is stored.</summary>
public interface IApiKeyStore
{
    /// <summary>Stores a new key.</summary>
    Task CreateAsync(ApiKey key, CancellationToken cancellationToken);

    /// <summary>By key id; null: there is none.</summary>
    Task<ApiKey?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>All of an environment, newest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListAsync(string environment, CancellationToken cancellationToken);

    /// <summary>Lets a key end at <paramref name="at"/> if it would live longer; false: there is none.</summary>
    Task<bool> EndAsync(string environment, string id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Whether any key exists, in any environment.</summary>
    Task<bool> AnyAsync(CancellationToken cancellationToken);
}

/// <summary>An API key as stored.</summary>
public sealed record ApiKey
{
    /// <summary>The key's public id.</summary>
    public required string Id { get; init; }

    /// <summary>Environment it is good for.</summary>
    public required string Environment { get; init; }

    /// <summary>Name for people.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret part.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Only these integrations; empty: all.</summary>
    public IReadOnlyList<string> Integrations { get; init; } = [];

    /// <summary>Only these tenants; empty: all.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Key that made it; null: the first one.</summary>
    public string? CreatedBy { get; init; }
}
