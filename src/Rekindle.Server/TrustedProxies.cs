using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Rekindle.Server;

/// <summary>
/// The reverse proxies whose <c>X-Forwarded-For</c> says who calls. Behind one all callers come from the same address: without this, somebody who tries
/// wrong keys makes everybody wait whose key this process has not seen lately.
/// </summary>
internal static class TrustedProxies
{
    /// <summary>What in the setting is neither an address nor a network.</summary>
    public static IEnumerable<string> Mistakes(string setting) => EntriesOf(setting).Where(entry => NetworkOf(entry) is null).Select(entry =>
        $"Rekindle:TrustedProxies: '{entry}' is neither an address (10.0.0.5) nor a network with the bits behind its prefix zero (10.0.0.0/8).");

    /// <summary>Believes them; nobody else, and where there are none, nobody.</summary>
    public static void Use(IApplicationBuilder app, string setting)
    {
        var networks = EntriesOf(setting).Select(entry => NetworkOf(entry)!.Value).ToArray();
        if (networks.Length == 0)
        {
            return;
        }

        // Every proxy on the way adds whom it heard from: the last that is not one of ours is the caller.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in networks)
        {
            options.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(options);
    }

    private static string[] EntriesOf(string setting) => setting.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // An address is a network of one.
    private static IPNetwork? NetworkOf(string entry) =>
        IPAddress.TryParse(entry, out var address) ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
        : IPNetwork.TryParse(entry, out var network) ? network
        : null;
}
