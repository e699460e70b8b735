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

    private async Task<RekindleClient> ClientAsync(HttpClient http)
    {
        var wish = new Rekindle.ApiKeys.NewApiKey("client", [ApiScopes.Admin], [], [], null);
        var (_, key) = await server.Host.Get<ApiKeyIssuer>().MintLocallyAsync(wish, "production", CancellationToken.None);
        return new RekindleClient(http, server.Host.Address, key.Reveal());
    }
}
