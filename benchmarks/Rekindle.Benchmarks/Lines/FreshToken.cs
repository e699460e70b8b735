using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using Google.Apis.Auth.OAuth2;
using Google.Apis.Auth.OAuth2.Flows;
using Google.Apis.Auth.OAuth2.Responses;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Identity.Client;
using Rekindle.Benchmarks.Floors;
using Rekindle.Benchmarks.Setting;
using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.Benchmarks.Lines;

/// <summary>The calls that <see cref="FreshTokenLine"/> compares: each hands out one fresh token of a thousand in memory.</summary>
public class FreshToken : IAsyncDisposable
{
    private const int Connections = 1000;
    private const string Subject = "user-500";
    private const string Integration = "bench-0";

    private readonly Dictionary<string, (string Token, DateTime ExpiresAt)> _dictionary = [];
    private DirectoryInfo _folder = null!;
    private IHost _host = null!;
    private MeterListener _metrics = null!;
    private Timer _collecting = null!;
    private TokenReader _tokens = null!;
    private ConnectionId _id;
    private UserCredential _google = null!;
    private IConfidentialClientApplication _msal = null!;

    // Not asynchronous: BenchmarkDotNet does not wait for that in process.
    [GlobalSetup]
    public void SetUp() => SetUpAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void CleanUp() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>What <see cref="SetUp"/> made.</summary>
    public async ValueTask DisposeAsync()
    {
        await _collecting.DisposeAsync();
        _metrics.Dispose();
        await _host.StopAsync();
        _host.Dispose();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private async Task SetUpAsync()
    {
        for (var n = 0; n < Connections; n++)
        {
            _dictionary[$"user-{n}"] = (new string('a', StubProvider.AccessTokenLength), DateTime.UtcNow.AddHours(1));
        }

        await SetUpOursAsync();
        SetUpGoogle();
        await SetUpMsalAsync();
    }

    [Benchmark(Baseline = true)]
    public string DictionaryAndClock()
    {
        var (token, expiresAt) = _dictionary[Subject];
        return expiresAt > DateTime.UtcNow ? token : "";
    }

    [Benchmark]
    public AccessToken ByHandle() => Now(_tokens.GetAsync(_id));

    [Benchmark]
    public AccessToken ByKey() => Now(_tokens.GetAsync(Integration, Subject));

    [Benchmark]
    public string Google() => _google.GetAccessTokenForRequestAsync().GetAwaiter().GetResult();

    [Benchmark]
    public string Msal() => _msal.AcquireTokenForClient(["https://example.com/.default"]).ExecuteAsync().GetAwaiter().GetResult().AccessToken;

    private static AccessToken Now(ValueTask<AccessToken> token) =>
        token.IsCompletedSuccessfully ? token.Result : throw new InvalidOperationException("The token was not fresh in memory.");

    private async Task SetUpOursAsync()
    {
        _folder = Directory.CreateTempSubdirectory("rekindle-bench-");
        var deployment = await Deployment.CreateAsync(_folder.FullName, null, new Uri("http://127.0.0.1:9/token"));
        await deployment.CreateIntegrationsAsync("bench", 1);
        _host = deployment.Parts(o => o.Refresh.WorkerEnabled = false);
        await _host.StartAsync();
        ListenToMetrics();
        _tokens = _host.Services.GetRequiredService<TokenReader>();
        var importer = _host.Services.GetRequiredService<ConnectionImporter>();
        for (var n = 0; n < Connections; n++)
        {
            await importer.ImportAsync(new ImportedGrant
            {
                Key = new ConnectionKey(Deployment.Environment, Integration, "", $"user-{n}", ConnectionKey.DefaultPurpose, ""),
                AccessToken = new Secret(new string('a', StubProvider.AccessTokenLength)),
                RefreshToken = new Secret(new string('r', StubProvider.RefreshTokenLength)),
                ExpiresAt = DateTimeOffset.UtcNow.AddHours(2),
            });
            _id = (await _tokens.GetAsync(Integration, $"user-{n}")).ConnectionId;
        }

        _id = (await _tokens.GetAsync(Integration, Subject)).ConnectionId;
        await _tokens.GetAsync(_id);
    }

    // As an exporter does in production: everything is subscribed to, and read once in a while.
    private void ListenToMetrics()
    {
        _metrics = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        _metrics.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _metrics.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        _metrics.Start();
        _collecting = new Timer(_ => _metrics.RecordObservableInstruments(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    private void SetUpGoogle()
    {
        var flow = new GoogleAuthorizationCodeFlow(new GoogleAuthorizationCodeFlow.Initializer
        {
            ClientSecrets = new ClientSecrets { ClientId = "bench-client", ClientSecret = StubProvider.ClientSecret },
        });
        _google = new UserCredential(flow, Subject, new TokenResponse
        {
            AccessToken = new string('a', StubProvider.AccessTokenLength),
            RefreshToken = new string('r', StubProvider.RefreshTokenLength),
            ExpiresInSeconds = 7200,
            IssuedUtc = DateTime.UtcNow,
        });
    }

    private async Task SetUpMsalAsync()
    {
        _msal = MsalPeer.Create(MsalPeer.Answering());
        await _msal.AcquireTokenForClient(["https://example.com/.default"]).ExecuteAsync();
    }
}
