using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Rekindle.Server;

/// <summary>
/// The reverse proxies whose <c>X-Forwarded-For</c> says who calls. Behind one all callers come from the same address: without this, somebody who tries
/// wrong keys makes everybody wait whose key this process has not seen lately.
/// </summary>
internal sealed class TrustedProxies
{
    private readonly List<IPAddress> _addresses = [];
    private readonly List<System.Net.IPNetwork> _networks = [];

    private TrustedProxies()
    {
    }

    /// <summary>Reads addresses and networks (<c>10.0.0.0/8</c>), separated by semicolons. What is neither is given to <paramref name="mistake"/>.</summary>
    public static TrustedProxies Read(string text, Action<string> mistake)
    {
        var proxies = new TrustedProxies();
        foreach (var entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPAddress.TryParse(entry, out var address))
            {
                proxies._addresses.Add(address);
            }
            else if (System.Net.IPNetwork.TryParse(entry, out var network))
            {
                proxies._networks.Add(network);
            }
            else
            {
                mistake($"Rekindle:TrustedProxies: '{entry}' is neither an address (10.0.0.5) nor a network with the bits behind its prefix zero (10.0.0.0/8).");
            }
        }

        return proxies;
    }

    /// <summary>Believes them; nobody else, and where there are none, nobody.</summary>
    public void Use(IApplicationBuilder app)
    {
        if (_addresses.Count + _networks.Count == 0)
        {
            return;
        }

        // Every proxy on the way adds whom it heard from: the last that is not one of ours is the caller.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        _addresses.ForEach(options.KnownProxies.Add);
        _networks.ForEach(options.KnownIPNetworks.Add);
        app.UseForwardedHeaders(options);
    }
}
