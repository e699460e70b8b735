using System.Net;
using Rekindle.Simulator;
using Rekindle.Simulator.History;

namespace Rekindle.Server.Tests.Simulator;

/// <summary>Servers without refresh tokens: the access token itself is exchanged for a longer one.</summary>
public sealed class ExchangeStyleTests : SimulatorTest
{
    [Fact]
    public async Task A_valid_token_is_exchanged_by_get_with_the_clients_secret()
    {
        var server = Host.Servers["meta-like"];
        var grant = server.IssueGrant("u1", accessTokenLifetime: TimeSpan.FromDays(5));

        var answer = await ExchangeAsync(server, grant.AccessToken, RegisteredClient.Default.Secrets[0]);

        Assert.Null(grant.RefreshToken);
        Assert.Equal((HttpStatusCode.OK, null), (answer.Status, answer.RefreshToken));
        Assert.NotEqual(grant.AccessToken, answer.AccessToken);
        Assert.Equal(60 * 86_400, answer.Json.GetProperty("expires_in").GetInt32());
    }

    [Fact]
    public async Task Without_the_secret_or_after_expiry_it_is_refused_in_graphs_words()
    {
        var server = Host.Servers["meta-like"];
        var grant = server.IssueGrant("u1", accessTokenLifetime: TimeSpan.FromDays(5));

        var wrongSecret = await ExchangeAsync(server, grant.AccessToken, "wrong");
        Clock.Advance(TimeSpan.FromDays(5));
        var expired = await ExchangeAsync(server, grant.AccessToken, RegisteredClient.Default.Secrets[0]);

        Assert.Equal("1", Code(wrongSecret));
        Assert.Equal("190", Code(expired));
        Assert.Equal(PresentedToken.Dead, Host.History.Refreshes()[^1].Token);
    }

    [Fact]
    public async Task A_token_is_extended_without_a_secret_once_it_is_a_day_old()
    {
        var server = Host.Servers["instagram-like"];
        var grant = server.IssueGrant("u1");
        var address = new Uri($"{server.Issuer}/refresh?grant_type=ig_refresh_token&access_token={grant.AccessToken}");

        var tooYoung = await Http.GetAsync(address);
        Clock.Advance(TimeSpan.FromDays(1));
        var extended = await Http.GetAsync(address);

        Assert.Equal((HttpStatusCode.BadRequest, "100"), (tooYoung.Status, Code(tooYoung)));
        Assert.Equal(HttpStatusCode.OK, (await Http.CallApiAsync(server, extended.AccessToken!)).Status);
    }

    private Task<SimulatorAnswer> ExchangeAsync(AuthorizationServer server, string accessToken, string secret) => Http.GetAsync(new Uri(
        $"{server.TokenEndpoint}?grant_type=fb_exchange_token&client_id={RegisteredClient.Default.Id}&client_secret={secret}"
        + $"&fb_exchange_token={accessToken}"));

    private static string Code(SimulatorAnswer answer) => answer.Json.GetProperty("error").GetProperty("code").GetRawText();
}
