using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator;

/// <summary>How a simulator is started.</summary>
public sealed class SimulatorOptions
{
    /// <summary>Address to listen on. Default: the loopback interface, any free port.</summary>
    public string Url { get; init; } = "http://127.0.0.1:0";

    /// <summary>The clock of lifetimes, delays and the history. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Name of each server, which is also its path, and how it behaves. Default: all presets.</summary>
    public IReadOnlyDictionary<string, Personality> Servers { get; init; } = Presets.All;

    /// <summary>The client registered at every server.</summary>
    public RegisteredClient Client { get; init; } = RegisteredClient.Default;

    /// <summary>Text that every token and code contains, for tests that search for leaks: letters, digits, dashes. Default: none.</summary>
    public string? TokenMarker { get; init; }

    /// <summary>Least length of every token; a personality may ask for more. Default: as the personality has it.</summary>
    public int TokenLength { get; init; }

    /// <summary>Entries the history keeps; the oldest go first. Default: all.</summary>
    public int? HistoryCapacity { get; init; }

    /// <summary>Request header whose value the history keeps as the caller's process. Default <c>X-Process</c>.</summary>
    public string ProcessHeader { get; init; } = "X-Process";
}
