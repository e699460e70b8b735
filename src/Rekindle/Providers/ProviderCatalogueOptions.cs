namespace Rekindle.Providers;

/// <summary>Where provider entries come from.</summary>
public sealed class ProviderCatalogueOptions
{
    /// <summary>
    /// Folder with the operator's own <c>*.yaml</c> files, read after the embedded ones; null (the default): none. A folder
    /// that is named and cannot be read is an error.
    /// </summary>
    public string? OverrideFolder { get; set; }

    /// <summary>
    /// Whether entries and operator-given URLs may use plain http to loopback addresses (127.0.0.0/8, ::1, localhost).
    /// Default false. For simulators and tests: tokens travel unencrypted.
    /// </summary>
    public bool AllowInsecureEndpoints { get; set; }
}
