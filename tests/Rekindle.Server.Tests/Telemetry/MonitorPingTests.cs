using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rekindle.Server.Tests.Engine;
using Rekindle.Telemetry;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>A monitor elsewhere is told of completed cycles: a real listener on a free port.</summary>
[Trait("Req", "F7")]
public sealed class MonitorPingTests : IAsyncDisposable
{
    private const string Secret = "s3cr3t-of-the-monitor";

    private readonly SemaphoreSlim _asked = new(0);
    private readonly RawServer _monitor;
    private int _status = 200;

    public MonitorPingTests() => _monitor = new RawServer(_ =>
    {
        _asked.Release();
        return RawReply.Http(_status, "ok");
    });

    public async ValueTask DisposeAsync()
    {
        await _monitor.DisposeAsync();
        _asked.Dispose();
    }

    [Theory]
    [InlineData(PingMethod.Get, "GET")]
    [InlineData(PingMethod.Post, "POST")]
    public async Task A_completed_cycle_is_told_at_most_once_per_interval(PingMethod method, string verb)
    {
        await using var engine = await EngineHost.StartAsync(Settings() with { Configure = o => (o.Ping.Url, o.Ping.Method) = (Url, method) });
        await engine.Heartbeat.CompleteCycleAsync(default);
        await AskedAsync(engine);
        var first = engine.Clock.Now;
        await engine.Heartbeat.CompleteCycleAsync(default);
        await engine.Heartbeat.CompleteCycleAsync(default);
        await AskedAsync(engine);

        Assert.True(engine.Clock.Now - first >= TimeSpan.FromSeconds(60));
        Assert.Equal([$"{verb} /ping/{Secret} HTTP/1.1", $"{verb} /ping/{Secret} HTTP/1.1"], _monitor.Requests.Select(r => r.Line));
    }

    [Fact]
    public async Task A_monitor_in_trouble_is_told_of_once_and_its_address_is_never_logged()
    {
        using var logs = new Lines("told of completed cycles again");
        await using var engine = await EngineHost.StartAsync(Settings() with { Logs = logs });
        foreach (var status in (int[])[500, 500, 500, 200])
        {
            _status = status;
            await engine.Heartbeat.CompleteCycleAsync(default);
            await AskedAsync(engine);
        }

        await logs.Said;

        Assert.Single(logs.All, l => l.Contains("it answered 500", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.All, l => l.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_monitor_that_cannot_be_reached_is_no_more_than_a_line_in_the_log()
    {
        using var logs = new Lines("it could not be reached (ConnectionError)");
        var gone = new RawServer(RawReply.Close);
        await gone.DisposeAsync();
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Logs = logs, Configure = o => o.Ping.Url = new Uri(gone.Uri, $"/ping/{Secret}") });

        await engine.Heartbeat.CompleteCycleAsync(default);
        await logs.Said;

        Assert.DoesNotContain(logs.All, l => l.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_address_stops_the_start()
    {
        var mistake = await Assert.ThrowsAsync<OptionsValidationException>(
            () => EngineHost.StartAsync(new EngineSettings { Configure = o => o.Ping.Url = new Uri("ftp://monitor.example/") }));

        Assert.Contains("Rekindle:Ping:Url", mistake.Message, StringComparison.Ordinal);
    }

    private Uri Url => new(_monitor.Uri, $"/ping/{Secret}");

    private EngineSettings Settings() => new() { Configure = o => o.Ping.Url = Url };

    // Time goes on until the monitor is asked.
    private async Task AskedAsync(EngineHost engine)
    {
        for (var i = 0; !await _asked.WaitAsync(TimeSpan.FromMilliseconds(50)); i++)
        {
            Assert.True(i < 200);
            engine.Clock.Advance(TimeSpan.FromSeconds(5));
        }
    }

    private sealed class Lines(string awaited) : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _said = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public Task Said => _said.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{formatter(state, exception)} {exception}";
            _lines.Enqueue(line);
            if (line.Contains(awaited, StringComparison.Ordinal))
            {
                _said.TrySetResult();
            }
        }

        public void Dispose()
        {
        }
    }
}
