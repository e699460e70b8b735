using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

public sealed class SecrecyTests
{
    [Fact]
    [Trait("Req", "D1")]
    [Trait("Failure", "F88")]
    public async Task A_marked_token_sent_through_every_path_of_the_engine_is_found_nowhere()
    {
        var clock = new ManualClock();
        var marked = new MarkedSecret(new Random(20261121), "token");
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = clock,
            Servers = new Dictionary<string, Personality> { ["acme"] = EngineSettings.Strict },
            TokenMarker = marked.LettersAndDigits,
        });
        using var folder = new TempFolder();
        var log = new CapturedLog();
        var said = new StringBuilder();
        await using (var engine = await EngineHost.StartAsync(new EngineSettings { Time = clock, Simulator = simulator, Folder = folder.Path, Logs = log }))
        {
            await ExerciseAsync(engine, said);
        }

        marked.AssertNotIn(string.Join('\n', log.Lines), "the log");
        marked.AssertNotIn(said.ToString(), "results and attempts");
        marked.AssertNotInFiles(folder.Path);
        Assert.Contains(log.Lines, l => l.Contains("ProactiveRefresh", StringComparison.Ordinal));
    }

    private static async Task ExerciseAsync(EngineHost engine, StringBuilder said)
    {
        var ids = new List<ConnectionId>();
        var faults = new[]
        {
            FaultKind.ServerError, FaultKind.Outage, FaultKind.Garbage, FaultKind.Empty, FaultKind.WrongContentType, FaultKind.Firewall, FaultKind.InvalidGrant,
            FaultKind.GatewayTimeout, FaultKind.Abort, FaultKind.Truncate, FaultKind.Throttled, FaultKind.ConsentRequired,
        };
        foreach (var fault in faults)
        {
            var subject = $"user-{fault}";
            ids.Add(await engine.ImportAsync(subject, TimeSpan.FromMinutes(5)));
            engine.Server.Faults.Add(Fault.Of(fault).ForSubject(subject));
        }

        ids.Add(await engine.ImportAsync("user-fine", TimeSpan.FromMinutes(5)));
        await engine.RunAsync(TimeSpan.FromMinutes(12), TimeSpan.FromSeconds(20));
        foreach (var id in ids)
        {
            var result = await engine.AskAsync(id);
            said.AppendLine(result.Error?.ToString()).AppendLine(result.Token?.ToString());
            said.AppendLine((await engine.Levers.RefreshAsync(id, capture: true, "test")).ToString());
            said.AppendLine((await engine.ReadAsync(id)).ToString());
        }

        foreach (var attempt in await engine.Get<IAttemptStore>().ListAsync(new AttemptFilter { Environment = "production" }, null, 1000, default))
        {
            said.AppendLine(attempt.ToString());
        }

        Assert.Contains(await engine.Get<IAttemptStore>().ListAsync(new AttemptFilter { Environment = "production" }, null, 1000, default),
            a => a.Source == RefreshSource.Debug && a.Request is not null);
    }

    private sealed class CapturedLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
