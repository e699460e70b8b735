using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

/// <summary>What came back from a simulated server.</summary>
internal sealed record SimulatorAnswer(HttpStatusCode Status, string? ContentType, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json { get; } = Parse(Body);

    public string? AccessToken => Text("access_token");

    public string? RefreshToken => Text("refresh_token");

    public string? Error => Text("error");

    private string? Text(string name) =>
        Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static JsonElement Parse(string body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}

/// <summary>A plain OAuth client, as any program would be one; it follows no redirect and sends nothing twice.</summary>
internal sealed class SimulatorClient : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    public Task<SimulatorAnswer> RefreshAsync(AuthorizationServer server, string refreshToken, params (string, string)[] more) =>
        server.Personality.ClientAuthentication.HasFlag(ClientAuthentications.Post)
            ? PostAsync(server.RefreshEndpoint, [.. RefreshParameters(refreshToken), .. more])
            : RefreshWithBasicAsync(server, refreshToken);

    public Task<SimulatorAnswer> PostAsync(Uri address, params (string Name, string Value)[] parameters) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, address) { Content = Form(parameters) });

    public Task<SimulatorAnswer> GetAsync(Uri address) => SendAsync(new HttpRequestMessage(HttpMethod.Get, address));

    public Task<SimulatorAnswer> CallApiAsync(AuthorizationServer server, string accessToken) =>
        GetWithBearerAsync(server.ApiEndpoint, accessToken);

    public Task<SimulatorAnswer> GetWithBearerAsync(Uri address, string accessToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, address) { Headers = { Authorization = new("Bearer", accessToken) } });

    public async Task<SimulatorAnswer> SendAsync(HttpRequestMessage request)
    {
        using var response = await _http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return new SimulatorAnswer(response.StatusCode, response.Content.Headers.ContentType?.MediaType, body, response.Headers);
    }

    public void Dispose() => _http.Dispose();

    public static FormUrlEncodedContent RefreshForm(string refreshToken) => Form(RefreshParameters(refreshToken));

    public static FormUrlEncodedContent Form(params (string Name, string Value)[] parameters) =>
        new(parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));

    private Task<SimulatorAnswer> RefreshWithBasicAsync(AuthorizationServer server, string refreshToken)
    {
        var credentials = Encoding.UTF8.GetBytes($"{RegisteredClient.Default.Id}:{RegisteredClient.Default.Secrets[0]}");
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, server.RefreshEndpoint)
        {
            Content = Form(("grant_type", "refresh_token"), ("refresh_token", refreshToken)),
            Headers = { Authorization = new("Basic", Convert.ToBase64String(credentials)) },
        });
    }

    private static (string, string)[] RefreshParameters(string refreshToken) =>
    [
        ("grant_type", "refresh_token"), ("refresh_token", refreshToken),
        ("client_id", RegisteredClient.Default.Id), ("client_secret", RegisteredClient.Default.Secrets[0]),
    ];
}
