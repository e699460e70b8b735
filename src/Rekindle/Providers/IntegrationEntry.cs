using Rekindle.Connections;

namespace Rekindle.Providers;

/// <summary>An integration with what it needs at work.</summary>
/// <param name="Integration">The row.</param>
/// <param name="Provider">Its catalogue entry; null: the catalogue has none of that key.</param>
/// <param name="Credentials">Opened client credentials; an empty client id: none anywhere.</param>
public sealed record IntegrationEntry(Integration Integration, ProviderDefinition? Provider, ClientCredentials Credentials)
{
    /// <summary>Why it cannot be used yet: its provider's discovery document has not been read; null: it can.</summary>
    public string? Unready { get; init; }

    /// <summary>Whether ordinary refreshes may be sent now (A2). While it is suspect, those that were not found dead go on (F1).</summary>
    public bool IsOpen(DateTimeOffset now) =>
        Provider is not null && Unready is null && Integration.State is IntegrationState.Active or IntegrationState.Suspect && !(Integration.ThrottledUntil > now);

    /// <summary>Whether one connection may be tried to see if a misconfigured client, or a provider that was away, works again.</summary>
    public bool MayProbe(DateTimeOffset now) =>
        Provider is not null && Unready is null && Integration.State is IntegrationState.Misconfigured or IntegrationState.Unavailable
        && Integration.NextProbeAt <= now && !(Integration.ThrottledUntil > now);

    /// <summary>When time alone lets it send again; null: it may now, or somebody has to do something first.</summary>
    internal DateTimeOffset? OpensAt(DateTimeOffset now)
    {
        if (Provider is null || Unready is not null || Integration.State == IntegrationState.Paused)
        {
            return null;
        }

        var probe = Integration.State is IntegrationState.Misconfigured or IntegrationState.Unavailable ? Integration.NextProbeAt : null;
        var opens = probe > Integration.ThrottledUntil ? probe : Integration.ThrottledUntil ?? probe;
        return opens > now ? opens : null;
    }

    /// <summary>Values of the URL variables: the integration's, then the connection's.</summary>
    public IReadOnlyDictionary<string, string> Variables(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Variables(connection.Variables);
    }

    /// <summary>Values of the URL variables: the integration's, then these.</summary>
    public IReadOnlyDictionary<string, string> Variables(IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
        {
            return Integration.Variables;
        }

        // The operator's values win: a value that came with an answer must not redirect what the operator fixed.
        var merged = new Dictionary<string, string>(values);
        foreach (var (name, value) in Integration.Variables)
        {
            merged[name] = value;
        }

        return merged;
    }

    /// <summary>Scopes of a purpose; the integration's own when the purpose names none.</summary>
    public IReadOnlyList<string> ScopesOf(string purpose) =>
        Integration.Purposes.TryGetValue(purpose, out var rule) && rule.Scopes.Count > 0 ? rule.Scopes
        : Integration.Scopes.Count > 0 ? Integration.Scopes
        : Provider?.DefaultScopes ?? [];
}
