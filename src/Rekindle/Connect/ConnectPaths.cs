namespace Rekindle.Connect;

/// <summary>Addresses of the connect pages below the address under which browsers reach this deployment.</summary>
public static class ConnectPaths
{
    /// <summary>The page of a link.</summary>
    public static Uri Link(Uri site, string link) => At(site, "connect", link);

    /// <summary>
    /// Where providers send browsers back to: its own address for each integration, so that an answer cannot be passed off as another
    /// provider's. This is what an operator registers there.
    /// </summary>
    public static Uri Callback(Uri site, string environment, string integration) => At(site, "connect", "callback", environment, integration);

    private static Uri At(Uri site, params IEnumerable<string> segments)
    {
        ArgumentNullException.ThrowIfNull(site);
        return new Uri($"{site.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{string.Join('/', segments.Select(Uri.EscapeDataString))}");
    }
}
