using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Rekindle.Drills;

/// <summary>
/// A line to a server that can be bent and broken: its own end stays where it is while the far end changes, connections are cut,
/// and an answer of PostgreSQL's can get lost after the work was done.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int ChunkBytes = 64 * 1024;

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Line, byte> _lines = [];
    private readonly Task _accepting;
    private volatile IPEndPoint _upstream;
    private volatile bool _refuses;
    private Func<string, bool>? _loses;
    private int _lost;

    /// <param name="upstream">Where connections lead.</param>
    /// <param name="port">Its own port; 0: any that is free.</param>
    public TcpProxy(IPEndPoint upstream, int port = 0)
    {
        _upstream = upstream;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, for its whole life.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Where connections lead that are made from now on.</summary>
    public IPEndPoint Upstream
    {
        get => _upstream;
        set => _upstream = value;
    }

    /// <summary>Whether connections made from now on are closed at once.</summary>
    public bool Refuses
    {
        get => _refuses;
        set => _refuses = value;
    }

    /// <summary>How many acknowledgements got lost.</summary>
    public int LostAcknowledgements => Volatile.Read(ref _lost);

    /// <summary>Breaks every connection there is, without a farewell on either side.</summary>
    public void Cut()
    {
        foreach (var line in _lines.Keys)
        {
            line.Dispose();
        }
    }

    /// <summary>
    /// The next transaction in which a statement fits is committed by the server, and its client never hears of it: the answer
    /// is dropped and the connection cut. For PostgreSQL's protocol without TLS.
    /// </summary>
    public void LoseNextAcknowledgement(Func<string, bool> statement) => Volatile.Write(ref _loses, statement);

    /// <summary>Nothing gets lost any more.</summary>
    public void LoseNothing() => Volatile.Write(ref _loses, null);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        Cut();
        await Task.WhenAll(_lines.Keys.Select(l => l.Running));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                if (_refuses)
                {
                    client.Dispose();
                    continue;
                }

                var line = new Line(this, client);
                _lines[line] = 0;
                line.Start();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private bool TryLose(Func<string, bool> armed)
    {
        if (Interlocked.CompareExchange(ref _loses, null, armed) != armed)
        {
            return false;
        }

        Interlocked.Increment(ref _lost);
        return true;
    }

    /// <summary>One connection from end to end.</summary>
    private sealed class Line(TcpProxy proxy, Socket client) : IDisposable
    {
        private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
        private readonly PostgresTalk _talk = new();

        public Task Running { get; private set; } = Task.CompletedTask;

        public void Start() => Running = Task.Run(RunAsync);

        /// <summary>Resets both ends: they learn of it at once.</summary>
        public void Dispose()
        {
            client.Close(timeout: 0);
            _server.Close(timeout: 0);
        }

        private async Task RunAsync()
        {
            try
            {
                await _server.ConnectAsync(proxy.Upstream, proxy._stop.Token);
                client.NoDelay = _server.NoDelay = true;
                await await Task.WhenAny(AskAsync(), AnswerAsync());
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side has hung up, or was made to.
            }

            Dispose();
            proxy._lines.TryRemove(this, out _);
        }

        private async Task AskAsync()
        {
            var (from, to, chunk) = (new NetworkStream(client), new NetworkStream(_server), new byte[ChunkBytes]);
            for (var read = await from.ReadAsync(chunk); read > 0; read = await from.ReadAsync(chunk))
            {
                // Before it leaves: the answer finds what it answers.
                _talk.Asked(chunk.AsSpan(0, read));
                await to.WriteAsync(chunk.AsMemory(0, read));
            }
        }

        private async Task AnswerAsync()
        {
            var (from, to, chunk) = (new NetworkStream(_server), new NetworkStream(client), new byte[ChunkBytes]);
            using var held = new MemoryStream();
            for (var read = await from.ReadAsync(chunk); read > 0; read = await from.ReadAsync(chunk))
            {
                var loses = Volatile.Read(ref proxy._loses);
                var verdict = _talk.Answered(chunk.AsSpan(0, read), loses);
                held.Write(chunk, 0, read);
                if (verdict == Talk.Committed && proxy.TryLose(loses!))
                {
                    return;
                }

                if (verdict != Talk.Undecided)
                {
                    await to.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length));
                    held.SetLength(0);
                }
            }
        }
    }
}
