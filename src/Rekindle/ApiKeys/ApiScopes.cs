namespace Rekindle.ApiKeys;

/// <summary>What an API key may do (DESIGN §5).</summary>
public static class ApiScopes
{
    /// <summary>Read access tokens.</summary>
    public const string TokensRead = "tokens:read";

    /// <summary>Read connections, integrations, dependents and the views over them.</summary>
    public const string ConnectionsRead = "connections:read";

    /// <summary>Import, change and end connections.</summary>
    public const string ConnectionsWrite = "connections:write";

    /// <summary>Make connect sessions and reconnect links.</summary>
    public const string ConnectionsConnect = "connections:connect";

    /// <summary>Read the attempt log.</summary>
    public const string AttemptsRead = "attempts:read";

    /// <summary>Run a heartbeat (C5).</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>Read notifications.</summary>
    public const string Notifications = "notifications";

    /// <summary>Read <c>/metrics</c>: the figures of the key's environment and of the server.</summary>
    public const string MetricsRead = "metrics:read";

    /// <summary>Everything, keys and integrations included.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [TokensRead, ConnectionsRead, ConnectionsWrite, ConnectionsConnect, AttemptsRead, Heartbeat, Notifications, MetricsRead, Admin];
}
