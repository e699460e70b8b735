using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Rekindle.AspNetCore.Http;

/// <summary>
/// Counts requests without a valid API key per address. Whoever sends too many is told to wait before anything is looked
/// up for them; keys that were good lately are not affected, so nobody behind the same proxy is locked out.
/// </summary>
internal sealed class AuthenticationFailures(TimeProvider time)
{
    public const int Allowed = 20;
    private const int MostAddresses = 20_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IPAddress, Count> _byAddress = new();

    /// <summary>How long this address has to wait; null: it need not.</summary>
    public TimeSpan? WaitOf(IPAddress? address) =>
        _byAddress.TryGetValue(Key(address), out var count) && count.Failures >= Allowed && time.GetElapsedTime(count.Since) is var age && age < Window
            ? Window - age
            : null;

    /// <summary>Notes a failure.</summary>
    public void Note(IPAddress? address)
    {
        if (_byAddress.Count >= MostAddresses)
        {
            Forget();
        }

        var now = time.GetTimestamp();
        _byAddress.AddOrUpdate(
            Key(address), _ => new Count(now, 1), (_, count) => time.GetElapsedTime(count.Since, now) < Window ? count with { Failures = count.Failures + 1 } : new Count(now, 1));
    }

    // One household or machine has a whole /64 to speak from.
    private static IPAddress Key(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private void Forget()
    {
        foreach (var (address, count) in _byAddress)
        {
            if (time.GetElapsedTime(count.Since) >= Window)
            {
                _byAddress.TryRemove(address, out _);
            }
        }

        if (_byAddress.Count >= MostAddresses)
        {
            _byAddress.Clear();
        }
    }

    private sealed record Count(long Since, int Failures);
}
