namespace Rekindle.Connections;

/// <summary>The levers of A12 by name, for orders by selector.</summary>
public enum ConnectionLever
{
    /// <summary>Refresh now.</summary>
    Refresh,

    /// <summary>Clear back-off and counters; due now.</summary>
    Retry,

    /// <summary>Clear back-off and counters; due as the expiry says.</summary>
    ClearBackoff,

    /// <summary>Declare that only the user can help.</summary>
    RequireReauthorization,

    /// <summary>End the grant here and at the provider.</summary>
    Revoke,

    /// <summary>Pause.</summary>
    Disable,

    /// <summary>End a pause.</summary>
    Enable,

    /// <summary>End standby.</summary>
    TakeOver,

    /// <summary>Revoke and delete.</summary>
    Delete,
}
