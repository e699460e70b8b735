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
        var waiting = engine.Clock.ArmedTimers;

        await engine.Heartbeat.CompleteCycleAsync(default);
        await AskedAsync();
        await engine.Clock.WaitForTimersAsync(waiting + 1);
        await engine.Heartbeat.CompleteCycleAsync(default);
        await engine.Heartbeat.CompleteCycleAsync(default);
        await engine.Clock.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Single(_monitor.Requests);
        await engine.Clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        await AskedAsync();

        Assert.Equal([$"{verb} /ping/{Secret} HTTP/1.1", $"{verb} /ping/{Secret} HTTP/1.1"], _monitor.Requests.Select(r => r.Line));
    }

    [Fact]
    public async Task A_monitor_in_trouble_is_told_of_once_and_its_address_is_never_logged()
    {
        using var logs = new Lines();
        await using var engine = await EngineHost.StartAsync(Settings() with { Logs = logs });
        var waiting = engine.Clock.ArmedTimers;
        foreach (var status in (int[])[500, 500, 500, 200])
        {
            _status = status;
            await engine.Heartbeat.CompleteCycleAsync(default);
            await AskedAsync();
            await engine.Clock.WaitForTimersAsync(waiting + 1);
            await engine.Clock.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        Assert.Single(logs.All, l => l.Contains("it answered 500", StringComparison.Ordinal));
        Assert.Single(logs.All, l => l.Contains("told of completed cycles again", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.All, l => l.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_monitor_that_cannot_be_reached_is_no_more_than_a_line_in_the_log()
    {
        using var logs = new Lines();
        var gone = new RawServer(RawReply.Close);
        await gone.DisposeAsync();
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Logs = logs, Configure = o => o.Ping.Url = new Uri(gone.Uri, $"/ping/{Secret}") });
        var waiting = engine.Clock.ArmedTimers;

        await engine.Heartbeat.CompleteCycleAsync(default);
        await engine.Clock.WaitForTimersAsync(waiting + 1);

        Assert.Single(logs.All, l => l.Contains("it could not be reached (ConnectionError)", StringComparison.Ordinal));
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

    private async Task AskedAsync() => Assert.True(await _asked.WaitAsync(TimeSpan.FromSeconds(10)));

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public IEnumerable<string> All => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
