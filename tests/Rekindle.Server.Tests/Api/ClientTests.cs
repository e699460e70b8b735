using System.Net;
using System.Text;
using Rekindle.ApiKeys;
using Rekindle.Client;

namespace Rekindle.Server.Tests.Api;

public sealed class ClientTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task The_client_imports_lists_reads_reports_and_deletes()
    {
        using var http = new HttpClient();
        var client = await ClientAsync(http);
        var grant = server.Host.Server.IssueGrant("by-client");
        var made = await client.ImportAsync(new ImportConnection
        {
            Integration = "acme",
            Subject = "by-client",
            AccessToken = grant.AccessToken,
            RefreshToken = grant.RefreshToken,
            ExpiresAt = grant.ExpiresAt,
        });

        var token = await client.GetAsync("acme", "by-client", minValid: TimeSpan.FromMinutes(5));
        var byId = await client.GetByIdAsync(made.Id);
        var reported = await client.ReportRejectedAsync(token, status: 403);
        var page = await client.ListConnectionsAsync(subject: "by-client");
        await client.DeleteConnectionAsync(made.Id);

        Assert.Equal((grant.AccessToken, token.AccessToken, token.AccessToken), (token.AccessToken, byId.AccessToken, reported.AccessToken));
        Assert.True(token is { MinValidMet: true, Stale: false });
        Assert.Equal(made.Id, Assert.Single(page.Items).Id);
        Assert.DoesNotContain(grant.AccessToken, token.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_is_a_typed_exception()
    {
        using var http = new HttpClient();
        var client = await ClientAsync(http);

        var refused = await Assert.ThrowsAsync<RekindleApiException>(() => client.GetAsync("acme", "nobody"));

        Assert.Equal(("not_connected", 404, "user", false), (refused.Problem.Code, refused.Problem.Status, refused.Problem.WhoActs, refused.Problem.Retryable));
    }

    [Theory]
    [InlineData("text/html", "<html>Sign in</html>")]
    [InlineData("application/json; charset=none-such", "{}")]
    [InlineData("application/json", "{")]
    public async Task What_is_no_answer_of_the_server_is_a_typed_exception(string type, string body)
    {
        using var http = new HttpClient(new Answering(type, body));
        var client = new RekindleClient(http, new Uri("https://tokens.example"), "rk_x");

        var refused = await Assert.ThrowsAsync<RekindleApiException>(() => client.GetAsync("acme", "somebody"));

        Assert.Equal(("unreadable_answer", 200), (refused.Problem.Code, refused.Problem.Status));
    }

    [Theory]
    [InlineData("https://tools.example/rekindle")]
    [InlineData("https://tools.example/rekindle/")]
    public async Task The_key_is_sent_below_the_server_s_path_and_nowhere_else(string server)
    {
        var answering = new Answering("application/json", "{");
        using var http = new HttpClient(answering);
        var client = new RekindleClient(http, new Uri(server), "rk_x");

        await Assert.ThrowsAsync<RekindleApiException>(() => client.GetConnectionAsync("con_1"));

        Assert.Equal("https://tools.example/rekindle/v1/connections/con_1", answering.Asked?.AbsoluteUri);
    }

    /// <summary>Something between the client and the server.</summary>
    private sealed class Answering(string type, string body) : HttpMessageHandler
    {
        public Uri? Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = request.RequestUri;
            var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        }
    }

    private async Task<RekindleClient> ClientAsync(HttpClient http)
    {
        var wish = new Rekindle.ApiKeys.NewApiKey("client", [ApiScopes.Admin], [], [], null);
        var (_, key) = await server.Host.Get<ApiKeyIssuer>().MintLocallyAsync(wish, "production", CancellationToken.None);
        return new RekindleClient(http, server.Host.Address, key.Reveal());
    }
}
