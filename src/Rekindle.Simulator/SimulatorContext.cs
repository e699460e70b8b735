using Rekindle.Simulator.History;
using Rekindle.Simulator.Tokens;

namespace Rekindle.Simulator;

/// <summary>What the servers of one simulator share.</summary>
internal sealed class SimulatorContext(SimulatorOptions options, CancellationToken stopping)
{
    public SimulatorOptions Options => options;

    public TimeProvider Time => options.Time;

    public string ProcessHeader => options.ProcessHeader;

    public CancellationToken Stopping => stopping;

    public PresentationHistory History { get; } = new(options.HistoryCapacity);

    public IdTokenSigner IdTokens { get; } = new();

    /// <summary>Known once the listener runs.</summary>
    public Uri BaseAddress { get; set; } = new("http://127.0.0.1/");
}
