namespace Rekindle.Server.Tests.Api;

public sealed class TokenTests(ApiServer server) : IClassFixture<ApiServer>
{
    private HttpClient Admin => server.Host.Admin;

    [Fact]
    [Trait("Req", "A11")]
    public async Task An_ended_token_is_refreshed_for_the_caller_who_asks()
    {
        var id = await server.Host.ImportAsync("ended", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));

        var answer = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        Assert.Equal((200, 2), (answer.Status, answer.Body.GetProperty("version").GetInt32()));
        Assert.True(server.Host.Server.Accepts(answer.Body.Text("access_token")));
    }

    [Fact]
    public async Task An_ended_token_without_refresh_token_is_a_typed_error_and_not_a_token()
    {
        var made = await ApiHost.PostAsync(Admin, "/v1/connections", new { integration = "acme", subject = "lone", access_token = "at-dead", expires_in = 0 });

        var answer = await ApiHost.GetAsync(Admin, $"/v1/connections/{made.Body.Text("id")}/token");

        Assert.Equal((409, "expired_not_refreshable", "user", false),
            (answer.Status, answer.Code(), answer.Body.Text("who_acts"), answer.Body.GetProperty("retryable").GetBoolean()));
    }

    [Fact]
    [Trait("Failure", "F55")]
    public async Task A_rejected_token_is_refreshed_once_and_an_old_version_never()
    {
        var id = await server.Host.ImportAsync("rejected", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));
        await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        var old = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/token/rejected", new { version = 1, status = 401 });
        var scopes = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/token/rejected", new { version = 2, status = 403 });

        Assert.Equal((200, 2), (old.Status, old.Body.GetProperty("version").GetInt32()));
        Assert.Equal((200, 2), (scopes.Status, scopes.Body.GetProperty("version").GetInt32()));
    }

    [Fact]
    [Trait("Req", "A10")]
    public async Task A_purpose_that_is_not_connected_is_its_own_error()
    {
        await server.Host.ImportAsync("purpose");

        var answer = await ApiHost.GetAsync(Admin, "/v1/token?integration=acme&subject=purpose&purpose=write");

        Assert.Equal((409, "purpose_not_connected", "write", "user"), (answer.Status, answer.Code(), answer.Body.Text("purpose"), answer.Body.Text("who_acts")));

        // What the answer says is enough to make the link: where, and for what.
        var link = await ApiHost.PostAsync(Admin, answer.Body.Text("connect_link")!, new
        {
            integration = "acme",
            subject = "purpose",
            purpose = answer.Body.Text("purpose"),
            completion = "auto",
        });
        Assert.Equal(201, link.Status);
    }

    [Fact]
    public async Task A_disabled_or_revoked_connection_hands_out_nothing_at_once()
    {
        var id = await server.Host.ImportAsync("stopped");
        await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/disable");
        var disabled = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");
        var revoked = await ApiHost.PostAsync(Admin, $"/v1/connections/{id}/revoke");
        var gone = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        Assert.Equal((409, "connection_disabled"), (disabled.Status, disabled.Code()));
        Assert.Equal("revoked", revoked.Body.Text("at_provider"));
        Assert.Equal((409, "connection_revoked"), (gone.Status, gone.Code()));
    }

    [Fact]
    public async Task A_provider_in_trouble_is_never_a_401_of_ours()
    {
        var id = await server.Host.ImportAsync("trouble", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));
        await ApiHost.PostAsync(Admin, "/v1/integrations/acme/pause", new { reason = "maintenance" });

        var answer = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token?max_wait_seconds=1");
        await ApiHost.PostAsync(Admin, "/v1/integrations/acme/resume");

        Assert.Equal((503, "integration_paused", "operator"), (answer.Status, answer.Code(), answer.Body.Text("who_acts")));
        Assert.Equal(200, (await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token")).Status);
    }

    [Theory]
    [InlineData("/v1/token", "integration")]
    [InlineData("/v1/token?integration=acme", "subject")]
    [InlineData("/v1/token?integration=acme&subject=x&min_valid_seconds=-1", "min_valid_seconds")]
    [InlineData("/v1/token?integration=acme&subject=x&max_wait_seconds=31", "max_wait_seconds")]
    [InlineData("/v1/connections/~/token?integration=acme", "subject")]
    [InlineData("/v1/connections/con_0000000000000/token?subject=x", "subject")]
    public async Task A_wrong_request_for_a_token_is_named(string path, string field)
    {
        var answer = await ApiHost.GetAsync(Admin, path);

        Assert.Equal(422, answer.Status);
        Assert.Contains(field, answer.Fields());
    }

    [Fact]
    public async Task Whoever_is_not_connected_is_told_so()
    {
        var answer = await ApiHost.GetAsync(Admin, "/v1/token?integration=acme&subject=nobody");
        var integration = await ApiHost.GetAsync(Admin, "/v1/token?integration=none&subject=nobody");

        Assert.Equal((404, "not_connected"), (answer.Status, answer.Code()));
        Assert.Equal((404, "unknown_integration"), (integration.Status, integration.Code()));
    }
}
