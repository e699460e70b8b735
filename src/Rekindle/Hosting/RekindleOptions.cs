using System.ComponentModel.DataAnnotations;
using Rekindle.Alerts;
using Rekindle.Connect;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Telemetry;

namespace Rekindle.Hosting;

/// <summary>Everything that can be set about the engine, one object per capability. Section <c>Rekindle</c> in configuration.</summary>
public sealed class RekindleOptions
{
    /// <summary>Environment when a caller names none. Default <c>production</c>.</summary>
    [Required(AllowEmptyStrings = false)]
    [RegularExpression("^[a-z][a-z0-9-]{0,30}$", ErrorMessage = "DefaultEnvironment must be lower-case letters, digits and dashes, at most 31 characters.")]
    public string DefaultEnvironment { get; set; } = "production";

    /// <summary>File with the key ring, mode 0600. Default <c>rekindle.keys</c> in the working folder; not read when <see cref="KeyRing"/> is set.</summary>
    public string KeyRingFile { get; set; } = "rekindle.keys";

    /// <summary>The key ring's content in base64, for environments that give secrets as variables. Default none.</summary>
    public string? KeyRing { get; set; }

    /// <summary>Apply missing migrations at start. Default true; off where a verb does it.</summary>
    public bool MigrateAtStart { get; set; } = true;

    /// <summary>Who this deployment is, and where it meets its database.</summary>
    public OwnershipOptions Ownership { get; set; } = new();

    /// <summary>The provider catalogue.</summary>
    public ProviderCatalogueOptions Catalogue { get; set; } = new();

    /// <summary>The heartbeat and the on-demand path.</summary>
    public RefreshOptions Refresh { get; set; } = new();

    /// <summary>What keeps providers' answers until the database has them.</summary>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>The way to the providers.</summary>
    public TokenExchangeOptions Exchange { get; set; } = new();

    /// <summary>Connecting accounts by browser.</summary>
    public ConnectOptions Connect { get; set; } = new();

    /// <summary>The alert rules.</summary>
    public AlertOptions Alerts { get; set; } = new();

    /// <summary>Who may read <c>/metrics</c>.</summary>
    public MetricsOptions Metrics { get; set; } = new();

    /// <summary>A monitor elsewhere that is told of completed cycles.</summary>
    public PingOptions Ping { get; set; } = new();

    /// <summary>Client credentials for integrations whose record carries none (E4), by <c>environment/integration</c> or <c>integration</c>.</summary>
    public Dictionary<string, ConfiguredClient> Clients { get; set; } = new(StringComparer.Ordinal);
}
