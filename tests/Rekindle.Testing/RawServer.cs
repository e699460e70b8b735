using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rekindle.Testing;

/// <summary>
/// A server one step below HTTP: the test says which bytes answer which request, and when the connection closes. For
/// answers that no proper server would give.
/// </summary>
public sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<RawRequest, RawReply> _answer;
    private readonly ConcurrentQueue<RawRequest> _requests = new();
    private readonly Task _accepting;
    private int _connections;

    public RawServer(Func<RawRequest, RawReply> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public RawServer(RawReply reply)
        : this(_ => reply)
    {
    }

    public Uri Uri => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/token");

    /// <summary>Every request whose head and content arrived, in order.</summary>
    public IReadOnlyList<RawRequest> Requests => [.. _requests];

    public int Connections => _connections;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                serving.Add(ServeAsync(client, Interlocked.Increment(ref _connections)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client, int connection)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadAsync(stream, connection) is { } request)
                {
                    _requests.Enqueue(request);
                    var reply = _answer(request);
                    await stream.WriteAsync(reply.Bytes, _stop.Token);
                    if (reply.Hangs)
                    {
                        await Task.Delay(Timeout.Infinite, _stop.Token);
                    }

                    if (reply.Closes)
                    {
                        return;
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The client went away, or the test is over.
            }
        }
    }

    private async Task<RawRequest?> ReadAsync(NetworkStream stream, int connection)
    {
        var received = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var text = Encoding.Latin1.GetString(received.ToArray());
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && text.Length >= end + 4 + ContentLength(text[..end]))
            {
                return new RawRequest(connection, text[..end], text[(end + 4)..]);
            }

            var read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0)
            {
                return null;
            }

            received.Write(buffer, 0, read);
        }
    }

    private static int ContentLength(string head)
    {
        const string Name = "\r\nContent-Length:";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : int.Parse(head[(at + Name.Length)..].Split("\r\n")[0].Trim(), CultureInfo.InvariantCulture);
    }
}

/// <summary>A request as it came over the wire.</summary>
/// <param name="Connection">Which connection it came on, from 1.</param>
/// <param name="Head">Request line and headers.</param>
/// <param name="Body">Content.</param>
public sealed record RawRequest(int Connection, string Head, string Body)
{
    public string Line => Head.Split("\r\n")[0];

    public string? Header(string name) => Head.Split("\r\n").Skip(1)
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim())
        .FirstOrDefault();
}

/// <summary>What a <see cref="RawServer"/> does with a request.</summary>
/// <param name="Bytes">Written as they are.</param>
/// <param name="Closes">Then the connection is closed.</param>
/// <param name="Hangs">Then nothing more comes, and the connection stays open.</param>
public sealed record RawReply(byte[] Bytes, bool Closes = false, bool Hangs = false)
{
    /// <summary>The connection closes without an answer.</summary>
    public static RawReply Close { get; } = new([], Closes: true);

    /// <summary>No answer ever comes.</summary>
    public static RawReply Silence { get; } = new([], Hangs: true);

    /// <summary>A complete answer.</summary>
    public static RawReply Http(int status, string body, string? contentType = "application/json", params string[] headers) =>
        Http(status, Encoding.UTF8.GetBytes(body), contentType, headers);

    /// <inheritdoc cref="Http(int, string, string?, string[])"/>
    public static RawReply Http(int status, byte[] body, string? contentType, params string[] headers)
    {
        var head = new StringBuilder($"HTTP/1.1 {status} Status\r\nContent-Length: {body.Length}\r\n");
        foreach (var header in contentType is null ? headers : [$"Content-Type: {contentType}", .. headers])
        {
            head.Append(header).Append("\r\n");
        }

        return new([.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body]);
    }
}
