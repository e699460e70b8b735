using Rekindle.Simulator;

namespace Rekindle.Server.Tests.Api;

[Trait("Req", "E4")]
public sealed class ClientCredentialsTests
{
    [Fact]
    public async Task What_a_record_lacks_comes_from_configuration()
    {
        var client = RegisteredClient.Default;
        await using var host = await ApiHost.StartAsync(settings: new() { ["Clients:bare:ClientId"] = client.Id, ["Clients:bare:ClientSecret"] = client.Secrets[0] });
        await ApiHost.PostAsync(host.Admin, "/v1/integrations", new { key = "bare", provider = "sim-acme", scopes = (string[])["read"] });
        var id = await host.ImportAsync("user", integration: "bare", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));

        var token = await ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/token");
        var shown = await ApiHost.GetAsync(host.Admin, "/v1/integrations/bare");

        Assert.Equal((200, 2), (token.Status, token.Number("version")));
        Assert.Equal((true, false, ""), (shown.Body.GetProperty("credentials_from_configuration").GetBoolean(), shown.Body.GetProperty("client_secret_set").GetBoolean(), shown.Body.Text("client_id")));
    }

    [Fact]
    public async Task Missing_everywhere_is_an_error_of_its_own_and_nothing_is_sent()
    {
        await using var host = await ApiHost.StartAsync();
        await ApiHost.PostAsync(host.Admin, "/v1/integrations", new { key = "bare", provider = "sim-acme", scopes = (string[])["read"] });
        var id = await host.ImportAsync("user", integration: "bare", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));

        var token = await ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/token");
        var attempt = Assert.Single((await ApiHost.GetAsync(host.Admin, "/v1/attempts")).Items());

        Assert.Equal((503, "operator"), (token.Status, token.Body.Text("who_acts")));
        Assert.Equal(("client_credentials_missing", "token_refresh_failed"), (attempt.Text("class"), attempt.Text("action")));
        Assert.Empty(host.Simulator.History.Refreshes());
        Assert.NotEqual("needs_reauthorization", (await ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}")).Body.Text("status"));
    }
}
