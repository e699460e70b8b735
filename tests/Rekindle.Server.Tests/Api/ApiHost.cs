using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rekindle.ApiKeys;
using Rekindle.Encryption;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Api;

/// <summary>The whole server as it is shipped: Kestrel on a free port, SQLite on disk, one simulated provider <c>acme</c>; no worker, so that nothing happens unasked.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TempFolder _folder;
    private readonly List<HttpClient> _clients = [];

    private ApiHost(WebApplication app, SimulatorHost simulator, TempFolder folder) => (_app, Simulator, _folder) = (app, simulator, folder);

    public SimulatorHost Simulator { get; }

    public AuthorizationServer Server => Simulator.Servers["acme"];

    public Uri Address => new(_app.Urls.First());

    public string Folder => _folder.Path;

    /// <summary>A client with an admin key of production.</summary>
    public HttpClient Admin { get; private set; } = null!;

    public IEnumerable<RouteEndpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public static async Task<ApiHost> StartAsync(Personality? personality = null, ILoggerProvider? logs = null, bool worker = false, Dictionary<string, string?>? settings = null)
    {
        var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Servers = new Dictionary<string, Personality> { ["acme"] = personality ?? new Personality() },
        });
        var folder = new TempFolder();
        CatalogueEntry.WriteAll(simulator, folder.File("catalogue"));
        KeyRingFile.Create(folder.File("keys"), TimeProvider.System.GetUtcNow());
        settings = new Dictionary<string, string?>(settings ?? [])
        {
            ["Listen"] = "http://127.0.0.1:0",
            ["Sqlite:Path"] = folder.File("rekindle.db"),
            ["KeyRingFile"] = folder.File("keys"),
            ["Journal:Folder"] = folder.File("journal"),
            ["Journal:AllowEphemeral"] = "true",
            ["Catalogue:OverrideFolder"] = folder.File("catalogue"),
            ["Catalogue:AllowInsecureEndpoints"] = "true",
            ["Exchange:AllowPlainHttp"] = "true",
            ["Exchange:AllowPrivateNetworks"] = "true",
            ["Refresh:WorkerEnabled"] = worker ? "true" : "false",
        };
        var app = ServerApp.Build(new ServerArguments(null, [.. settings]), builder =>
        {
            builder.Logging.ClearProviders();
            if (logs is not null)
            {
                builder.Logging.AddProvider(logs);
            }
        });
        await app.StartAsync();
        var host = new ApiHost(app, simulator, folder);
        host.Admin = await host.ClientAsync([ApiScopes.Admin]);
        await host.AddIntegrationAsync("acme");
        return host;
    }

    /// <summary>A client with a key of its own.</summary>
    public async Task<HttpClient> ClientAsync(string[] scopes, string environment = "production", string[]? integrations = null, string[]? tenants = null)
    {
        var wish = new NewApiKey("test", scopes, integrations ?? [], tenants ?? [], null);
        return Client((await Get<ApiKeyIssuer>().MintLocallyAsync(wish, environment, CancellationToken.None)).Key.Reveal());
    }

    /// <summary>A client that presents this key; null: none.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        _clients.Add(client);
        return client;
    }

    public async Task AddIntegrationAsync(string key, object? policy = null) =>
        Assert.Equal(System.Net.HttpStatusCode.Created, await TryAddIntegrationAsync(key, Admin, policy));

    /// <summary>The same in the environment of the client's key, where it may be already.</summary>
    public static async Task<System.Net.HttpStatusCode> TryAddIntegrationAsync(string key, HttpClient client, object? policy = null)
    {
        var registered = RegisteredClient.Default;
        using var answer = await client.PostAsJsonAsync("/v1/integrations", new
        {
            key,
            provider = "sim-acme",
            client_id = registered.Id,
            client_secret = registered.Secrets[0],
            scopes = (string[])["read"],
            policy = policy ?? new { },
        });
        return answer.StatusCode;
    }

    /// <summary>Imports a grant of the simulated provider; returns the connection's id.</summary>
    public async Task<string> ImportAsync(
        string subject, HttpClient? client = null, string integration = "acme", string? tenant = null, TimeSpan? lifetime = null, DateTimeOffset? expiresAt = null)
    {
        var grant = Server.IssueGrant(subject, accessTokenLifetime: lifetime);
        var (status, body) = await PostAsync(client ?? Admin, "/v1/connections", new
        {
            integration,
            subject,
            tenant,
            access_token = grant.AccessToken,
            refresh_token = grant.RefreshToken,
            expires_at = expiresAt ?? grant.ExpiresAt,
        });
        Assert.Equal(201, status);
        return body.GetProperty("id").GetString()!;
    }

    public static Task<(int Status, JsonElement Body)> GetAsync(HttpClient client, string path) => SendAsync(client, HttpMethod.Get, path);

    public static Task<(int Status, JsonElement Body)> PostAsync(HttpClient client, string path, object? body = null) =>
        SendAsync(client, HttpMethod.Post, path, body);

    public static async Task<(int Status, JsonElement Body)> SendAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Simulator.DisposeAsync();
        _folder.Dispose();
    }
}
