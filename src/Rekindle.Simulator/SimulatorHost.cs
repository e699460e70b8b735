using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Rekindle.Simulator.Control;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator;

/// <summary>
/// Simulated authorization servers on one real HTTP listener, each under its own path. Everything that can be done to
/// them can be done here in process, and under <c>/_control/</c> from another one.
/// </summary>
public sealed class SimulatorHost : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, AuthorizationServer> _servers = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SimulatorContext _context;
    private readonly WebApplication _app;

    private SimulatorHost(SimulatorOptions options)
    {
        if (options.TokenMarker?.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_') == false)
        {
            throw new ArgumentException("A token marker is made of letters, digits, dashes and underscores.", nameof(options));
        }

        _context = new SimulatorContext(options, _stopping.Token);
        foreach (var (name, personality) in options.Servers)
        {
            AddServer(name, personality);
        }

        _app = Build(options);
    }

    /// <summary>Where it listens.</summary>
    public Uri BaseAddress => _context.BaseAddress;

    /// <summary>The servers by name.</summary>
    public IReadOnlyDictionary<string, AuthorizationServer> Servers => _servers;

    /// <summary>Everything that was presented to them.</summary>
    public PresentationHistory History => _context.History;

    /// <summary>Starts listening.</summary>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<SimulatorHost> StartAsync(SimulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        var host = new SimulatorHost(options ?? new SimulatorOptions());
        try
        {
            await host._app.StartAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        var addresses = host._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        host._context.BaseAddress = new Uri(addresses.Addresses.First());
        return host;
    }

    /// <summary>Adds a server, or replaces the one of that name together with its grants.</summary>
    /// <param name="name">Its path: letters, digits and dashes.</param>
    /// <param name="personality">How it behaves.</param>
    public AuthorizationServer AddServer(string name, Personality personality)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(personality);
        if (!name.All(character => char.IsAsciiLetterOrDigit(character) || character == '-'))
        {
            throw new ArgumentException($"'{name}' cannot be a server's path: letters, digits and dashes can.", nameof(name));
        }

        return _servers[name] = new AuthorizationServer(name, personality, _context);
    }

    /// <summary>Cuts the requests that are held or slow and stops listening.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    internal AuthorizationServer Require(string name) =>
        _servers.GetValueOrDefault(name) ?? throw new ArgumentException($"There is no server '{name}'.", nameof(name));

    // Nothing is taken from the surroundings: no settings file, no environment, no signals. A simulator inside a demo or a
    // test ends when it is disposed.
    private WebApplication Build(SimulatorOptions options)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(options.Url).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, OwnLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        var app = builder.Build();
        Routes.Map(app, this);
        ControlEndpoints.Map(app, this);
        return app;
    }

    private sealed class OwnLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
