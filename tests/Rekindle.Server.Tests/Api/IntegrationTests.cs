using Rekindle.ApiKeys;

namespace Rekindle.Server.Tests.Api;

public sealed class IntegrationTests(ApiServer server) : IClassFixture<ApiServer>
{
    private HttpClient Admin => server.Host.Admin;

    [Fact]
    public async Task Secrets_go_in_and_never_come_out()
    {
        var made = await ApiHost.PostAsync(Admin, "/v1/integrations", new { key = "secret", provider = "google", client_id = "id-1", client_secret = "s3cr3t-marked" });
        var read = await ApiHost.GetAsync(Admin, "/v1/integrations/secret");
        var removed = await ApiHost.SendAsync(Admin, HttpMethod.Patch, "/v1/integrations/secret", new { client_secret = "" });

        Assert.Equal((201, true, false), (made.Status, read.Body.GetProperty("client_secret_set").GetBoolean(), removed.Body.GetProperty("client_secret_set").GetBoolean()));
        Assert.All([made, read, removed], answer => Assert.DoesNotContain("s3cr3t-marked", answer.Body.GetRawText(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_leaves_what_it_does_not_name()
    {
        await ApiHost.PostAsync(Admin, "/v1/integrations", new { key = "changed", provider = "google", client_id = "id-1", scopes = (string[])["a", "b"] });

        var changed = await ApiHost.SendAsync(Admin, HttpMethod.Patch, "/v1/integrations/changed", new { display_name = "Our Google", policy = new { slots = 3 } });

        Assert.Equal(("Our Google", "id-1", 3, 100, 2), (
            changed.Body.Text("display_name"), changed.Body.Text("client_id"), changed.Body.GetProperty("policy").GetProperty("slots").GetInt32(),
            changed.Body.GetProperty("policy").GetProperty("budget_requests").GetInt32(), changed.Body.GetProperty("scopes").GetArrayLength()));
    }

    [Fact]
    [Trait("Req", "E3")]
    public async Task Questions_of_the_connect_form_and_what_it_accepts_are_part_of_an_integration()
    {
        object[] fields =
        [
            new { name = "plan", label = "Plan", kind = "choice", choices = new { s = "Small", l = "Large" }, @default = "s", required = true },
            new { name = "share", label = "Share", help = "Of the revenue.", kind = "percent", max = 12.5 },
        ];
        var policy = new { accept_without_refresh_token = true, accept_missing_scopes = true };
        var made = await ApiHost.PostAsync(Admin, "/v1/integrations", new { key = "asking", provider = "google", connect_fields = fields, policy });
        var patched = await ApiHost.SendAsync(Admin, HttpMethod.Patch, "/v1/integrations/asking", new { policy = new { accept_missing_scopes = false } });

        var asked = patched.Body.GetProperty("connect_fields");
        Assert.Equal((201, 2), (made.Status, asked.GetArrayLength()));
        Assert.Equal(("choice", "Large", 12.5m), (asked[0].Text("kind"), asked[0].GetProperty("choices").Text("l"), asked[1].GetProperty("max").GetDecimal()));
        var accepts = patched.Body.GetProperty("policy");
        Assert.Equal((true, false), (accepts.GetProperty("accept_without_refresh_token").GetBoolean(), accepts.GetProperty("accept_missing_scopes").GetBoolean()));
    }

    [Fact]
    public async Task A_key_is_taken_once_per_environment()
    {
        object wish = new { key = "twice", provider = "google" };
        var first = await ApiHost.PostAsync(Admin, "/v1/integrations", wish);
        var second = await ApiHost.PostAsync(Admin, "/v1/integrations", wish);
        var elsewhere = await ApiHost.PostAsync(await server.Host.ClientAsync([ApiScopes.Admin], environment: "sandbox"), "/v1/integrations", wish);

        Assert.Equal((201, 409, 201), (first.Status, second.Status, elsewhere.Status));
        Assert.Equal("integration_exists", second.Code());
    }

    [Fact]
    public async Task One_with_connections_is_not_deleted()
    {
        await server.Host.AddIntegrationAsync("used");
        var id = await server.Host.ImportAsync("user-of-used", integration: "used");

        var refused = await ApiHost.SendAsync(Admin, HttpMethod.Delete, "/v1/integrations/used");
        await ApiHost.SendAsync(Admin, HttpMethod.Delete, $"/v1/connections/{id}");
        var deleted = await ApiHost.SendAsync(Admin, HttpMethod.Delete, "/v1/integrations/used");

        Assert.Equal((409, "integration_in_use", 204), (refused.Status, refused.Code(), deleted.Status));
        Assert.Equal(404, (await ApiHost.GetAsync(Admin, "/v1/integrations/used")).Status);
    }

    [Fact]
    [Trait("Failure", "F49")]
    public async Task A_test_tells_a_good_client_from_a_bad_one()
    {
        var good = await ApiHost.PostAsync(Admin, "/v1/integrations/acme/test");
        await server.Host.AddIntegrationAsync("wrong-secret");
        await ApiHost.SendAsync(Admin, HttpMethod.Patch, "/v1/integrations/wrong-secret", new { client_secret = "not-it" });
        var bad = await ApiHost.PostAsync(Admin, "/v1/integrations/wrong-secret/test");

        Assert.True(good.Body.GetProperty("ok").GetBoolean());
        Assert.False(bad.Body.GetProperty("ok").GetBoolean());
        Assert.Equal(("client", "failed"), (bad.Body.GetProperty("checks")[3].Text("name"), bad.Body.GetProperty("checks")[3].Text("result")));
    }

    [Fact]
    [Trait("Req", "A12")]
    public async Task Recovery_is_bounded_and_ends_by_itself_or_by_word()
    {
        var on = await ApiHost.PostAsync(Admin, "/v1/integrations/acme/recovery", new { seconds = 600 });
        var tooLong = await ApiHost.PostAsync(Admin, "/v1/integrations/acme/recovery", new { seconds = 7201 });
        var off = await ApiHost.PostAsync(Admin, "/v1/integrations/acme/recovery", new { seconds = 0 });

        Assert.InRange(on.Body.GetProperty("recovery_until").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Equal(["seconds"], tooLong.Fields());
        Assert.False(off.Body.TryGetProperty("recovery_until", out _));
    }

    [Theory]
    [InlineData("""{"key":"Bad Key","provider":"google"}""", "key")]
    [InlineData("""{"key":"bad","provider":"nobody"}""", "provider")]
    [InlineData("""{"key":"bad","provider":"google","scopes":["a b"]}""", "scopes")]
    [InlineData("""{"key":"bad","provider":"google","scopes":[null]}""", "scopes[0]")]
    [InlineData("""{"key":"bad","provider":"google","purposes":{"read":null}}""", "purposes.read")]
    [InlineData("""{"key":"bad","provider":"google","purposes":{"Read It":{"scopes":[]}}}""", "purposes")]
    [InlineData("""{"key":"bad","provider":"google","policy":{"slots":0}}""", "policy.slots")]
    [InlineData("""{"key":"bad","provider":"google","policy":{"budget_window_seconds":0}}""", "policy.budget_window_seconds")]
    [InlineData("""{"key":"bad","provider":"google","policy":{"backoff_base_seconds":100,"backoff_ceiling_seconds":10}}""", "policy.backoff_base_seconds")]
    [InlineData("""{"key":"bad","provider":"google","policy":{"margin_seconds":"long"}}""", "policy.margin_seconds")]
    [InlineData("""{"key":"bad","provider":"google","allowed_return_urls":["http://app.example.com"]}""", "allowed_return_urls")]
    [InlineData("""{"key":"bad","provider":"google","allowed_return_urls":["https://user@app.example.com"]}""", "allowed_return_urls")]
    [InlineData("""{"key":"bad","provider":"google","allowed_return_urls":["javascript:alert(1)"]}""", "allowed_return_urls")]
    [InlineData("""{"key":"bad","provider":"google","private_key":"-----BEGIN NONSENSE-----"}""", "private_key")]
    [InlineData("""{"key":"bad","provider":"google","client_secret":"ENC:abcdefabcdefabcdefabcdef"}""", "client_secret")]
    [InlineData("""{"key":"bad","provider":"google","connect_fields":[{"name":"plan"}]}""", "connect_fields[0].label")]
    [InlineData("""{"key":"bad","provider":"google","connect_fields":[{"name":"plan","label":"Plan","kind":"colour"}]}""", "connect_fields[0].kind")]
    [InlineData("""{"key":"bad","provider":"google","connect_fields":[{"name":"plan","label":"Plan","kind":"choice"}]}""", "connect_fields")]
    [InlineData("""{"key":"bad","provider":"google","connect_fields":[{"name":"plan","label":"Plan","kind":"choice","choices":{"s":null}}]}""", "connect_fields[0].choices.s")]
    [InlineData("""{"key":"bad","provider":"google","connect_fields":[{"name":"share","label":"Share","kind":"percent","max":"much"}]}""", "connect_fields[0].max")]
    [InlineData("""{"key":"bad","provider":"google","variables":{"nothing":"x"}}""", "variables.nothing")]
    [InlineData("""{"key":"bad","provider":"oauth2","variables":{"authorize_url":"https://a.example","token_url":"gopher://a.example"}}""", "variables.token_url")]
    [InlineData("""{"key":"bad","provider":"oauth2","variables":{"authorize_url":"https://a.example"}}""", "variables.token_url")]
    public async Task A_wrong_integration_is_named_and_not_made(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Admin.PostAsync("/v1/integrations", content);
        var answer = ((int)response.StatusCode, System.Text.Json.JsonElement.Parse(await response.Content.ReadAsStringAsync()));

        Assert.Equal(422, answer.Item1);
        Assert.Contains(field, answer.Fields());
        Assert.Equal(404, (await ApiHost.GetAsync(Admin, "/v1/integrations/bad")).Status);
    }
}
