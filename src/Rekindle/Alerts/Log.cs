using Microsoft.Extensions.Logging;

namespace Rekindle.Alerts;

/// <summary>Log messages of alerts: event ids 1850-1899.</summary>
internal static partial class Log
{
    [LoggerMessage(1850, LogLevel.Warning, "Alert {Alert} fires: integration {Integration}, value {Value:0.##}, threshold {Threshold:0.##}. See {Runbook}")]
    public static partial void AlertFires(this ILogger logger, string alert, string integration, double value, double threshold, string runbook);

    [LoggerMessage(1851, LogLevel.Information, "Alert {Alert} is over: integration {Integration}")]
    public static partial void AlertEnded(this ILogger logger, string alert, string integration);

    [LoggerMessage(1852, LogLevel.Error, "The alert rules could not be evaluated and are again in 15 s: {Problem}")]
    public static partial void NotEvaluated(this ILogger logger, string problem);
}
