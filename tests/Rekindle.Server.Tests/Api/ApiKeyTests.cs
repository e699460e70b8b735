using System.Net.Http.Json;
using Rekindle.AspNetCore.Http;

namespace Rekindle.Server.Tests.Api;

public sealed class ApiKeyTests(ApiServer server) : IClassFixture<ApiServer>
{
    private HttpClient Admin => server.Host.Admin;

    [Fact]
    public async Task A_key_is_told_once_and_works_at_once()
    {
        var made = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "reader", scopes = (string[])["connections:read"] });
        var key = server.Host.Client(made.Body.Text("key"));
        var read = await ApiHost.GetAsync(Admin, $"/v1/api-keys/{made.Body.Text("id")}");

        Assert.Equal(201, made.Status);
        Assert.Equal(200, (await ApiHost.GetAsync(key, "/v1/connections")).Status);
        Assert.Equal(403, (await ApiHost.GetAsync(key, "/v1/api-keys")).Status);
        Assert.False(read.Body.TryGetProperty("key", out _));
    }

    [Fact]
    public async Task A_limited_key_makes_no_key_that_reaches_further_or_lives_longer()
    {
        var limited = await server.Host.ClientAsync(["admin"], integrations: ["acme"], tenants: ["t1"]);
        async Task<string[]> MistakesOf(object wish) => (await ApiHost.PostAsync(limited, "/v1/api-keys", wish)).Fields();

        Assert.Equal(["integrations"], await MistakesOf(new { name = "x", scopes = (string[])["tokens:read"], integrations = (string[])["other"] }));
        Assert.Equal(["tenants"], await MistakesOf(new { name = "x", scopes = (string[])["tokens:read"], tenants = (string[])["t1", "t2"] }));
        Assert.Equal(["tenants"], await MistakesOf(new { name = "x", scopes = (string[])["tokens:read"], tenants = Array.Empty<string>() }));
        Assert.Equal(["scopes"], await MistakesOf(new { name = "x", scopes = (string[])["everything"] }));
        Assert.Equal(["scopes"], await MistakesOf(new { name = "x", scopes = Array.Empty<string>() }));
        Assert.Equal(["name"], await MistakesOf(new { name = "", scopes = (string[])["tokens:read"] }));
        Assert.Equal(["expires_at"], await MistakesOf(new { name = "x", scopes = (string[])["tokens:read"], expires_at = "2001-01-01T00:00:00Z" }));

        var made = await ApiHost.PostAsync(limited, "/v1/api-keys", new { name = "x", scopes = (string[])["tokens:read"] });
        Assert.Equal("t1", Assert.Single(made.Body.GetProperty("tenants").EnumerateArray()).GetString());

        var ending = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "ending", scopes = (string[])["admin"], expires_at = TimeProvider.System.GetUtcNow().AddHours(1) });
        var heir = await ApiHost.PostAsync(
            server.Host.Client(ending.Body.Text("key")), "/v1/api-keys", new { name = "heir", scopes = (string[])["admin"], expires_at = TimeProvider.System.GetUtcNow().AddHours(2) });
        Assert.Equal(["expires_at"], heir.Fields());
    }

    [Fact]
    public async Task A_limited_key_neither_sees_nor_ends_keys_beyond_its_reach()
    {
        var limited = await server.Host.ClientAsync(["admin"], tenants: ["t1"]);
        var wide = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "wide", scopes = (string[])["tokens:read"] });

        Assert.Equal(404, (await ApiHost.GetAsync(limited, $"/v1/api-keys/{wide.Body.Text("id")}")).Status);
        Assert.Equal(404, (await ApiHost.SendAsync(limited, HttpMethod.Delete, $"/v1/api-keys/{wide.Body.Text("id")}")).Status);
        Assert.DoesNotContain((await ApiHost.GetAsync(limited, "/v1/api-keys")).Items(), k => k.Text("name") == "wide");
    }

    [Fact]
    public async Task After_a_rotation_both_keys_work_until_the_overlap_ends()
    {
        var old = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "rotated", scopes = (string[])["connections:read"] });
        var oldClient = server.Host.Client(old.Body.Text("key"));

        var fresh = await ApiHost.PostAsync(Admin, $"/v1/api-keys/{old.Body.Text("id")}/rotate", new { overlap_seconds = 3600 });
        var both = (await ApiHost.GetAsync(oldClient, "/v1/connections"), await ApiHost.GetAsync(server.Host.Client(fresh.Body.Text("key")), "/v1/connections"));
        await ApiHost.PostAsync(Admin, $"/v1/api-keys/{old.Body.Text("id")}/rotate", new { overlap_seconds = 0 });

        Assert.Equal((200, 200), (both.Item1.Status, both.Item2.Status));
        Assert.Equal(401, await Eventually.StatusAsync(oldClient, "/v1/connections", 401));
    }

    [Fact]
    public async Task A_key_that_ends_cannot_renew_itself_and_is_told_what_to_do()
    {
        var end = TimeProvider.System.GetUtcNow().AddHours(1);
        var ending = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "ending too", scopes = (string[])["admin"], expires_at = end });
        var path = $"/v1/api-keys/{ending.Body.Text("id")}/rotate";

        var byItself = await ApiHost.PostAsync(server.Host.Client(ending.Body.Text("key")), path);
        var byAnother = await ApiHost.PostAsync(Admin, path);

        Assert.Equal((409, "rotation_would_not_renew"), (byItself.Status, byItself.Code()));
        Assert.Equal(201, byAnother.Status);
        Assert.True(byAnother.Body.GetProperty("expires_at").GetDateTimeOffset() > end);
    }

    [Fact]
    public async Task What_stands_where_a_scope_belongs_is_not_shown_again()
    {
        var token = "gho_" + new string('7', 36);

        var answer = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "x", scopes = (string[])[token] });

        Assert.Equal(["scopes"], answer.Fields());
        Assert.DoesNotContain(token, answer.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_ends_within_seconds()
    {
        var made = await ApiHost.PostAsync(Admin, "/v1/api-keys", new { name = "revoked", scopes = (string[])["connections:read"] });
        var client = server.Host.Client(made.Body.Text("key"));
        await ApiHost.GetAsync(client, "/v1/connections");

        await ApiHost.SendAsync(Admin, HttpMethod.Delete, $"/v1/api-keys/{made.Body.Text("id")}");

        Assert.Equal(401, await Eventually.StatusAsync(client, "/v1/connections", 401));
    }

    [Fact]
    public async Task Who_sends_wrong_keys_has_to_wait_and_whoever_has_a_good_one_has_not()
    {
        await using var host = await ApiHost.StartAsync();
        var wrong = host.Client("rk_production_000000000000_" + new string('0', 64));
        await ApiHost.GetAsync(host.Admin, "/v1/connections");

        for (var i = 0; i < AuthenticationFailures.Allowed; i++)
        {
            Assert.Equal(401, (await ApiHost.GetAsync(wrong, "/v1/connections")).Status);
        }

        using var refused = await wrong.GetAsync("/v1/connections");
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        Assert.Equal(200, (await ApiHost.GetAsync(host.Admin, "/v1/connections")).Status);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_whoever_sends_wrong_keys_makes_nobody_else_wait()
    {
        await using var host = await ApiHost.StartAsync(settings: new() { ["TrustedProxies"] = "127.0.0.1; ::1" });
        var wrong = "rk_production_000000000000_" + new string('0', 64);
        var guesser = host.Client(wrong);
        guesser.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        var other = host.Client(wrong);
        other.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7, 203.0.113.8, 127.0.0.1");

        for (var i = 0; i < AuthenticationFailures.Allowed; i++)
        {
            await ApiHost.GetAsync(guesser, "/v1/connections");
        }

        Assert.Equal(429, (await ApiHost.GetAsync(guesser, "/v1/connections")).Status);
        Assert.Equal(401, (await ApiHost.GetAsync(other, "/v1/connections")).Status);
    }

    [Fact]
    public async Task Who_is_no_trusted_proxy_cannot_say_who_calls()
    {
        await using var host = await ApiHost.StartAsync(settings: new() { ["TrustedProxies"] = "10.0.0.0/8" });
        var seen = new List<int>();
        for (var i = 0; i <= AuthenticationFailures.Allowed; i++)
        {
            var guesser = host.Client("rk_production_000000000000_" + new string('0', 64));
            guesser.DefaultRequestHeaders.Add("X-Forwarded-For", $"203.0.113.{i % 250}");
            seen.Add((await ApiHost.GetAsync(guesser, "/v1/connections")).Status);
        }

        Assert.Equal(429, seen[^1]);
    }

    [Fact]
    public void What_is_no_address_of_a_proxy_stops_the_start()
    {
        var mistake = Assert.Throws<SettingsException>(() => ServerApp.Build(new ServerArguments(null, [new("TrustedProxies", "10.0.0.5;proxy.example")])));
        Assert.Contains("proxy.example", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_request_with_its_idempotency_key_is_done_once()
    {
        async Task<(int, string)> Make(string key, string name)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/api-keys") { Content = JsonContent.Create(new { name, scopes = (string[])["heartbeat"] }) };
            request.Headers.Add("Idempotency-Key", key);
            using var answer = await Admin.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }

        var first = await Make("once", "idempotent");
        var again = await Make("once", "idempotent");
        var other = await Make("once", "another body");
        var wrong = await Make("wrong", "");
        var corrected = await Make("wrong", "idempotent too");

        Assert.Equal(first, again);
        Assert.Equal((201, 422, 422, 201), (first.Item1, other.Item1, wrong.Item1, corrected.Item1));
        Assert.Contains("idempotency_key_reused", other.Item2, StringComparison.Ordinal);
        Assert.Single((await ApiHost.GetAsync(Admin, "/v1/api-keys?limit=1000")).Items(), k => k.Text("name") == "idempotent");

        // The answer holds a key: what is kept of it is sealed.
        var secret = System.Text.Json.JsonElement.Parse(first.Item2).Text("key")[^64..];
        Assert.All(Directory.GetFiles(server.Host.Folder), file => Assert.DoesNotContain(secret, Text(file), StringComparison.Ordinal));
    }

    private static string Text(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
