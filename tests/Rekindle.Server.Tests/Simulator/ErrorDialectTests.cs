using System.Net;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

public sealed class ErrorDialectTests : SimulatorTest
{
    [Theory]
    [InlineData("plain", 400, "\"error\":\"invalid_grant\"")]
    [InlineData("google-like", 400, "Token has been expired or revoked.")]
    [InlineData("microsoft-like", 400, "\"error_codes\": [50173]")]
    [InlineData("slack-like", 200, "{\"ok\":false,\"error\":\"token_revoked\"}")]
    [InlineData("github-like", 200, "\"error\":\"bad_refresh_token\"")]
    [InlineData("atlassian-like", 403, "Unknown or invalid refresh token.")]
    [InlineData("salesforce-like", 400, "expired access/refresh token")]
    [InlineData("zoho-like", 200, "{\"error\":\"invalid_code\"}")]
    [InlineData("shopify-like", 401, "This request requires an active refresh_token")]
    [InlineData("html-errors", 400, "<h1>Bad request</h1>")]
    [InlineData("500-errors", 500, "\"error\":\"internal\"")]
    public async Task A_revoked_grant_is_refused_in_the_servers_own_words(string preset, int status, string words)
    {
        var server = Host.Servers[preset];
        var grant = server.IssueGrant("u1");
        server.Revoke(grant.GrantId);

        var answer = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(status, (int)answer.Status);
        Assert.Contains(words, answer.Body, StringComparison.Ordinal);
        Assert.Null(answer.AccessToken);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Http.CallApiAsync(server, grant.AccessToken)).Status);
    }

    [Theory]
    [InlineData(GrantEnd.RevokedByAdministrator, "invalid_grant", "50173")]
    [InlineData(GrantEnd.ConsentWithdrawn, "invalid_grant", "65001")]
    [InlineData(GrantEnd.PolicyRequiresSignIn, "interaction_required", "50076")]
    [InlineData(GrantEnd.Inactive, "invalid_grant", "700082")]
    [InlineData(GrantEnd.ReuseDetected, "invalid_grant", "70000")]
    public async Task The_refusal_says_why_the_grant_ended(GrantEnd reason, string error, string code)
    {
        var server = Host.Servers["microsoft-like"];
        var grant = server.IssueGrant("u1");
        server.Revoke(grant.GrantId, reason);

        var answer = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal((error, code), (answer.Error, answer.Json.GetProperty("error_codes")[0].GetRawText()));
    }

    [Fact]
    public void Every_dialect_has_well_formed_words_for_every_error()
    {
        foreach (var personality in Presets.All.Values)
        {
            foreach (var error in Enum.GetValues<TokenError>())
            {
                var answer = personality.Errors.For(error);
                if (answer.ContentType == "application/json")
                {
                    using var body = System.Text.Json.JsonDocument.Parse(answer.Body);
                    Assert.True(body.RootElement.TryGetProperty("error", out _));
                }

                Assert.InRange(answer.Status, 200, 599);
            }
        }
    }
}
