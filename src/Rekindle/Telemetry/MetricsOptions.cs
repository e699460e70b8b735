namespace Rekindle.Telemetry;

/// <summary>Who may read <c>/metrics</c>.</summary>
public sealed class MetricsOptions
{
    /// <summary>
    /// Answer whoever asks, with the figures of all environments: where only the monitoring system can reach the server. Default false: an
    /// API key with the scope <c>metrics:read</c> is needed, and shows its own environment.
    /// </summary>
    public bool Anonymous { get; set; }
}
