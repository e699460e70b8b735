using Rekindle.Client;
using Rekindle.Testing;

namespace Rekindle.Drills.Chaos;

/// <summary>
/// A place in the fleet in which one server process after the other runs, as under a service manager: whatever ends it, another one is
/// started. Its lines to the database and to the providers are its own.
/// </summary>
internal sealed class Seat : IAsyncDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(0.5);

    private readonly Func<Task<ServerProcess>> _start;
    private readonly string _apiKey;
    private readonly TimeSpan _startAgain;
    private readonly List<Interruption> _interruptions = [];
    private readonly List<string> _logs = [];
    private readonly CancellationTokenSource _leaving = new();
    private readonly Lock _gate = new();
    private volatile Running? _running;
    private DateTimeOffset? _killedAt;
    private TimeSpan _away;
    private Task _serving = Task.CompletedTask;

    /// <param name="name">Its name.</param>
    /// <param name="database">Its line to the database.</param>
    /// <param name="providers">Its line to the providers.</param>
    /// <param name="start">Starts a process and waits until it is ready.</param>
    /// <param name="apiKey">For talking to it.</param>
    /// <param name="startAgain">From the end of a process to the next start; null: a moment.</param>
    public Seat(string name, TcpProxy database, TcpProxy providers, Func<Task<ServerProcess>> start, string apiKey, TimeSpan? startAgain = null)
    {
        (Name, Database, Providers, _start, _apiKey, _startAgain) = (name, database, providers, start, apiKey, startAgain ?? Moment);
    }

    public string Name { get; }

    public TcpProxy Database { get; }

    public TcpProxy Providers { get; }

    /// <summary>Talks to the process that runs; null: none does.</summary>
    public RekindleClient? Client => _running?.Client;

    /// <summary>The same without types.</summary>
    public HttpClient? Http => _running?.Server.Http;

    /// <summary>Processes that ended although nobody had killed them, and what they said last.</summary>
    public List<string> Deaths { get; } = [];

    /// <summary>Starts that failed: the database was away, or the journal's disk full.</summary>
    public int FailedStarts { get; private set; }

    public IReadOnlyList<Interruption> Interruptions
    {
        get
        {
            lock (_gate)
            {
                return [.. _interruptions];
            }
        }
    }

    /// <summary>What all its processes printed.</summary>
    public string Log => string.Join('\n', [.. _logs, _running?.Server.Output ?? ""]);

    /// <summary>Begins to serve; completes when the first process is ready.</summary>
    public async Task OpenAsync()
    {
        var ready = new TaskCompletionSource();
        _serving = Task.Run(() => ServeAsync(ready));
        await ready.Task;
    }

    /// <summary>Kills the process that runs; false: none does.</summary>
    /// <param name="away">How long until another one is started.</param>
    public bool Kill(TimeSpan away)
    {
        if (_running is not { } running)
        {
            return false;
        }

        _away = away;
        _killedAt = DateTimeOffset.UtcNow;
        running.Server.Signal("KILL");
        return true;
    }

    /// <summary>Stops the process that runs for a while; false: none does.</summary>
    public async Task<bool> StopAsync(TimeSpan lasts)
    {
        if (_running is not { } running)
        {
            return false;
        }

        var from = DateTimeOffset.UtcNow;
        running.Server.Signal("STOP");
        await Task.Delay(lasts);
        running.Server.Signal("CONT");
        Note(from);
        return true;
    }

    /// <summary>What it had asked the providers for is not coming.</summary>
    public async Task BreakProviderLineAsync(TimeSpan lasts)
    {
        var from = DateTimeOffset.UtcNow;
        Providers.Refuses = true;
        Providers.Cut();
        await Task.Delay(lasts);
        Providers.Refuses = false;
        Note(from);
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        if (_running is { } running)
        {
            _killedAt = DateTimeOffset.UtcNow;
            running.Server.Signal("CONT");
            running.Server.Signal("KILL");
        }

        await _serving;
        await Database.DisposeAsync();
        await Providers.DisposeAsync();
        _leaving.Dispose();
    }

    private async Task ServeAsync(TaskCompletionSource ready)
    {
        while (!_leaving.IsCancellationRequested)
        {
            try
            {
                await ServeOnceAsync(ready);
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                // As a service manager does: it is tried again. What it said is kept.
                FailedStarts++;
                _logs.Add($"--- {Name} did not start\n{e.Message}");
            }

            await Task.Delay(_startAgain, _leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ready.TrySetResult();
    }

    private async Task ServeOnceAsync(TaskCompletionSource ready)
    {
        await using var server = await _start();
        using var http = new HttpClient();
        _running = new Running(server, new RekindleClient(http, server.Http.BaseAddress!, _apiKey));
        if (_killedAt is { } killed)
        {
            Note(killed);
            _killedAt = null;
        }

        ready.TrySetResult();
        await server.EndedAsync(Timeout.InfiniteTimeSpan);
        _running = null;
        _logs.Add($"--- {Name}\n{server.Output}");
        if (_killedAt is null)
        {
            _killedAt = DateTimeOffset.UtcNow;
            Deaths.Add($"{Name} ended by itself with {server.ExitCode}: {string.Join(" / ", server.Output.TrimEnd().Split('\n').TakeLast(3))}");
        }

        await Task.Delay(_away, _leaving.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Note(DateTimeOffset from)
    {
        lock (_gate)
        {
            _interruptions.Add(new Interruption(Name, from, DateTimeOffset.UtcNow));
        }
    }

    private sealed record Running(ServerProcess Server, RekindleClient Client);
}
