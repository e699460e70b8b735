using System.Net.Http.Headers;
using System.Text.Json;
using Rekindle.Connections;

namespace Rekindle.Demo;

/// <summary>
/// The operator's applications: they ask the server for tokens over HTTP and use each at the provider's API. What that API
/// thinks of a token is the only opinion that counts.
/// </summary>
internal sealed class DemoCallers(DemoWorld world) : IDisposable
{
    private const int Callers = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly HttpClient _server = new() { BaseAddress = world.Address };
    private readonly HttpClient _provider = new();
    private long _accepted;
    private long _refused;
    private long _errors;

    /// <summary>Tokens handed out that the provider's API took.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Tokens handed out that it refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Healthy connections' requests that got no token.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Asks until told to stop.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Callers).Select(n => CallAsync(new Random(n), cancellationToken)));

    /// <summary>One request for a token.</summary>
    public async Task<JsonElement> AskAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/connections/{id}/token");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", world.ApiKey.Reveal());
        using var response = await _server.SendAsync(request, cancellationToken);
        using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return document.RootElement.Clone();
    }

    /// <summary>A link for the person to reconnect a connection.</summary>
    public async Task<Uri> ReconnectLinkAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/connections/{id}/reconnect-link");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", world.ApiKey.Reveal());
        using var response = await _server.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var document = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        return new Uri(document.RootElement.GetProperty("url").GetString()!);
    }

    public void Dispose()
    {
        _server.Dispose();
        _provider.Dispose();
    }

    private async Task CallAsync(Random random, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await CallOnceAsync(world.Healthy[random.Next(world.Healthy.Count)], cancellationToken);
                await Task.Delay(Pause, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task CallOnceAsync(DemoConnection connection, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(connection.Id, cancellationToken);
        if (!answer.TryGetProperty("access_token", out var token))
        {
            Interlocked.Increment(ref _errors);
            return;
        }

        using var use = new HttpRequestMessage(HttpMethod.Get, world.Simulator.Servers[connection.Actor].ApiEndpoint);
        use.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.GetString());
        using var taken = await _provider.SendAsync(use, cancellationToken);
        Interlocked.Increment(ref taken.IsSuccessStatusCode ? ref _accepted : ref _refused);
    }
}
