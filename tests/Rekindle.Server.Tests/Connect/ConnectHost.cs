using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rekindle.ApiKeys;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Hosting;
using Rekindle.Providers;
using Rekindle.Simulator;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Connect;

/// <summary>Engine, API and connect pages on SQLite over real HTTP, on a clock that stands still, with one simulated provider called <c>acme</c>.</summary>
internal sealed class ConnectHost : IAsyncDisposable
{
    public const string ReturnUrl = "https://app.example.com/done";

    private readonly WebApplication _app;
    private readonly SimulatorHost? _simulator;
    private readonly TempFolder _folder;

    private ConnectHost(WebApplication app, SimulatorHost? simulator, TempFolder folder, ManualClock clock)
    {
        (_app, _simulator, _folder, Clock) = (app, simulator, folder, clock);
        Site = new Uri(app.Urls.First());
        Api = new HttpClient { BaseAddress = Site };
    }

    public Uri Site { get; }

    public HttpClient Api { get; }

    public string KeyRingFile => Path.Combine(_folder.Path, "keys");

    public ManualClock Clock { get; }

    public AuthorizationServer Server => _simulator!.Servers["acme"];

    public SimulatorHost Simulator => _simulator!;

    /// <summary>What reached the provider's token endpoint.</summary>
    public IEnumerable<Presentation> AtTokenEndpoint => _simulator!.History.Since().Where(p => p.Endpoint == SimulatedEndpoint.Token);

    public IConnectionStore Connections => Get<IConnectionStore>();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>Starts one.</summary>
    /// <param name="change">Changes the integration.</param>
    /// <param name="personality">The provider; default: rotates strictly.</param>
    /// <param name="entry">Catalogue entry of the integration's provider instead of the simulator's own.</param>
    /// <param name="logs">Where logs go.</param>
    /// <param name="publicUrl">Address under which browsers reach it; null: its own.</param>
    public static async Task<ConnectHost> StartAsync(
        Func<Integration, Integration>? change = null, Personality? personality = null, Func<AuthorizationServer, string>? entry = null,
        ILoggerProvider? logs = null, string? publicUrl = null)
    {
        var clock = new ManualClock();
        var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = clock,
            Servers = new Dictionary<string, Personality> { ["acme"] = personality ?? Engine.EngineSettings.Strict },
        });
        var folder = new TempFolder();
        var catalogue = Path.Combine(folder.Path, "catalogue");
        CatalogueEntry.WriteAll(simulator, catalogue);
        if (entry is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(catalogue, "sim-acme.yaml"), entry(simulator.Servers["acme"]));
        }

        var client = RegisteredClient.Default;
        var integration = new Integration
        {
            Environment = "production",
            Key = "acme",
            Provider = "sim-acme",
            DisplayName = "Acme",
            ClientId = client.Id,
            Scopes = ["read"],
            AllowedReturnUrls = ["https://app.example.com"],
            CreatedAt = clock.Now,
            UpdatedAt = clock.Now,
        };
        return await StartAsync(change is null ? integration : change(integration), client.Secrets[0], catalogue, simulator, folder, clock, logs, publicUrl: publicUrl);
    }

    /// <summary>One on a provider that is not the simulator, on a database of the test's own where it gives one.</summary>
    public static Task<ConnectHost> StartAsync(Integration integration, string secret, Action<RekindleBuilder>? store = null)
    {
        var folder = new TempFolder();
        return StartAsync(integration, secret, null, null, folder, new ManualClock(TimeProvider.System.GetUtcNow()), null, store);
    }

    /// <summary>Makes a connect session through the API.</summary>
    public async Task<JsonElement> CreateAsync(object body)
    {
        using var answer = await Api.PostAsJsonAsync("/v1/connect-sessions", body);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>A link of the usual kind.</summary>
    public async Task<(string Id, Uri Url)> LinkAsync(string subject = "user-1", string completion = "backend")
    {
        var made = await CreateAsync(new { integration = "acme", subject, return_url = ReturnUrl, client_reference = "ref 1&2", completion });
        return (made.GetProperty("id").GetString()!, new Uri(made.GetProperty("url").GetString()!));
    }

    public Task<JsonElement> SessionAsync(string id) => Api.GetFromJsonAsync<JsonElement>($"/v1/connect-sessions/{id}");

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, object body)
    {
        using var answer = await Api.PostAsJsonAsync(path, body);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>One more integration at a provider of the catalogue.</summary>
    public async Task AddIntegrationAsync(Integration integration, string secret)
    {
        await Get<IIntegrationStore>().CreateAsync(
            integration with { ClientSecret = Get<Sealer>().Seal(new Secret(secret), integration.SealContext(SecretKind.ClientSecret)) }, default);
        await Get<IntegrationDirectory>().ReloadAsync(default);
    }

    /// <summary>Changes the integration.</summary>
    public async Task ChangeAsync(Func<Integration, Integration> change)
    {
        var store = Get<IIntegrationStore>();
        var present = (await store.ListAsync(default)).Single(i => i.Key == "acme");
        await store.UpdateAsync(change(present), Clock.Now, default);
        await Get<IntegrationDirectory>().ReloadAsync(default);
    }

    /// <summary>A round of the housekeeping of connect sessions.</summary>
    public Task MaintainAsync() => ActivatorUtilities.CreateInstance<Rekindle.Connect.ConnectMaintenance>(_app.Services).RunAsync(default);

    /// <summary>A link for a purpose, active at once.</summary>
    public async Task<Uri> PurposeLinkAsync(string purpose) => new(
        (await CreateAsync(new { integration = "acme", subject = "user-1", purpose, completion = "auto" })).GetProperty("url").GetString()!);

    /// <summary>A token as an application asks for it.</summary>
    public async Task<TokenResult> AskAsync(string purpose) => await Get<TokenReader>().TryGetAsync(
        new TokenQuery { Environment = "production", Integration = "acme", Subject = "user-1", Purpose = purpose }, new TokenDemand());

    /// <summary>A client of the API with a key of its own.</summary>
    public async Task<HttpClient> CallerAsync(string scope, string[]? integrations = null, string[]? tenants = null)
    {
        var key = ApiKeyFormat.Mint("production");
        await Get<IApiKeyStore>().CreateAsync(
            new ApiKey
            {
                Id = key.Id,
                Environment = "production",
                Name = "limited",
                Hash = key.Hash,
                Scopes = [scope],
                Integrations = integrations ?? [],
                Tenants = tenants ?? [],
                CreatedAt = Clock.Now,
            },
            default);
        return new HttpClient { BaseAddress = Site, DefaultRequestHeaders = { Authorization = new("Bearer", key.Key.Reveal()) } };
    }

    public async Task<Connection?> ConnectionOfAsync(string subject = "user-1") =>
        (await Connections.FindAsync(new ConnectionKey("production", "acme", "", subject, "default", ""), default))?.Connection;

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }

        _folder.Dispose();
    }

    private static async Task<ConnectHost> StartAsync(
        Integration integration, string secret, string? catalogue, SimulatorHost? simulator, TempFolder folder, ManualClock clock, ILoggerProvider? logs,
        Action<RekindleBuilder>? store = null, string? publicUrl = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<TimeProvider>(clock);
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Debug);
        }

        var keys = Path.Combine(folder.Path, "keys");
        Encryption.KeyRingFile.Create(keys, clock.GetUtcNow());
        var rekindle = builder.Services.AddRekindle(o =>
        {
            o.KeyRingFile = keys;
            o.Journal.Folder = Path.Combine(folder.Path, "journal");
            o.Journal.AllowEphemeral = true;
            o.Catalogue.OverrideFolder = catalogue;
            o.Catalogue.AllowInsecureEndpoints = true;
            o.Exchange.AllowPlainHttp = true;
            o.Exchange.AllowPrivateNetworks = true;
            o.Refresh.WorkerEnabled = false;
            o.Connect.PublicUrl = publicUrl;
        });
        (store ?? (b => b.UseSqlite(Path.Combine(folder.Path, "rekindle.db"))))(rekindle);
        builder.Services.AddRekindleApi();
        var app = builder.Build();
        app.MapRekindleApi();
        await app.StartAsync();

        var host = new ConnectHost(app, simulator, folder, clock);
        await host.AddIntegrationAsync(integration, secret);
        var key = ApiKeyFormat.Mint("production");
        await host.Get<IApiKeyStore>().CreateAsync(
            new ApiKey { Id = key.Id, Environment = "production", Name = "test", Hash = key.Hash, Scopes = [ApiScopes.Admin], CreatedAt = clock.Now }, default);
        host.Api.DefaultRequestHeaders.Authorization = new("Bearer", key.Key.Reveal());
        return host;
    }
}
