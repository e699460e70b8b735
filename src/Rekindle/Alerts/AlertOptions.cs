namespace Rekindle.Alerts;

/// <summary>Watching over the deployment.</summary>
public sealed class AlertOptions
{
    /// <summary>
    /// Evaluate the alert rules every 15 s and tell operators by a notification. Off: this process evaluates them only when somebody asks.
    /// Default true.
    /// </summary>
    public bool Enabled { get; set; } = true;
}
