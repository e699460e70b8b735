using Rekindle.ApiKeys;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Api;

[Trait("Req", "A12")]
public sealed class LeverTests(ApiServer server) : IClassFixture<ApiServer>
{
    private HttpClient Admin => server.Host.Admin;

    [Theory]
    [InlineData("refresh", "active", "connection.refresh")]
    [InlineData("retry", "active", "connection.retry")]
    [InlineData("clear-backoff", "active", "connection.clear_backoff")]
    [InlineData("require-reauthorization", "needs_reauthorization", "connection.require_reauthorization")]
    [InlineData("disable", "disabled", "connection.disable")]
    [InlineData("enable", "active", "connection.enable")]
    [InlineData("take-over", "active", "connection.take_over")]
    [InlineData("revoke", "revoked", "connection.revoke")]
    public async Task Each_is_pulled_by_id_and_by_user_and_is_in_the_audit(string lever, string status, string action)
    {
        var byId = await server.Host.ImportAsync($"{lever}-id");
        var byUser = await server.Host.ImportAsync($"{lever}-user");

        var one = await ApiHost.PostAsync(Admin, $"/v1/connections/{byId}/{lever}");
        var two = await ApiHost.PostAsync(Admin, $"/v1/connections/~/{lever}?integration=acme&subject={lever}-user");

        Assert.Equal((200, status), (one.Status, one.Body.GetProperty("connection").Text("status")));
        Assert.Equal((200, status, byUser), (two.Status, two.Body.GetProperty("connection").Text("status"), two.Body.GetProperty("connection").Text("id")));
        var audit = (await ApiHost.GetAsync(Admin, "/v1/audit?limit=1000")).Items();
        Assert.Equal(new[] { byId, byUser }.Order(), audit.Where(e => e.Text("action") == action).Select(e => e.Text("target")).Where(t => t == byId || t == byUser).Order());
    }

    [Fact]
    public async Task A_refresh_by_order_answers_with_its_attempt_and_says_when_no_token_came()
    {
        var id = await server.Host.ImportAsync("ordered");

        var good = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/refresh", new { capture = true });
        var again = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/refresh");
        server.Host.Server.Faults.Add(Fault.Answering(new ErrorAnswer(503, "<html>busy</html>", "text/html")));
        var bad = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/refresh", new { capture = true });
        server.Host.Server.Faults.Clear();

        Assert.Equal((true, "debug", "token_refresh_debug"),
            (good.Body.GetProperty("refreshed").GetBoolean(), good.Body.GetProperty("attempt").Text("source"), good.Body.GetProperty("attempt").Text("action")));
        Assert.Equal((200, false), (again.Status, again.Body.GetProperty("refreshed").GetBoolean()));
        Assert.Equal((200, false, "provider_unavailable"), (bad.Status, bad.Body.GetProperty("refreshed").GetBoolean(), bad.Body.GetProperty("problem").Text("code")));
    }

    [Fact]
    public async Task Take_over_makes_a_standby_connection_due_as_its_expiry_says_and_not_at_once()
    {
        var grant = server.Host.Server.IssueGrant("standing-by");
        var made = await ApiHost.PostAsync(Admin, "/v1/connections", new
        {
            integration = "acme",
            subject = "standing-by",
            access_token = grant.AccessToken,
            refresh_token = grant.RefreshToken,
            expires_at = grant.ExpiresAt,
            standby = true,
        });

        var taken = await ApiHost.PostAsync(Admin, $"/v1/connections/{made.Body.Text("id")}/take-over");

        Assert.Equal(("standby", false), (made.Body.Text("status"), made.Body.TryGetProperty("due_at", out _)));
        Assert.True(taken.Body.GetProperty("connection").GetProperty("due_at").GetDateTimeOffset() > TimeProvider.System.GetUtcNow().AddMinutes(20));
    }

    [Fact]
    [Trait("Req", "A10")]
    public async Task A_user_with_several_accounts_has_to_be_named_with_one()
    {
        string[] ids =
        [
            (await ApiHost.PostAsync(Admin, "/v1/connections", new { integration = "acme", subject = "many", account = "a", access_token = "at-a" })).Body.Text("id"),
            (await ApiHost.PostAsync(Admin, "/v1/connections", new { integration = "acme", subject = "many", account = "b", access_token = "at-b" })).Body.Text("id"),
        ];

        var token = await ApiHost.GetAsync(Admin, "/v1/token?integration=acme&subject=many");
        var lever = await ApiHost.PostAsync(Admin, "/v1/connections/~/disable?integration=acme&subject=many");
        var named = await ApiHost.GetAsync(Admin, "/v1/token?integration=acme&subject=many&account=b");

        Assert.All([token, lever], answer => Assert.Equal((409, "ambiguous_connection"), (answer.Status, answer.Code())));
        Assert.Equal(ids.Order(), token.Body.GetProperty("candidates").EnumerateArray().Select(c => c.GetString()!).Order());
        Assert.Equal("at-b", named.Body.Text("access_token"));
    }

    [Fact]
    public async Task A_batch_reaches_no_further_than_its_key()
    {
        var mine = await server.Host.ClientAsync([ApiScopes.ConnectionsWrite], tenants: ["batch-mine"]);
        await server.Host.ImportAsync("batch-a", tenant: "batch-mine");
        var other = await server.Host.ImportAsync("batch-b", tenant: "batch-theirs");

        var all = await ApiHost.PostAsync(mine, "/v1/connections:batch", new { action = "disable", all = true });
        var theirs = await ApiHost.PostAsync(mine, "/v1/connections:batch", new { action = "disable", selector = new { tenant = "batch-theirs" } });

        Assert.Equal((1, 1), (all.Number("matched"), all.Number("applied")));
        Assert.Equal((403, "key_limited"), (theirs.Status, theirs.Code()));
        Assert.Equal("active", (await ApiHost.GetAsync(Admin, $"/v1/connections/{other}")).Body.Text("status"));
    }
}
