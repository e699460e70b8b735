using System.Net;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

/// <summary>What can be done in process can be done from another one.</summary>
public sealed class ControlApiTests : SimulatorTest
{
    [Fact]
    public async Task Servers_are_added_from_a_preset_with_changes_and_changed_later()
    {
        var added = await SendAsync(HttpMethod.Put, "servers/short", """
            {"preset":"strict","access_token_lifetime":"00:00:20","answer":{"expiry":"seconds_as_text"}}
            """);
        var changed = await SendAsync(HttpMethod.Patch, "servers/short", """{"latency":"00:00:01"}""");

        var server = Host.Servers["short"];
        Assert.Equal(server.TokenEndpoint.ToString(), added.Json.GetProperty("token_endpoint").GetString());
        Assert.Equal("00:00:01", changed.Json.GetProperty("personality").GetProperty("latency").GetString());
        Assert.Equal(
            Presets.All["strict"] with
            {
                AccessTokenLifetime = TimeSpan.FromSeconds(20),
                Latency = TimeSpan.FromSeconds(1),
                Answer = new() { Expiry = ExpiryForm.SecondsAsText },
                Errors = server.Personality.Errors,
            },
            server.Personality);
    }

    [Fact]
    public async Task Every_preset_survives_the_way_through_json()
    {
        foreach (var (name, preset) in Presets.All)
        {
            await SendAsync(HttpMethod.Put, "servers/copy", $$"""{"preset":"{{name}}"}""");

            var copy = Host.Servers["copy"].Personality;
            Assert.Equal(
                preset with { Errors = copy.Errors, Answer = preset.Answer with { Extra = copy.Answer.Extra } }, copy);
            Assert.All(Enum.GetValues<TokenError>(), error => Assert.Equal(preset.Errors.For(error), copy.Errors.For(error)));
            Assert.Equal(preset.Answer.Extra?.GetRawText(), copy.Answer.Extra?.GetRawText());
        }
    }

    [Fact]
    public async Task Grants_are_issued_and_ended()
    {
        var server = Host.Servers["plain"];
        var one = (await SendAsync(HttpMethod.Post, "servers/plain/grants", """
            {"subject":"u1","scopes":["read"],"access_token_lifetime":"00:05:00"}
            """)).Json[0];
        var many = (await SendAsync(HttpMethod.Post, "servers/plain/grants", """{"count":3}""")).Json;
        var id = one.GetProperty("grant_id").GetString();
        await SendAsync(HttpMethod.Post, $"servers/plain/grants/{id}/revoke", """{"reason":"consent_withdrawn"}""");
        await SendAsync(HttpMethod.Post, "servers/plain/subjects/user-1/revoke", "{}");
        await SendAsync(HttpMethod.Post, "servers/plain/grants/g3/kill-access-tokens");
        await SendAsync(HttpMethod.Post, "servers/plain/grants/g3/narrow", """{"scopes":[]}""");
        await SendAsync(HttpMethod.Post, "servers/plain/grants/g4/revoke-family");

        var refreshed = await Http.RefreshAsync(server, one.GetProperty("refresh_token").GetString()!);
        var listed = (await GetAsync("servers/plain/grants")).Json;

        Assert.Equal("consent_required", refreshed.Error);
        Assert.Equal(3, many.GetArrayLength());
        Assert.Equal(
            [GrantEnd.ConsentWithdrawn, GrantEnd.RevokedByUser, null, GrantEnd.ReuseDetected], server.Grants.Select(grant => grant.End));
        Assert.Equal(
            ["consent_withdrawn", "revoked_by_user", null, "reuse_detected"],
            listed.EnumerateArray().Select(grant => grant.GetProperty("end").GetString()));
        Assert.Equal(0, (await GetAsync("servers/plain/grants/g3")).Json.GetProperty("live_access_tokens").GetInt32());
    }

    [Fact]
    public async Task Faults_are_switched_on_and_off()
    {
        var server = Host.Servers["plain"];
        var token = server.IssueGrant("u1").RefreshToken!;
        var fault = await SendAsync(HttpMethod.Post, "servers/plain/faults", """
            {"kind":"throttled","retry_after":"00:01:00","grant_id":"g1"}
            """);

        var struck = await Http.RefreshAsync(server, token);
        var listed = (await GetAsync("servers/plain/faults")).Json;
        await SendAsync(HttpMethod.Delete, $"servers/plain/faults/{fault.Json.GetProperty("id").GetString()}");

        Assert.Equal(("60", 1), (struck.Headers.GetValues("Retry-After").Single(), listed[0].GetProperty("hits").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await Http.RefreshAsync(server, token)).Status);
        await SendAsync(HttpMethod.Post, "servers/plain/faults", """{"kind":"outage"}""");
        await SendAsync(HttpMethod.Delete, "servers/plain/faults");
        Assert.Empty(server.Faults.Active);
    }

    [Fact]
    public async Task Consent_and_clients_are_set()
    {
        await SendAsync(HttpMethod.Put, "servers/plain/consent", """{"mode":"allow","account":"zoe"}""");
        var client = await SendAsync(HttpMethod.Put, "servers/plain/clients/app", """
            {"secrets":["s3cret-value"],"redirect_uris":["https://app.example/back"]}
            """);

        Assert.Equal(new ConsentPolicy(ConsentMode.Allow, "zoe"), Host.Servers["plain"].Consent);
        Assert.Contains(Host.Servers["plain"].Clients, known => known.Id == "app" && known.Secrets[0] == "s3cret-value");
        Assert.DoesNotContain("s3cret-value", client.Body + (await GetAsync("servers/plain/clients")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_history_is_read_counted_and_waited_for()
    {
        var server = Host.Servers["strict"];
        var grant = server.IssueGrant("u1");
        var waiting = GetAsync("history/wait?server=strict&endpoint=token&answered=true&count=2");
        await Http.RefreshAsync(server, grant.RefreshToken!);
        await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal(2, (await waiting).Json.GetArrayLength());
        Assert.Equal("reused", (await GetAsync("history?grant_id=g1&after=1")).Json[0].GetProperty("token").GetString());
        Assert.Equal(2, (await GetAsync("history/tokens")).Json[0].GetProperty("times").GetInt32());
        Assert.Equal(1, (await GetAsync("history/grants?server=strict")).Json[0].GetProperty("refreshes").GetInt32());
        Assert.Equal(1, (await GetAsync("history/outside-rule")).Json.GetArrayLength());
        Assert.Equal(1, (await GetAsync("history/newest")).Json.GetProperty("reuses_outside_rule").GetInt32());
        Assert.Equal(HttpStatusCode.RequestTimeout, (await GetAsync("history/wait?count=99&timeout_seconds=0")).Status);
    }

    [Theory]
    [InlineData("PUT", "servers/x", """{"preset":"no-such"}""", "There is no preset 'no-such'.")]
    [InlineData("PUT", "servers/x", """{"no_such_setting":1}""", "no_such_setting")]
    [InlineData("POST", "servers/nobody/grants", "{}", "There is no server 'nobody'.")]
    [InlineData("POST", "servers/plain/faults", """{"kind":"no_such"}""", "kind")]
    [InlineData("POST", "servers/plain/faults", "{", "JSON")]
    [InlineData("DELETE", "servers/plain/faults/f9", "", "No fault 'f9' is on.")]
    [InlineData("GET", "history?after=x", "", "'x' is no value for after.")]
    [InlineData("GET", "servers/plain/grants/g9", "", "There is no grant 'g9'.")]
    public async Task A_mistake_is_named(string method, string path, string body, string named)
    {
        var answer = await SendAsync(HttpMethod.Parse(method), path, body);

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Contains(named, answer.Json.GetProperty("title").GetString(), StringComparison.Ordinal);
    }

    private Task<SimulatorAnswer> GetAsync(string path) => Http.GetAsync(new Uri(Host.BaseAddress, "_control/" + path));

    private Task<SimulatorAnswer> SendAsync(HttpMethod method, string path, string body = "") => Http.SendAsync(
        new HttpRequestMessage(method, new Uri(Host.BaseAddress, "_control/" + path))
        {
            Content = body.Length == 0 ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
        });
}
