using System.Collections.Frozen;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.ApiKeys;

/// <summary>Whoever presented an API key, and what that key reaches: one environment, some scopes, perhaps only some integrations and tenants.</summary>
public sealed class Caller
{
    private readonly FrozenSet<string> _scopes;
    private readonly FrozenSet<string> _integrations;
    private readonly FrozenSet<string> _tenants;

    internal Caller(ApiKey key)
    {
        Key = key;
        _scopes = key.Scopes.ToFrozenSet(StringComparer.Ordinal);
        _integrations = key.Integrations.ToFrozenSet(StringComparer.Ordinal);
        _tenants = key.Tenants.ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>The key.</summary>
    public ApiKey Key { get; }

    /// <summary>Id of the key: the actor in the audit.</summary>
    public string KeyId => Key.Id;

    /// <summary>The one environment it reaches.</summary>
    public string Environment => Key.Environment;

    /// <summary>Whether it is limited to some integrations or tenants: such a key sees no figures over a whole environment.</summary>
    public bool IsLimited => _integrations.Count > 0 || _tenants.Count > 0;

    /// <summary>Integrations for a filter; null: all.</summary>
    public IReadOnlyCollection<string>? Integrations => _integrations.Count > 0 ? _integrations : null;

    /// <summary>Tenants for a filter; null: all.</summary>
    public IReadOnlyCollection<string>? Tenants => _tenants.Count > 0 ? _tenants : null;

    /// <summary>Whether it has a scope; <c>admin</c> has all.</summary>
    public bool Has(string scope) => _scopes.Contains(scope) || _scopes.Contains(ApiScopes.Admin);

    /// <summary>Whether it reaches an integration.</summary>
    public bool ReachesIntegration(string integration) => _integrations.Count == 0 || _integrations.Contains(integration);

    /// <summary>Whether it reaches a tenant.</summary>
    public bool ReachesTenant(string tenant) => _tenants.Count == 0 || _tenants.Contains(tenant);

    /// <summary>Whether it reaches a connection: environment, integration and tenant.</summary>
    public bool Reaches(ConnectionKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Environment == Environment && ReachesIntegration(key.Integration) && ReachesTenant(key.Tenant);
    }
}
