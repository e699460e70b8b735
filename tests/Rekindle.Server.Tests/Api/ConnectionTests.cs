using System.Text;
using Rekindle.ApiKeys;

namespace Rekindle.Server.Tests.Api;

public sealed class ConnectionTests(ApiServer server) : IClassFixture<ApiServer>
{
    private HttpClient Admin => server.Host.Admin;

    [Fact]
    [Trait("Req", "C7")]
    public async Task Who_imports_replaces_and_makes_links_is_on_the_audit()
    {
        var body = new { integration = "acme", subject = "audited", access_token = "first", refresh_token = "r-1", expires_in = 3600 };
        await ApiHost.PostAsync(Admin, "/v1/connections", body);
        await ApiHost.PostAsync(Admin, "/v1/connections", new { body.integration, body.subject, access_token = "second", refresh_token = "r-2", expires_in = 3600, replace = true });
        await ApiHost.PostAsync(Admin, "/v1/connect-sessions", new { body.integration, body.subject, completion = "auto" });

        var audit = await ApiHost.GetAsync(Admin, "/v1/audit?limit=20");

        var mine = audit.Body.GetProperty("items").EnumerateArray().Select(e => (Action: e.Text("action"), Actor: e.Text("actor"))).ToArray();
        foreach (var action in new[] { "connection.import", "connection.replace", "connect_session.create" })
        {
            Assert.Contains(mine, e => e.Action == action && e.Actor?.Length > 0);
        }
    }

    [Fact]
    [Trait("Req", "A11")]
    public async Task An_imported_connection_is_found_by_id_by_user_and_in_the_list_and_hands_out_its_token()
    {
        var id = await server.Host.ImportAsync("found");

        var byId = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}");
        var byUser = await ApiHost.GetAsync(Admin, "/v1/connections/~?integration=acme&subject=found");
        var listed = await ApiHost.GetAsync(Admin, "/v1/connections?subject=found");
        var token = await ApiHost.GetAsync(Admin, "/v1/token?integration=acme&subject=found");
        var tokenById = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        Assert.Equal(("active", id), (byId.Body.Text("status"), byUser.Body.Text("id")));
        Assert.Equal(id, Assert.Single(listed.Items()).Text("id"));
        Assert.True(server.Host.Server.Accepts(token.Body.Text("access_token")));
        Assert.Equal((token.Body.Text("access_token"), id, 1), (tokenById.Body.Text("access_token"), token.Body.Text("connection_id"), token.Body.GetProperty("version").GetInt32()));
        Assert.InRange(token.Body.GetProperty("expires_in").GetInt64(), 3500, 3600);
        Assert.False(byId.Body.GetProperty("token").TryGetProperty("access_token", out _));
    }

    [Fact]
    public async Task Importing_again_changes_nothing_unless_told_to_replace()
    {
        var id = await server.Host.ImportAsync("again");
        object Grant(bool replace) => new { integration = "acme", subject = "again", access_token = "at-other-token", expires_in = 600, replace };

        var refused = await ApiHost.PostAsync(Admin, "/v1/connections", Grant(false));
        var before = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");
        var replaced = await ApiHost.PostAsync(Admin, "/v1/connections", Grant(true));
        var after = await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token");

        Assert.Equal((409, "connection_exists", id), (refused.Status, refused.Code(), refused.Body.Text("connection_id")));
        Assert.NotEqual("at-other-token", before.Body.Text("access_token"));
        Assert.Equal((200, id, "at-other-token"), (replaced.Status, replaced.Body.Text("id"), after.Body.Text("access_token")));
    }

    [Fact]
    public async Task Label_and_metadata_are_patched_name_by_name()
    {
        var id = await server.Host.ImportAsync("patched");

        await ApiHost.SendAsync(Admin, HttpMethod.Patch, $"/v1/connections/{id}", new { label = "Mail", metadata = new { plan = "gold", seats = "3" } });
        var patched = await ApiHost.SendAsync(Admin, HttpMethod.Patch, $"/v1/connections/{id}", new { metadata = new { plan = (string?)null, region = "eu" } });

        Assert.Equal("Mail", patched.Body.Text("label"));
        Assert.Equal(["region=eu", "seats=3"], patched.Body.GetProperty("metadata").EnumerateObject().Select(p => $"{p.Name}={p.Value}").Order());
    }

    [Fact]
    public async Task A_deleted_connection_is_revoked_at_its_provider_and_gone()
    {
        var id = await server.Host.ImportAsync("deleted");
        var token = (await ApiHost.GetAsync(Admin, $"/v1/connections/{id}/token")).Body.Text("access_token");

        var deleted = await ApiHost.SendAsync(Admin, HttpMethod.Delete, $"/v1/connections/{id}");

        Assert.Equal(204, deleted.Status);
        Assert.Equal(404, (await ApiHost.GetAsync(Admin, $"/v1/connections/{id}")).Status);
        Assert.False(server.Host.Server.Accepts(token));
    }

    [Fact]
    public async Task A_key_of_one_tenant_sees_and_imports_only_there()
    {
        var mine = await server.Host.ClientAsync([ApiScopes.ConnectionsRead, ApiScopes.ConnectionsWrite, ApiScopes.TokensRead], tenants: ["mine"]);
        var own = await server.Host.ImportAsync("tenant-user", mine, tenant: "mine");
        await server.Host.ImportAsync("tenant-user", tenant: "theirs");

        var listed = await ApiHost.GetAsync(mine, "/v1/connections?subject=tenant-user");
        var filter = await ApiHost.GetAsync(mine, "/v1/connections?tenant=theirs");
        var token = await ApiHost.GetAsync(mine, "/v1/token?integration=acme&subject=tenant-user&tenant=theirs");
        var none = await ApiHost.GetAsync(mine, "/v1/token?integration=acme&subject=tenant-user");
        var import = await ApiHost.PostAsync(mine, "/v1/connections", new { integration = "acme", subject = "x", tenant = "theirs", access_token = "at-1" });

        Assert.Equal(own, Assert.Single(listed.Items()).Text("id"));
        Assert.All([filter, token, none, import], answer => Assert.Equal((403, "key_limited"), (answer.Status, answer.Code())));
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_skip_while_connections_are_made()
    {
        var before = new HashSet<string>();
        for (var i = 0; i < 12; i++)
        {
            before.Add(await server.Host.ImportAsync($"paged-{i}", tenant: "pages"));
        }

        var seen = new List<string>();
        for (string? cursor = null, first = ""; first is not null; first = cursor)
        {
            var page = await ApiHost.GetAsync(Admin, "/v1/connections?tenant=pages&limit=5" + (cursor is null ? "" : $"&cursor={cursor}"));
            seen.AddRange(page.Items().Select(c => c.Text("id")));
            cursor = page.Body.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
            await server.Host.ImportAsync($"meanwhile-{seen.Count}", tenant: "pages");
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Subset(seen.ToHashSet(), before);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("cursor=%00", "cursor")]
    [InlineData("status=broken", "status")]
    [InlineData("updated_since=yesterday", "updated_since")]
    [InlineData("updated_since=2026-01-31T12:00:00", "updated_since")]
    [InlineData("subject=a&subject=b", "subject")]
    [InlineData("expiring_within=-1", "expiring_within")]
    [InlineData("in_backoff=maybe", "in_backoff")]
    [InlineData("label=%0a", "label")]
    public async Task A_wrong_query_is_named(string query, string field)
    {
        var answer = await ApiHost.GetAsync(Admin, $"/v1/connections?{query}");

        Assert.Equal((422, "invalid_request"), (answer.Status, answer.Code()));
        Assert.Equal([field], answer.Fields());
    }

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "one", scopes = (string[])["heartbeat"] });
        var keys = await ApiHost.GetAsync(Admin, "/v1/api-keys?limit=1");

        var answer = await ApiHost.GetAsync(Admin, $"/v1/connections?cursor={keys.Body.Text("next_cursor")}");

        Assert.Equal(["cursor"], answer.Fields());
    }

    [Theory]
    [InlineData("""{"integration":"acme","subject":"bad"}""", "access_token")]
    [InlineData("""{"integration":"none","subject":"bad","access_token":"x"}""", "integration")]
    [InlineData("""{"integration":"acme","subject":"","access_token":"x"}""", "subject")]
    [InlineData("""{"integration":"acme","subject":7,"access_token":"x"}""", "subject")]
    [InlineData("""{"integration":"acme","subject":null,"access_token":"x"}""", "subject")]
    [InlineData("""{"integration":"acme","access_token":"x"}""", "subject")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"a\u0000b"}""", "access_token")]
    [InlineData("""{"integration":"acme","subject":"bad\ud800","access_token":"x"}""", "subject")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"ENC:abcdefabcdefabcdefabcdef"}""", "access_token")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","expires_in":-5}""", "expires_in")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","expires_in":"soon"}""", "expires_in")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","expires_in":60,"expires_at":"2030-01-01T00:00:00Z"}""", "expires_in")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","expires_at":"tomorrow"}""", "expires_at")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","metadata":{"a":null}}""", "metadata.a")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","metadata":{"a":1}}""", "metadata.a")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","variables":{"host":"evil.example"}}""", "variables.host")]
    [InlineData("""{"integration":"acme","subject":"bad","access_token":"x","replace":"yes"}""", "replace")]
    [InlineData("""{"integration":"acme","subject":"bad","subject":"twice","access_token":"x"}""", "")]
    [InlineData("""{"integration":"acme",""", "")]
    [InlineData("""[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]""", "")]
    [InlineData("", "")]
    public async Task A_wrong_import_is_named_and_nothing_is_stored(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Admin.PostAsync("/v1/connections", content);
        var answer = ((int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));

        Assert.Equal((422, "invalid_request"), (answer.Item1, answer.Code()));
        Assert.Contains(field, answer.Fields());
        Assert.Empty((await ApiHost.GetAsync(Admin, "/v1/connections?subject=bad")).Items());
    }

    [Fact]
    public async Task A_body_that_is_too_long_or_no_json_is_refused()
    {
        using var long_ = new StringContent(new string('x', 300_000), Encoding.UTF8, "application/json");
        using var text = new StringContent("{}", Encoding.UTF8, "text/plain");

        using var tooLong = await Admin.PostAsync("/v1/connections", long_);
        using var notJson = await Admin.PostAsync("/v1/connections", text);

        Assert.Equal((413, 415), ((int)tooLong.StatusCode, (int)notJson.StatusCode));
    }
}
