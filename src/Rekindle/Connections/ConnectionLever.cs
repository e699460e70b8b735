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

    /// <summary>Show a failure that did not happen.</summary>
    Simulate,

    /// <summary>Put back what a simulation hides.</summary>
    EndSimulation,
}

/// <summary>A lever with what it takes.</summary>
/// <param name="Lever">Which.</param>
/// <param name="Note">Why, for <see cref="ConnectionLever.RequireReauthorization"/>.</param>
/// <param name="Failure">What to show, for <see cref="ConnectionLever.Simulate"/>.</param>
public sealed record LeverOrder(ConnectionLever Lever, string? Note = null, SimulatedFailure? Failure = null);
