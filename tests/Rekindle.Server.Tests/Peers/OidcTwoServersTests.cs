using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Rekindle.Providers;
using Rekindle.Server.Tests.Connect;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Peers;

/// <summary>Two shipped servers on one PostgreSQL against an authorization server whose authors do not know ours, which takes a refresh token that comes back for theft.</summary>
[Trait("Speed", "slow")]
public sealed class OidcTwoServersTests
{
    private const int Rounds = 20;
    private const int CallersEach = 10;

    // Half of it is the most freshness that is asked for: what remains for a round's answers is the other half.
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    [Fact, Trait("Req", "A11"), Trait("Failure", "F13")]
    public async Task Twenty_rounds_of_concurrent_demand_on_two_servers_never_look_like_theft()
    {
        await using var provider = await OidcProviderProcess.StartAsync(new OidcProviderSettings
        {
            RedirectUris = ["http://127.0.0.1/connect/callback/production/peer"],
            AccessTokenLifetime = (int)Lifetime.TotalSeconds,
            TokenDelayMilliseconds = 200,
        });
        var postgres = await PostgresServer.GetAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        await using var host = await ConnectHost.StartAsync(IntegrationAt(provider), "post-secret", store => store.UsePostgres(database.ConnectionString));
        await ConnectAsync(host, provider);
        await using var first = await ServerProcess.StartAsync(Settings(host, database), host.Api.DefaultRequestHeaders.Authorization!.Parameter!);
        await using var second = await ServerProcess.StartAsync(Settings(host, database), host.Api.DefaultRequestHeaders.Authorization!.Parameter!);
        var seen = new HashSet<string>();

        for (var round = 0; round < Rounds; round++)
        {
            await Task.Delay(Lifetime * 0.6);
            var tokens = await Task.WhenAll(Enumerable.Range(0, 2 * CallersEach).Select(n => AskAsync((n % 2 == 0 ? first : second).Http)));

            var token = Assert.Single(tokens.Distinct());
            Assert.True(seen.Add(token), "the token of the round before came again");
            Assert.Equal(HttpStatusCode.OK, await UseAsync(provider, token));
        }

        var events = await provider.GetEventsAsync();
        Assert.DoesNotContain(events, happened => happened.Name is "grant.revoked" or "grant.error" or "server_error");
        Assert.Equal(Rounds, events.Count(happened => happened.Name == "refresh_token.consumed"));
    }

    private static Integration IntegrationAt(OidcProviderProcess provider) => new()
    {
        Environment = "production",
        Key = "peer",
        Provider = "oidc",
        DisplayName = "Peer",
        ClientId = "post",
        Scopes = ["openid", "offline_access"],
        Variables = new Dictionary<string, string> { ["issuer_url"] = provider.Issuer.AbsoluteUri.TrimEnd('/') },
    };

    private static async Task ConnectAsync(ConnectHost host, OidcProviderProcess provider)
    {
        using var person = new Person();
        var made = await host.CreateAsync(new { integration = "peer", subject = "user-1", completion = "auto" });
        var left = await person.PressAsync(await person.OpenAsync(new Uri(made.GetProperty("url").GetString()!)));
        Assert.Equal("Peer is connected", (await person.OpenAsync(await provider.SignInAsync(left.Location!))).Title);
    }

    private static async Task<string> AskAsync(HttpClient server)
    {
        using var answer = await server.GetAsync(new Uri("/v1/token?integration=peer&subject=user-1&max_wait_seconds=20", UriKind.Relative));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {(answer.IsSuccessStatusCode ? "" : body)}");
        return JsonDocument.Parse(body).RootElement.GetProperty("access_token").GetString()!;
    }

    private static async Task<HttpStatusCode> UseAsync(OidcProviderProcess provider, string token)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, provider.ResourceEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static Dictionary<string, string> Settings(ConnectHost host, PostgresDatabase database) => new()
    {
        ["STORE"] = "postgres",
        ["POSTGRES:CONNECTION_STRING"] = database.ConnectionString,
        ["KEY_RING_FILE"] = host.KeyRingFile,
        ["CATALOGUE:ALLOW_INSECURE_ENDPOINTS"] = "true",
        ["EXCHANGE:ALLOW_PLAIN_HTTP"] = "true",
        ["EXCHANGE:ALLOW_PRIVATE_NETWORKS"] = "true",
        ["REFRESH:WORKER_ENABLED"] = "false",
        ["JOURNAL:FOLDER"] = Path.Combine(Path.GetDirectoryName(host.KeyRingFile)!, "journal"),
        ["JOURNAL:ALLOW_EPHEMERAL"] = "true",
    };
}
