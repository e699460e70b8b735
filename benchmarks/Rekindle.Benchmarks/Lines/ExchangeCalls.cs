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
    private readonly SealedSecret _stored;
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
        _stored = _sealer.Seal(new Secret(_refreshToken), new SealContext("production", "1", SecretKind.RefreshToken, 1));
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
        var grant = Opened();
        await ExchangeAsync(grant);
        _stages.Of(grant, _provider, sent: true);
    }

    private async Task CapturedAsync()
    {
        var grant = Opened();
        var (request, result) = await ExchangeAsync(grant);
        _stages.Of(grant, _provider, sent: true);
        ExchangeCapture.Of(_provider, request, result, _fingerprinter);
    }

    private async Task<(TokenRequest Request, ExchangeResult Result)> ExchangeAsync(OpenedGrant grant)
    {
        var request = ((TokenRequestOutcome.Ready)TokenRequestBuilder.Refresh(_provider, _client, grant.Material, DateTimeOffset.UtcNow)).Request;
        var result = await _exchange.SendAsync(request, Deadline, static () => true, CancellationToken.None);
        ThrowIfFailed(RefreshClassifier.Classify(_provider, result, grant.Material));
        return (request, result);
    }

    // Every refresh presents another token, of which nothing is known yet; the client and its secret are the same for all.
    private OpenedGrant Opened()
    {
        var token = new Secret(_refreshToken);
        return new OpenedGrant(new GrantMaterial { RefreshToken = token }, null, _stored, token);
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
