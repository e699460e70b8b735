using System.Text;
using Rekindle.ApiKeys;

namespace Rekindle.Server.Tests.Api;

[Trait("Req", "A12")]
public sealed class SimulationTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_failure_is_shown_flagged_and_put_back()
    {
        var (client, _, id) = await SandboxAsync("shown");
        var before = await ApiHost.GetAsync(client, $"/v1/connections/{id}");

        var shown = await ApiHost.PostAsync(client, $"/v1/connections/{id}/simulate", new { kind = "rate_limited", count = 5, retry_in_seconds = 600 });
        var notes = await ApiHost.GetAsync(client, $"/v1/notifications?connection={id}&open=true");
        var reset = await ApiHost.PostAsync(client, $"/v1/connections/{id}/simulate", new { reset = true });

        var connection = shown.Body.GetProperty("connection");
        Assert.Equal((200, "rate_limited", 5), (shown.Status, connection.GetProperty("simulation").Text("kind"), connection.GetProperty("simulation").GetProperty("count").GetInt32()));
        Assert.Equal((5, true, "nobody"), (connection.GetProperty("consecutive_transient_failures").GetInt32(), connection.GetProperty("in_backoff").GetBoolean(), connection.Text("who_acts")));
        Assert.StartsWith("TEST: rate_limited", connection.Text("last_refresh_error"), StringComparison.Ordinal);
        Assert.Equal((true, "transient_note"), (Assert.Single(notes.Items()).GetProperty("is_test").GetBoolean(), notes.Items()[0].Text("kind")));
        Assert.Equal(WithoutDate(before.Body), WithoutDate(reset.Body.GetProperty("connection")));
        Assert.Empty((await ApiHost.GetAsync(client, $"/v1/notifications?connection={id}&open=true")).Items());
    }

    [Fact]
    public async Task A_selector_simulates_on_all_it_finds_and_ends_it()
    {
        var (client, tenant, id) = await SandboxAsync("batched");
        object Order(string action, object? simulation) => new { action, selector = new { tenant }, simulation };

        var shown = await ApiHost.PostAsync(client, "/v1/connections:batch", Order("simulate", new { kind = "grant_dead" }));
        var after = await ApiHost.PostAsync(client, "/v1/connections:batch", Order("end_simulation", null));

        Assert.Equal((1, "needs_reauthorization"), (shown.Number("applied"), shown.Body.GetProperty("items")[0].Text("status_after")));
        Assert.Equal((1, "active"), (after.Number("applied"), after.Body.GetProperty("items")[0].Text("status_after")));
        Assert.Equal("active", (await ApiHost.GetAsync(client, $"/v1/connections/{id}")).Body.Text("status"));
    }

    [Fact]
    public async Task Production_refuses_one_by_one_and_by_selector()
    {
        var id = await server.Host.ImportAsync("real");

        var one = await ApiHost.PostAsync(server.Host.Admin, $"/v1/connections/{id}/simulate", new { kind = "network" });
        var all = await ApiHost.PostAsync(server.Host.Admin, "/v1/connections:batch", new { action = "simulate", all = true, simulation = new { kind = "network" } });

        Assert.All([one, all], answer => Assert.Equal((409, "refused_in_production", "operator"), (answer.Status, answer.Code(), answer.Body.Text("who_acts"))));
        Assert.Equal("active", (await ApiHost.GetAsync(server.Host.Admin, $"/v1/connections/{id}")).Body.Text("status"));
    }

    [Theory]
    [InlineData("""{}""", "kind")]
    [InlineData("""{"kind":"success"}""", "kind")]
    [InlineData("""{"kind":"network","count":0}""", "count")]
    [InlineData("""{"kind":"network","count":101}""", "count")]
    [InlineData("""{"kind":"network","retry_in_seconds":0}""", "retry_in_seconds")]
    [InlineData("""{"kind":"grant_dead","retry_in_seconds":60}""", "retry_in_seconds")]
    [InlineData("""{"kind":"network","reset":true}""", "reset")]
    public async Task A_wrong_simulation_is_named_and_shows_nothing(string body, string field)
    {
        var (client, _, id) = await SandboxAsync("wrong" + body.GetHashCode(StringComparison.Ordinal));
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await client.PostAsync($"/v1/connections/{id}/simulate", content);

        var answer = ((int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        Assert.Equal(422, answer.Item1);
        Assert.Equal([field], answer.Fields());
        Assert.False((await ApiHost.GetAsync(client, $"/v1/connections/{id}")).Body.TryGetProperty("simulation", out _));
    }

    [Theory]
    [InlineData("""{"action":"simulate","selector":{"tenant":"t"}}""")]
    [InlineData("""{"action":"simulate","selector":{"tenant":"t"},"simulation":{"reset":true}}""")]
    [InlineData("""{"action":"disable","selector":{"tenant":"t"},"simulation":{"kind":"network"}}""")]
    [InlineData("""{"action":"end_simulation","selector":{"tenant":"t"},"simulation":{"reset":true}}""")]
    public async Task A_batch_with_a_simulation_that_does_not_fit_its_action_is_refused(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await server.Host.Admin.PostAsync("/v1/connections:batch", content);

        Assert.Equal(["simulation"], ((int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync())).Fields());
    }

    private async Task<(HttpClient Client, string Tenant, string Id)> SandboxAsync(string subject)
    {
        var client = await server.Host.ClientAsync([ApiScopes.Admin], environment: "sandbox");
        await ApiHost.TryAddIntegrationAsync("acme", client);
        return (client, subject, await server.Host.ImportAsync(subject, client, tenant: subject));
    }

    private static string WithoutDate(System.Text.Json.JsonElement connection) =>
        string.Join('\n', connection.EnumerateObject().Where(p => p.Name != "updated_at").Select(p => $"{p.Name}: {p.Value}"));
}
