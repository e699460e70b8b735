namespace Rekindle.Server.Tests.Api;

public sealed class ProviderTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task The_catalogue_is_shown_page_by_page_in_order()
    {
        var whole = (await ApiHost.GetAsync(server.Host.Admin, "/v1/providers?limit=1000")).Items().Select(p => p.Text("key")).ToArray();
        var paged = new List<string>();
        for (string? query = ""; query is not null;)
        {
            var page = await ApiHost.GetAsync(server.Host.Admin, "/v1/providers?limit=7" + query);
            paged.AddRange(page.Items().Select(p => p.Text("key")));
            query = page.Body.TryGetProperty("next_cursor", out var next) ? $"&cursor={next.GetString()}" : null;
        }

        Assert.Equal(whole, paged);
        Assert.Equal(whole.Order(StringComparer.Ordinal), whole);
        Assert.Empty(new[] { "google", "oauth2", "oidc", "sim-acme" }.Except(whole));
    }

    [Fact]
    public async Task One_is_found_by_key_and_an_unknown_one_is_not()
    {
        var found = await ApiHost.GetAsync(await server.Host.ClientAsync(["heartbeat"]), "/v1/providers/google");
        var unknown = await ApiHost.GetAsync(server.Host.Admin, "/v1/providers/nobody");

        Assert.Equal((200, "google"), (found.Status, found.Body.Text("key")));
        Assert.Equal((404, "unknown_provider"), (unknown.Status, unknown.Code()));
    }
}
