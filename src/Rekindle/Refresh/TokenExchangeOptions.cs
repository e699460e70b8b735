using System.ComponentModel.DataAnnotations;

namespace Rekindle.Refresh;

/// <summary>Where and how requests to providers may go.</summary>
public sealed class TokenExchangeOptions
{
    /// <summary>
    /// Whether a provider's host may resolve to a private, loopback, link-local or otherwise special address. Default:
    /// false, so that no address an operator or a provider gives leads into the network this runs in.
    /// </summary>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>Whether requests may go over plain http. Default: false; for simulators and tests.</summary>
    public bool AllowPlainHttp { get; set; }

    /// <summary>
    /// Longest time for name resolution, connecting and the TLS handshake, within the deadline of the whole exchange.
    /// 1 to 60 s; default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ParseLimitsInInvariantCulture = true, ConvertValueInInvariantCulture = true)]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
