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
