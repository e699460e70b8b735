using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Simulator;

/// <summary>A simulator of its own with one server, a clock that stands still, and a client.</summary>
public abstract class SimulatorTest : IAsyncLifetime
{
    private protected ManualClock Clock { get; } = new();

    private protected SimulatorClient Http { get; } = new();

    private protected SimulatorHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = Clock, Servers = Presets.All });

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same simulator with a server that behaves as the test wants.</summary>
    private protected AuthorizationServer Server(Personality personality) => Host.AddServer("tested", personality);
}
