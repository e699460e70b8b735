using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>
/// The whole engine on a store on disk, against one simulated provider over loopback HTTP. On a manual clock the test
/// drives the heartbeat itself (<see cref="BeatAsync"/>, <see cref="RunAsync"/>), so that an hour passes in a second and
/// nothing depends on how fast this machine is.
/// </summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly TempFolder? _folder;
    private readonly bool _ownsSimulator;

    private EngineHost(IHost host, SimulatorHost simulator, AuthorizationServer server, TempFolder? folder, bool ownsSimulator, TimeProvider time)
    {
        _host = host;
        Simulator = simulator;
        Server = server;
        _folder = folder;
        _ownsSimulator = ownsSimulator;
        Time = time;
    }

    public SimulatorHost Simulator { get; }

    public AuthorizationServer Server { get; }

    public TimeProvider Time { get; }

    public ManualClock Clock => (ManualClock)Time;

    public TokenReader Tokens => Get<TokenReader>();

    public IConnectionStore Connections => Get<IConnectionStore>();

    public ConnectionLevers Levers => Get<ConnectionLevers>();

    public Heartbeat Heartbeat => Get<Heartbeat>();

    public Integration Integration { get; private set; } = null!;

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    public static async Task<EngineHost> StartAsync(EngineSettings settings)
    {
        var ownsTime = settings.Time ?? new ManualClock();
        var simulator = settings.Simulator ?? await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = ownsTime,
            Servers = new Dictionary<string, Personality> { ["acme"] = settings.Personality },
        });
        var folder = settings.Folder is null ? new TempFolder() : null;
        var path = settings.Folder ?? folder!.Path;
        var catalogue = Path.Combine(path, "catalogue");
        CatalogueEntry.WriteAll(simulator, catalogue);
        var keys = Path.Combine(path, "keys");
        if (!File.Exists(keys))
        {
            KeyRingFile.Create(keys, ownsTime.GetUtcNow());
        }

        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(ownsTime);
        if (settings.Logs is { } logs)
        {
            builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Debug);
        }

        var rekindle = builder.Services.AddRekindle(o =>
        {
            o.KeyRingFile = keys;
            o.Journal.Folder = Path.Combine(path, "journal");
            o.Journal.AllowEphemeral = true;
            o.Journal.SegmentMegabytes = 1;
            o.Catalogue.OverrideFolder = catalogue;
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            o.Refresh.WorkerEnabled = settings.Worker;
            o.Alerts.Enabled = false;
            settings.Configure?.Invoke(o);
        });
        settings.Store(rekindle, path);
        var host = builder.Build();
        await host.StartAsync();
        var engine = new EngineHost(host, simulator, simulator.Servers.Values.First(), folder, settings.Simulator is null, ownsTime);
        engine.Integration = await engine.EnsureIntegrationAsync(settings.Environment, settings.Policy);
        return engine;
    }

    /// <summary>One heartbeat, finished to the last commit.</summary>
    public async Task BeatAsync()
    {
        await Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, CancellationToken.None);
        await Heartbeat.DrainAsync();
    }

    /// <summary>Beats until nothing more is started, then moves the clock; until the time is over.</summary>
    public async Task RunAsync(TimeSpan time, TimeSpan step)
    {
        for (var until = Clock.Now + time; Clock.Now < until;)
        {
            await BeatAsync();
            Clock.Advance(step);
        }

        await BeatAsync();
    }

    /// <summary>
    /// Moves the clock a step at a time until the condition holds. Sockets and disks take real time, and what waits for a retry goes on when its time
    /// has come: a little of the one for each bit of the other. Fails after a minute of real time.
    /// </summary>
    public async Task UntilAsync(Func<Task<bool>> condition, TimeSpan step)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, "What was waited for did not come about within a minute.");
            await Task.Delay(1);
            await Clock.AdvanceAsync(step);
        }
    }

    public async Task<ConnectionId> ImportAsync(string subject, TimeSpan? lifetime = null, Action<ImportedGrantDraft>? change = null)
    {
        var issued = Server.IssueGrant(subject, accessTokenLifetime: lifetime);
        var draft = new ImportedGrantDraft { AccessToken = issued.AccessToken, RefreshToken = issued.RefreshToken, ExpiresAt = issued.ExpiresAt };
        change?.Invoke(draft);
        var result = await Get<ConnectionImporter>().ImportAsync(new ImportedGrant
        {
            Key = new ConnectionKey(Integration.Environment, "acme", draft.Tenant, subject, draft.Purpose, draft.Account),
            AccessToken = Secret.OrNull(draft.AccessToken),
            RefreshToken = Secret.OrNull(draft.RefreshToken),
            ExpiresAt = draft.ExpiresAt,
            Scopes = issued.Scopes,
            Metadata = draft.Metadata,
            Replace = draft.Replace,
            Standby = draft.Standby,
            ProviderAccountId = subject,
        });
        return result switch
        {
            GrantResult.Created c => c.Snapshot.Connection.Id,
            GrantResult.Replaced r => r.Snapshot.Connection.Id,
            GrantResult.Exists e => e.Snapshot.Connection.Id,
            GrantResult.AnotherAccount a => a.Snapshot.Connection.Id,
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>A connection claimed by this worker, by a clock that was found right; what becomes of it is the test's.</summary>
    internal async Task<LeasedRefresh> LeaseAsync(ConnectionId id)
    {
        Assert.True(await Get<ClockSkew>().IsTolerableAsync(default));
        var lease = TimeSpan.FromSeconds(180);
        var terms = new LeaseTerms(Get<WorkerIdentity>().InstanceId, Clock.Now, lease, Guid.CreateVersion7(Clock.Now));
        var claim = Assert.IsType<ClaimAnswer.Taken>(await Get<IRefreshStore>().ClaimOneAsync(id, 1, terms, TimeSpan.Zero, default)).Claim;
        return new LeasedRefresh(claim, Clock.GetTimestamp(), lease, default);
    }

    public async Task<ConnectionSnapshot> ReadAsync(ConnectionId id) =>
        await Connections.GetAsync(id, CancellationToken.None) ?? throw new InvalidOperationException($"{id} is gone.");

    public ValueTask<TokenResult> AskAsync(ConnectionId id, TimeSpan? minValid = null, TimeSpan? maxWait = null) =>
        Tokens.TryGetAsync(id, new TokenDemand(minValid, maxWait));

    public async Task SetPolicyAsync(IntegrationPolicy policy)
    {
        var entry = await Get<IntegrationDirectory>().FindAsync(Integration.Id, CancellationToken.None);
        Integration = (await Get<IIntegrationStore>().UpdateAsync(entry!.Integration with { Policy = policy }, Time.GetUtcNow(), CancellationToken.None))!;
        await Get<IntegrationDirectory>().ReloadAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        if (_ownsSimulator)
        {
            await Simulator.DisposeAsync();
        }

        _folder?.Dispose();
    }

    private async Task<Integration> EnsureIntegrationAsync(string environment, IntegrationPolicy? policy)
    {
        var directory = Get<IntegrationDirectory>();
        if (await directory.FindAsync(environment, "acme", CancellationToken.None) is { } entry)
        {
            return entry.Integration;
        }

        var client = RegisteredClient.Default;
        var integration = new Integration
        {
            Environment = environment,
            Key = "acme",
            Provider = CatalogueEntry.KeyOf(Server),
            DisplayName = "Acme",
            ClientId = client.Id,
            Policy = policy ?? EngineSettings.AtOnce,
            CreatedAt = Time.GetUtcNow(),
            UpdatedAt = Time.GetUtcNow(),
        };
        var created = await Get<IIntegrationStore>().CreateAsync(
            integration with { ClientSecret = Get<Sealer>().Seal(new Secret(client.Secrets[0]), integration.SealContext(SecretKind.ClientSecret)) },
            CancellationToken.None);
        await directory.ReloadAsync(CancellationToken.None);
        return created ?? (await directory.FindAsync(environment, "acme", CancellationToken.None))!.Integration;
    }
}
