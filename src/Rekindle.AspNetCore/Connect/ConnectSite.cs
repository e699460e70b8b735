using System.Net;
using Microsoft.AspNetCore.Http;
using Rekindle.Connect;

namespace Rekindle.AspNetCore.Connect;

/// <summary>
/// The address under which browsers reach us. Without the setting the request's own is taken only where it is loopback: anybody
/// can write a Host header, and links and redirect addresses are made of it.
/// </summary>
internal sealed class ConnectSite(ConnectOptions options)
{
    /// <summary>The address; null: it is not known.</summary>
    public Uri? Of(HttpRequest request)
    {
        if (options.PublicUrl is { } url)
        {
            return new Uri(url);
        }

        var host = request.Host.Host;
        return host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
            ? new Uri($"{request.Scheme}://{request.Host}{request.PathBase}")
            : null;
    }
}
