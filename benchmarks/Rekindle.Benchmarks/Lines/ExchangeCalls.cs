using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Flows;
using Microsoft.Identity.Client;
using Rekindle.Attempts;
using Rekindle.Benchmarks.Floors;
using Rekindle.Benchmarks.Setting;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Benchmarks.Lines;

/// <summary>The exchanges that <see cref="ExchangeLine"/> compares, each ready to be called by many at once.</summary>
internal sealed class ExchangeCalls : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Uri _endpoint;
    private readonly ProviderDefinition _provider;
    private readonly HttpClient _floor = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
    private readonly TokenExchange _exchange = new(new TokenExchangeOptions { AllowPlainHttp = true, AllowPrivateNetworks = true }, TimeProvider.System);
    private readonly Sealer _sealer;
    private readonly Fingerprinter _fingerprinter;
    private readonly TokenStages _stages;
    private readonly ClientCredentials _client = new("bench-client", new Secret(StubProvider.ClientSecret));
    private readonly OpenedGrant _grant;
    private readonly AuthorizationCodeFlow _google;
    private readonly IConfidentialClientApplication _msal;
    private readonly string _refreshToken = new('r', StubProvider.RefreshTokenLength);

    public ExchangeCalls(Uri endpoint, string folder)
    {
        _endpoint = endpoint;
        _provider = Deployment.LoadCatalogue(Path.Combine(folder, "catalogue"), endpoint).Find(Deployment.ProviderKey)!;
        var ring = KeyRingFile.Create(Path.Combine(folder, "keys"), DateTimeOffset.UtcNow);
        _sealer = new Sealer(ring);
        _fingerprinter = new Fingerprinter(ring);
        _stages = new TokenStages(_fingerprinter);
        var secret = new Secret(_refreshToken);
        _grant = new OpenedGrant(new GrantMaterial { RefreshToken = secret }, null, _sealer.Seal(secret, new SealContext("production", "1", SecretKind.RefreshToken, 1)), secret);
        _google = new AuthorizationCodeFlow(new AuthorizationCodeFlow.Initializer(endpoint.ToString(), endpoint.ToString())
        {
            ClientSecrets = new ClientSecrets { ClientId = _client.ClientId, ClientSecret = StubProvider.ClientSecret },
        });
        _msal = MsalPeer.Create(MsalPeer.To(new Uri(endpoint, "/app")));
    }

    public IReadOnlyList<(string Name, Func<Task> Call)> All =>
        [("floor", FloorAsync), ("compact", CompactAsync), ("captured", CapturedAsync), ("google", GoogleAsync), ("msal", MsalAsync)];

    public void Dispose()
    {
        _floor.Dispose();
        _exchange.Dispose();
        _google.Dispose();
    }

    private async Task FloorAsync()
    {
        using var content = new FormUrlEncodedContent(
        [
            new("grant_type", "refresh_token"), new("refresh_token", _refreshToken), new("client_id", "bench-client"), new("client_secret", StubProvider.ClientSecret),
        ]);
        using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = content };
        using var answer = await _floor.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var token = await JsonSerializer.DeserializeAsync(body, FloorAnswerJson.Default.FloorAnswer);
        ArgumentException.ThrowIfNullOrEmpty(token?.AccessToken);
    }

    private async Task CompactAsync()
    {
        var (_, _, classified) = await ExchangeAsync();
        ThrowIfFailed(classified);
        _stages.Of(_grant, _provider, sent: true);
    }

    private async Task CapturedAsync()
    {
        var (request, result, classified) = await ExchangeAsync();
        ThrowIfFailed(classified);
        _stages.Of(_grant, _provider, sent: true);
        var (asked, answered) = ExchangeCapture.Of(_provider, request, result, _fingerprinter);
        asked.ToJson();
        answered!.ToJson();
    }

    private async Task<(TokenRequest Request, ExchangeResult Result, Classified Classified)> ExchangeAsync()
    {
        var request = ((TokenRequestOutcome.Ready)TokenRequestBuilder.Refresh(_provider, _client, _grant.Material, DateTimeOffset.UtcNow)).Request;
        var result = await _exchange.SendAsync(request, Deadline, static () => true, CancellationToken.None);
        return (request, result, RefreshClassifier.Classify(_provider, result, _grant.Material));
    }

    private async Task GoogleAsync() => await _google.RefreshTokenAsync("user", _refreshToken, CancellationToken.None);

    private async Task MsalAsync() => await _msal.AcquireTokenForClient(["https://example.com/.default"]).WithForceRefresh(true).ExecuteAsync();

    private static void ThrowIfFailed(Classified classified)
    {
        if (classified.Class != RefreshClass.Success)
        {
            throw new InvalidOperationException($"The stub was not understood: {classified.Message}");
        }
    }
}

/// <summary>What a bare program reads of a token answer.</summary>
internal sealed record FloorAnswer(string AccessToken, int ExpiresIn, string? RefreshToken, string? Scope, string? TokenType);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FloorAnswer))]
internal sealed partial class FloorAnswerJson : JsonSerializerContext;
