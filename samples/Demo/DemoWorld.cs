using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Demo;

/// <summary>
/// Everything the demo runs: the simulated providers, the server on SQLite with its worker and HTTP API, and 500
/// connections. Both listen on loopback; the database lies in a folder of its own that goes at the end.
/// </summary>
internal sealed class DemoWorld : IAsyncDisposable
{
    public const string Environment = "demo";

    private readonly SimulatorHost _simulator;
    private readonly string _folder;

    private DemoWorld(SimulatorHost simulator, WebApplication app, string folder, DemoOptions options)
    {
        _simulator = simulator;
        App = app;
        _folder = folder;
        Options = options;
    }

    public DemoOptions Options { get; }

    public WebApplication App { get; }

    public SimulatorHost Simulator => _simulator;

    public Uri Address => new(App.Urls.First());

    /// <summary>An API key of this world, for its callers.</summary>
    public Secret ApiKey { get; private set; } = null!;

    /// <summary>Connections that nothing was done to.</summary>
    public List<DemoConnection> Healthy { get; } = [];

    /// <summary>Connections with a planted trouble.</summary>
    public List<(Trouble Trouble, DemoConnection Connection)> Troubled { get; } = [];

    /// <summary>Where to connect one more account by browser; any link of it can be used once.</summary>
    public Uri ConnectAddress { get; private set; } = null!;

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    public static async Task<DemoWorld> StartAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        var simulator = await SimulatorHost.StartAsync(
            new SimulatorOptions { Servers = Cast.All.ToDictionary(a => a.Name, a => a.Personality) }, cancellationToken);
        var folder = Directory.CreateTempSubdirectory("rekindle-demo-").FullName;
        var world = new DemoWorld(simulator, Compose(simulator, folder, options), folder, options);
        await world.App.StartAsync(cancellationToken);
        await world.PopulateAsync(cancellationToken);
        return world;
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        await _simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static WebApplication Compose(SimulatorHost simulator, string folder, DemoOptions options)
    {
        var keys = Path.Combine(folder, "keys");
        var catalogue = Path.Combine(folder, "catalogue");
        KeyRingFile.Create(keys, TimeProvider.System.GetUtcNow());
        CatalogueEntry.WriteAll(simulator, catalogue);

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        builder.Logging.ClearProviders();
        builder.Services.AddRekindle(o =>
        {
            o.DefaultEnvironment = Environment;
            o.KeyRingFile = keys;
            o.Journal.Folder = Path.Combine(folder, "journal");
            o.Journal.AllowEphemeral = true;
            o.Catalogue.OverrideFolder = catalogue;
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            o.Refresh.HeartbeatInterval = TimeSpan.FromSeconds(5);
        }).UseSqlite(Path.Combine(folder, "rekindle.db"));
        builder.Services.AddRekindleApi();
        var app = builder.Build();
        app.MapRekindleApi();
        return app;
    }

    private async Task PopulateAsync(CancellationToken cancellationToken)
    {
        ApiKey = await MintKeyAsync(cancellationToken);
        foreach (var actor in Cast.All)
        {
            await CreateIntegrationAsync(actor, cancellationToken);
        }

        await Get<IntegrationDirectory>().ReloadAsync(cancellationToken);
        var troubled = Trouble.All.Count;
        foreach (var actor in Cast.All)
        {
            var count = (int)Math.Round((Options.Connections - troubled) * actor.Share);
            for (var i = 1; i <= count; i++)
            {
                Healthy.Add(await ImportAsync(actor.Name, $"user-{i}", true, cancellationToken));
            }
        }

        _simulator.Servers[Cast.Stormy].Faults.Add(Fault.Of(FaultKind.Outage));
        _simulator.Servers[Cast.Misconfigured].Faults.Add(Fault.Of(FaultKind.SecretExpired));
        foreach (var trouble in Trouble.All)
        {
            var connection = await ImportAsync(trouble.Actor, trouble.Subject, !trouble.WithoutRefreshToken, cancellationToken);
            trouble.Plant?.Invoke(_simulator.Servers[trouble.Actor], trouble.Subject);
            Troubled.Add((trouble, connection));
        }

        var session = await Get<ConnectSessions>().CreateAsync(
            new ConnectRequest { Environment = Environment, Integration = Cast.Strict, Subject = "you", AutoComplete = true }, cancellationToken);
        ConnectAddress = ConnectPaths.Link(Address, ((ConnectSessionResult.Created)session).Link);
    }

    private async Task<Secret> MintKeyAsync(CancellationToken cancellationToken)
    {
        var minted = ApiKeyFormat.Mint(Environment);
        await Get<IApiKeyStore>().CreateAsync(
            new ApiKey
            {
                Id = minted.Id,
                Environment = Environment,
                Name = "demo",
                Hash = minted.Hash,
                Scopes = ["admin"],
                CreatedAt = TimeProvider.System.GetUtcNow(),
            },
            cancellationToken);
        return minted.Key;
    }

    private async Task CreateIntegrationAsync(Actor actor, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        var client = RegisteredClient.Default;
        var integration = new Integration
        {
            Environment = Environment,
            Key = actor.Name,
            Provider = CatalogueEntry.KeyOf(_simulator.Servers[actor.Name]),
            DisplayName = actor.Title,
            ClientId = client.Id,

            // Tokens of 15 s need another scale than hourly ones: budget, back-off and hold shrink with them.
            Policy = new IntegrationPolicy
            {
                BudgetRequests = 3000,
                BudgetWindow = TimeSpan.FromSeconds(60),
                BackoffBase = TimeSpan.FromSeconds(2),
                BackoffCeiling = TimeSpan.FromSeconds(20),
                InDoubtHold = TimeSpan.FromSeconds(4),
                ConfirmationDelay = TimeSpan.FromSeconds(2),
            },
            CreatedAt = now,
            UpdatedAt = now,
        };
        await Get<IIntegrationStore>().CreateAsync(
            integration with { ClientSecret = Get<Sealer>().Seal(new Secret(client.Secrets[0]), integration.SealContext(SecretKind.ClientSecret)) },
            cancellationToken);
    }

    private async Task<DemoConnection> ImportAsync(string actor, string subject, bool withRefreshToken, CancellationToken cancellationToken)
    {
        var issued = _simulator.Servers[actor].IssueGrant(subject);
        var result = await Get<ConnectionImporter>().ImportAsync(
            new ImportedGrant
            {
                Key = new ConnectionKey(Environment, actor, "", subject, ConnectionKey.DefaultPurpose, ""),
                AccessToken = new Secret(issued.AccessToken),
                RefreshToken = withRefreshToken ? Secret.OrNull(issued.RefreshToken) : null,
                ExpiresAt = issued.ExpiresAt,
                Scopes = issued.Scopes,
                ProviderAccountId = subject,
                Metadata = new Dictionary<string, string> { ["plan"] = "gold" },
            },
            cancellationToken);
        return new DemoConnection(((GrantResult.Created)result).Snapshot.Connection.Id, actor, subject, issued.GrantId);
    }
}

/// <summary>A connection of the demo and the grant behind it.</summary>
internal sealed record DemoConnection(ConnectionId Id, string Actor, string Subject, string GrantId);
