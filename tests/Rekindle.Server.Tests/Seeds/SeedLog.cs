using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>The events of a run and what its workers said about them.</summary>
internal sealed class SeedLog(ManualClock clock)
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private readonly DateTimeOffset _start = clock.Now;

    public void Event(string text) => Add("", text);

    public ILoggerProvider Of(string worker) => new Voice(this, worker);

    public override string ToString()
    {
        lock (_gate)
        {
            return _text.ToString();
        }
    }

    private void Add(string worker, string text)
    {
        lock (_gate)
        {
            _text.Append(CultureInfo.InvariantCulture, $"{clock.Now - _start:hh\\:mm\\:ss}  {(worker.Length == 0 ? "" : $"    {worker}: ")}{text}\n");
        }
    }

    private sealed class Voice(SeedLog log, string worker) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Add(worker, formatter(state, exception) + (exception is null ? "" : $" {exception}"));

        public void Dispose()
        {
        }
    }
}
