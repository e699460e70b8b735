using Microsoft.Extensions.Logging;

namespace Rekindle.Providers;

/// <summary>Log messages about providers and integrations: event ids 1400-1499.</summary>
internal static partial class Log
{
    [LoggerMessage(1400, LogLevel.Warning, "Integration {Environment}/{Integration} cannot be used yet: {Problem}")]
    public static partial void DiscoveryFailed(this ILogger logger, string environment, string integration, string problem);
}
