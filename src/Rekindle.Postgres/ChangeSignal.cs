using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>
/// Hurries readers of the change feed up: writers of this process at once, those of others by NOTIFY. NOTIFY is sent after the
/// commit and outside of its transaction (DESIGN §1 step 9), where it would make all commits of the server queue for one lock;
/// what is written while one is under way shares the next. A lost one costs a reader its polling interval, nothing else.
/// </summary>
internal sealed class ChangeSignal(PostgresDatabase database, ILogger logger) : IAsyncDisposable
{
    private const string Channel = "rekindle_changes";
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> _written = System.Threading.Channels.Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _starting = new();
    private TaskCompletionSource _pulse = NewPulse();
    private Task? _notifying;
    private Task? _listening;

    /// <summary>Completes at the next change that is heard of.</summary>
    public Task Next
    {
        get
        {
            StartListening();
            return Volatile.Read(ref _pulse).Task;
        }
    }

    /// <summary>Ends both loops. The container knows the database by two names, so this may come twice.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var loop in (Task?[])[_notifying, _listening])
        {
            await (loop ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _stopping.Dispose();
    }

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Pulse() => Interlocked.Exchange(ref _pulse, NewPulse()).TrySetResult();

    /// <summary>Says that this process has written to the feed.</summary>
    public void Announce()
    {
        Pulse();
        if (database.ThroughPooler)
        {
            return;
        }

        _written.Writer.TryWrite(true);
        lock (_starting)
        {
            _notifying ??= NotifyAsync(_stopping.Token);
        }
    }

    private void StartListening()
    {
        if (database.ThroughPooler || _listening is not null)
        {
            return;
        }

        lock (_starting)
        {
            _listening ??= ListenAsync(_stopping.Token);
        }
    }

    private async Task NotifyAsync(CancellationToken stopping)
    {
        while (await _written.Reader.WaitToReadAsync(stopping).ConfigureAwait(false))
        {
            _written.Reader.TryRead(out _);
            try
            {
                await database.StatementAsync(session => session.ExecuteAsync($"notify {Channel}"), stopping).ConfigureAwait(false);
            }
            catch (StoreException exception)
            {
                Log.NotifyFailed(logger, exception.Message);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await HearAsync(stopping).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is NpgsqlException or StoreException or TimeoutException or System.Net.Sockets.SocketException)
            {
                Log.ListenFailed(logger, database.Description, Retry.TotalSeconds, exception.Message);
                await Task.Delay(Retry, database.Time, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task HearAsync(CancellationToken stopping)
    {
        var connection = await database.ConnectAsync(stopping).ConfigureAwait(false);
        await using var connectionDisposal = connection.ConfigureAwait(false);
        connection.Notification += (_, _) => Pulse();
        var listen = new NpgsqlCommand($"listen {Channel}", connection);
        await using var listenDisposal = listen.ConfigureAwait(false);
        await listen.ExecuteNonQueryAsync(stopping).ConfigureAwait(false);

        // What was written before we listened.
        Pulse();
        while (true)
        {
            await connection.WaitAsync(stopping).ConfigureAwait(false);
        }
    }
}
