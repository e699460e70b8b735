using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>
/// Stands between a program and PostgreSQL and, when asked, lets one more thing through to the server, waits until the server
/// says that it is done with it, and cuts the line before the program hears of it: a lost acknowledgement.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const byte ReadyForQuery = (byte)'Z';
    private const int ReadyForQueryLength = 6;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly Task _accepting;
    private volatile bool _cuts;

    public CuttingProxy(string connectionString)
    {
        _server = new(connectionString);
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
        }.ConnectionString;
        _accepting = AcceptAsync();
    }

    /// <summary>Leads through here.</summary>
    public string ConnectionString { get; }

    /// <summary>The next answer is lost, and the connection with it.</summary>
    public void CutNext() => _cuts = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
            {
                lines.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task ServeAsync(TcpClient program)
    {
        using var server = new TcpClient();
        using (program)
        {
            try
            {
                await server.ConnectAsync(_server.Host!, _server.Port, _stop.Token);
                var (here, there) = (program.GetStream(), server.GetStream());
                await Task.WhenAny(here.CopyToAsync(there, _stop.Token), AnswerAsync(there, here));
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // One side has hung up.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream server, NetworkStream program)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var read = await server.ReadAsync(buffer, _stop.Token);
            if (read == 0)
            {
                return;
            }

            if (!_cuts)
            {
                await program.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
            else if (read >= ReadyForQueryLength && buffer[read - ReadyForQueryLength] == ReadyForQuery)
            {
                _cuts = false;
                return;
            }
        }
    }
}
