using System.Net;
using System.Net.Sockets;

namespace Rekindle.Refresh;

/// <summary>
/// Which addresses are part of the public internet. Everything with a special meaning is refused, also when it is
/// wrapped in an IPv6 form that a gateway would unwrap (IPv4-mapped, NAT64, 6to4, Teredo).
/// </summary>
internal static class AddressPolicy
{
    private static readonly IPNetwork[] Special =
    [
        Network("0.0.0.0/8"), // this network
        Network("10.0.0.0/8"),
        Network("100.64.0.0/10"), // carrier-grade NAT
        Network("127.0.0.0/8"),
        Network("169.254.0.0/16"), // link-local; cloud metadata
        Network("172.16.0.0/12"),
        Network("192.0.0.0/24"), // protocol assignments
        Network("192.0.2.0/24"), // documentation
        Network("192.88.99.0/24"), // 6to4 relays
        Network("192.168.0.0/16"),
        Network("198.18.0.0/15"), // benchmarks
        Network("198.51.100.0/24"), // documentation
        Network("203.0.113.0/24"), // documentation
        Network("224.0.0.0/4"), // multicast
        Network("240.0.0.0/4"), // reserved, broadcast
        Network("::/96"), // unspecified, loopback, IPv4-compatible
        Network("64:ff9b:1::/48"), // NAT64 for local use
        Network("100::/64"), // discard
        Network("2001::/23"), // protocol assignments, Teredo among them
        Network("2001:db8::/32"), // documentation
        Network("2002::/16"), // 6to4
        Network("3fff::/20"), // documentation
        Network("5f00::/16"), // segment routing
        Network("fc00::/7"), // unique local; cloud metadata
        Network("fe80::/10"), // link-local
        Network("fec0::/10"), // site-local
        Network("ff00::/8"), // multicast
    ];

    private static readonly IPNetwork Nat64 = Network("64:ff9b::/96");

    public static bool IsPublic(IPAddress address)
    {
        var plain = Unwrap(address);
        foreach (var network in Special)
        {
            if (network.Contains(plain))
            {
                return false;
            }
        }

        return true;
    }

    private static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        // A scope id makes IPNetwork see another address; it does not change where this one belongs.
        var bytes = address.GetAddressBytes();
        return Nat64.Contains(new IPAddress(bytes)) ? new IPAddress(bytes.AsSpan(12)) : new IPAddress(bytes);
    }

    private static IPNetwork Network(string text) => IPNetwork.Parse(text);
}
