using System.Net;
using System.Net.Http.Json;
using System.Text;
using Rekindle.Simulator;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class ClientAuthenticationTests : SimulatorTest
{
    private const string OddId = "odd id";
    private const string OddSecret = "s+e%c=r/et:ü";

    [Theory]
    [InlineData("simulator-client", "wrong")]
    [InlineData("nobody", "simulator-client-secret")]
    public async Task A_wrong_id_or_secret_is_refused_and_consumes_nothing(string id, string secret)
    {
        var server = Host.Servers["strict"];
        var token = server.IssueGrant("u1").RefreshToken!;

        var refused = await Http.PostAsync(
            server.TokenEndpoint, ("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", id), ("client_secret", secret));

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_client"), (refused.Status, refused.Error));
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, token)).Status);
    }

    [Theory]
    [InlineData(ClientAuthentications.Basic, true, HttpStatusCode.OK)]
    [InlineData(ClientAuthentications.Basic, false, HttpStatusCode.Unauthorized)]
    [InlineData(ClientAuthentications.BasicUnencoded, false, HttpStatusCode.OK)]
    [InlineData(ClientAuthentications.BasicUnencoded, true, HttpStatusCode.Unauthorized)]
    [InlineData(ClientAuthentications.Post, true, HttpStatusCode.Unauthorized)]
    public async Task A_basic_header_is_read_the_way_the_server_reads_it(ClientAuthentications takes, bool encoded, HttpStatusCode status)
    {
        var server = Server(new Personality { ClientAuthentication = takes });
        server.RegisterClient(new RegisteredClient { Id = OddId, Secrets = [OddSecret], RedirectUris = [] });
        var grant = server.IssueGrant("u1", clientId: OddId);
        var credentials = encoded ? $"{WebUtility.UrlEncode(OddId)}:{WebUtility.UrlEncode(OddSecret)}" : $"{OddId}:{OddSecret}";

        var answer = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))) },
            Content = SimulatorClient.Form(("grant_type", "refresh_token"), ("refresh_token", grant.RefreshToken!)),
        });

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Credentials_in_the_body_are_refused_where_only_the_header_is_read()
    {
        var server = Host.Servers["ebay-like"];

        var answer = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Content = SimulatorClient.RefreshForm(server.IssueGrant("u1").RefreshToken!),
        });

        Assert.Equal("invalid_client", answer.Error);
    }

    [Fact]
    public async Task A_public_client_needs_no_secret()
    {
        var server = Server(new Personality { ClientAuthentication = ClientAuthentications.None });
        server.RegisterClient(new RegisteredClient { Id = "public", Secrets = [], RedirectUris = [] });
        var grant = server.IssueGrant("u1", clientId: "public");

        var answer = await Http.PostAsync(
            server.TokenEndpoint, ("grant_type", "refresh_token"), ("refresh_token", grant.RefreshToken!), ("client_id", "public"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task A_token_of_another_client_is_refused_and_consumes_nothing()
    {
        var server = Host.Servers["strict"];
        server.RegisterClient(new RegisteredClient { Id = "other", Secrets = ["other-secret"], RedirectUris = [] });
        var grant = server.IssueGrant("u1");

        var foreign = await Http.PostAsync(
            server.TokenEndpoint,
            ("grant_type", "refresh_token"),
            ("refresh_token", grant.RefreshToken!),
            ("client_id", "other"),
            ("client_secret", "other-secret"));

        Assert.Equal("invalid_grant", foreign.Error);
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, grant.RefreshToken!)).Status);
    }

    [Fact]
    public async Task Two_secrets_may_be_live_and_a_withdrawn_one_is_refused()
    {
        var server = Host.Servers["plain"];
        var token = server.IssueGrant("u1").RefreshToken!;

        server.RegisterClient(RegisteredClient.Default with { Secrets = [.. RegisteredClient.Default.Secrets, "next"] });
        var both = await Http.RefreshAsync(server, token);
        server.RegisterClient(RegisteredClient.Default with { Secrets = ["next"] });
        var old = await Http.RefreshAsync(server, token);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized), (both.Status, old.Status));
    }

    [Fact]
    public async Task A_json_body_is_read_where_the_server_takes_one()
    {
        var body = new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["client_id"] = RegisteredClient.Default.Id,
            ["client_secret"] = RegisteredClient.Default.Secrets[0],
        };

        Assert.Equal(HttpStatusCode.OK, (await PostAsync("atlassian-like")).Status);
        Assert.Equal("invalid_request", (await PostAsync("plain")).Error);

        Task<SimulatorAnswer> PostAsync(string preset)
        {
            var server = Host.Servers[preset];
            body["refresh_token"] = server.IssueGrant("u1").RefreshToken!;
            return Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint) { Content = JsonContent.Create(body) });
        }
    }

    [Theory]
    [InlineData("{\"grant_type\":")]
    [InlineData("[1]")]
    [InlineData("{\"grant_type\":\"a\",\"grant_type\":\"b\"}")]
    public async Task A_body_that_cannot_be_read_is_an_invalid_request(string body)
    {
        var server = Host.Servers["atlassian-like"];

        var answer = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        });

        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task A_parameter_sent_twice_is_an_invalid_request()
    {
        var server = Host.Servers["plain"];
        var token = server.IssueGrant("u1").RefreshToken!;

        var answer = await Http.RefreshAsync(server, token, ("refresh_token", token));

        Assert.Equal("invalid_request", answer.Error);
    }

    [Fact]
    public async Task A_refresh_url_of_its_own_takes_refreshes_and_the_token_url_does_not()
    {
        var server = Host.Servers["separate-refresh"];
        var token = server.IssueGrant("u1").RefreshToken!;

        var refreshed = await Http.RefreshAsync(server, token);
        var refused = await Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Content = SimulatorClient.RefreshForm(token),
        });

        Assert.EndsWith("/refresh", server.RefreshEndpoint.ToString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "unsupported_grant_type"), (refreshed.Status, refused.Error));
    }
}
