namespace Rekindle.Connections;

/// <summary>Where a connection stands. Stored as snake_case text.</summary>
public enum ConnectionStatus
{
    /// <summary>Consent given, not yet completed by the operator's backend.</summary>
    Pending,

    /// <summary>Has a valid token.</summary>
    Active,

    /// <summary>No valid token for now; recovers by itself.</summary>
    Degraded,

    /// <summary>Only the user can help.</summary>
    NeedsReauthorization,

    /// <summary>Ended by user or operator.</summary>
    Revoked,

    /// <summary>Paused by the operator.</summary>
    Disabled,

    /// <summary>Imported, not yet ours to refresh.</summary>
    Standby,
}

/// <summary>What follows from a status.</summary>
public static class ConnectionStatuses
{
    /// <summary>Whether the user or the operator has said that no token is handed out, valid or not (I11).</summary>
    public static bool IsWithheld(this ConnectionStatus status) => status is ConnectionStatus.Revoked or ConnectionStatus.Disabled or ConnectionStatus.Pending;
}
