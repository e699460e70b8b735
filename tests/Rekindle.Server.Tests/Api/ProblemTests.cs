using System.Text;
using System.Text.Json;

namespace Rekindle.Server.Tests.Api;

/// <summary>Whatever is refused is refused in one shape, and changes nothing.</summary>
public sealed class ProblemTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const int FiveMegabytes = 5 * 1024 * 1024;

    public static TheoryData<string, string, string?, string, int, string> Refused => new()
    {
        { "GET", "/nowhere", null, "", 404, "unknown_route" },
        { "GET", "/v1/nowhere", null, "", 404, "unknown_route" },
        { "PUT", "/v1/connections", "{}", "application/json", 405, "wrong_method" },
        { "GET", "/v1/connections/con_0000000000000", null, "", 404, "unknown_connection" },
        { "GET", "/v1/connections/nonsense", null, "", 404, "unknown_connection" },
        { "GET", "/v1/attempts/nonsense", null, "", 404, "unknown_attempt" },
        { "GET", "/v1/integrations/nobody", null, "", 404, "unknown_integration" },
        { "GET", "/v1/api-keys/nobody", null, "", 404, "unknown_api_key" },
        { "GET", "/v1/connections?limit=x", null, "", 422, "invalid_request" },
        { "POST", "/v1/connections", "{}", "text/plain", 415, "not_json" },
        { "POST", "/v1/connections", "", "application/json", 422, "invalid_request" },
        { "POST", "/v1/connections", "\u00ff\u00fe", "application/json", 422, "invalid_request" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_refusal_is_a_problem_document(string method, string path, string? body, string type, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.Latin1, type);

        using var answer = await server.Host.Admin.SendAsync(request);

        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal((code, $"urn:rekindle:problem:{code}", status), (problem.Text("code"), problem.Text("type"), problem.GetProperty("status").GetInt32()));
        Assert.False(problem.GetProperty("retryable").GetBoolean());
        Assert.Contains(problem.Text("who_acts"), (string[])["nobody", "user", "operator"]);
        Assert.NotEmpty(problem.Text("detail"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Five_megabytes_are_not_read(bool saysSo)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/connections") { Content = new ByteArrayContent(new byte[FiveMegabytes]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = !saysSo;

        try
        {
            using var answer = await server.Host.Admin.SendAsync(request);

            Assert.Equal((413, "body_too_large"), ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()).Text("code")));
        }
        catch (HttpRequestException) when (!saysSo)
        {
            // A client that does not say how much it sends may be talking still when the server, having heard enough, hangs up.
        }

        Assert.Equal(200, (await ApiHost.GetAsync(server.Host.Admin, "/v1/connections")).Status);
    }

    [Fact]
    public async Task A_token_is_not_to_be_stored()
    {
        var id = await server.Host.ImportAsync("stored");
        foreach (var path in (string[])[$"/v1/connections/{id}/token", "/v1/token?integration=acme&subject=stored"])
        {
            using var answer = await server.Host.Admin.GetAsync(path);

            Assert.Equal((200, true), ((int)answer.StatusCode, answer.Headers.CacheControl?.NoStore));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    public async Task An_idempotency_key_that_cannot_be_one_is_named_and_nothing_is_made(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/api-keys") { Content = new StringContent("""{"name":"keyless","scopes":["heartbeat"]}""", Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);

        using var answer = await server.Host.Admin.SendAsync(request);

        Assert.Equal(["Idempotency-Key"], ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync())).Fields());
        Assert.DoesNotContain((await ApiHost.GetAsync(server.Host.Admin, "/v1/api-keys?limit=1000")).Items(), k => k.Text("name") == "keyless");
    }

    [Fact]
    public async Task Each_mistake_of_a_link_that_is_asked_for_names_its_field()
    {
        var id = await server.Host.ImportAsync("mistaken");

        var made = await ApiHost.PostAsync(server.Host.Admin, "/v1/connect-sessions", new
        {
            integration = "acme",
            subject = "",
            client_reference = new string('x', 256),
            variables = new { nothing = "x" },
        });
        var again = await ApiHost.PostAsync(server.Host.Admin, $"/v1/connections/{id}/reconnect-link", new { expires_in = 1 });

        Assert.Equal(["subject", "client_reference", "variables.nothing"], made.Fields());
        Assert.Equal(["expires_in"], again.Fields());
    }

    [Fact]
    public async Task An_integration_that_a_key_does_not_reach_does_not_exist_for_it()
    {
        var stranger = await server.Host.ClientAsync(["admin"], integrations: ["other"]);
        (HttpMethod Method, string Path, object? Body)[] tries =
        [
            (HttpMethod.Get, "/v1/integrations/acme", null),
            (HttpMethod.Patch, "/v1/integrations/acme", new { display_name = "Mine" }),
            (HttpMethod.Delete, "/v1/integrations/acme", null),
            (HttpMethod.Post, "/v1/integrations/acme/pause", null),
            (HttpMethod.Post, "/v1/integrations/acme/resume", null),
            (HttpMethod.Post, "/v1/integrations/acme/recovery", null),
            (HttpMethod.Post, "/v1/integrations/acme/test", null),
        ];
        foreach (var (method, path, body) in tries)
        {
            Assert.Equal("unknown_integration", (await ApiHost.SendAsync(stranger, method, path, body)).Code());
        }

        Assert.Equal(403, (await ApiHost.PostAsync(stranger, "/v1/integrations", new { key = "mine", provider = "google" })).Status);
        Assert.Empty((await ApiHost.GetAsync(stranger, "/v1/integrations")).Items());
        Assert.Equal("active", (await ApiHost.GetAsync(server.Host.Admin, "/v1/integrations/acme")).Body.Text("state"));
    }
}
