using System.Net;
using System.Net.Sockets;

namespace Rekindle.Refresh;

/// <summary>
/// Resolves a host, refuses what is not public, and dials the very address it checked: a name that resolves to
/// something else a moment later gains nothing (DESIGN §5).
/// </summary>
internal sealed class CheckedConnector(bool allowPrivateNetworks)
{
    /// <summary>An address that does not answer must not use up the time of the next one.</summary>
    private static readonly TimeSpan PerAddress = TimeSpan.FromSeconds(3);

    public async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, CancellationToken cancellationToken)
    {
        var resolved = await Dns.GetHostAddressesAsync(endPoint.Host, cancellationToken).ConfigureAwait(false);
        var allowed = allowPrivateNetworks ? resolved : Array.FindAll(resolved, AddressPolicy.IsPublic);
        if (allowed.Length == 0)
        {
            throw resolved.Length == 0 ? new SocketException((int)SocketError.HostNotFound) : new AddressRefusedException();
        }

        for (var i = 0; ; i++)
        {
            var isLast = i == allowed.Length - 1;
            try
            {
                return await DialAsync(new IPEndPoint(allowed[i], endPoint.Port), isLast, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!isLast && exception is SocketException or OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static async Task<Stream> DialAsync(IPEndPoint address, bool isLast, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (!isLast)
        {
            patience.CancelAfter(PerAddress);
        }

        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, patience.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Every address of the host is one that may not be dialled.</summary>
internal sealed class AddressRefusedException() : IOException("The host resolves to addresses that are not public.");
