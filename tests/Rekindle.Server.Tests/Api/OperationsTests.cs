using System.Text.Json;
using Rekindle.Encryption;

namespace Rekindle.Server.Tests.Api;

public sealed class OperationsTests
{
    [Fact]
    [Trait("Req", "C5")]
    public async Task A_heartbeat_by_request_refreshes_what_is_due_once_and_says_what_it_did()
    {
        await using var host = await ApiHost.StartAsync();
        var cron = await host.ClientAsync(["heartbeat"]);
        var past = TimeProvider.System.GetUtcNow().AddMinutes(-1);
        string[] due = [await host.ImportAsync("due-1", expiresAt: past), await host.ImportAsync("due-2", expiresAt: past)];
        await host.ImportAsync("fresh");

        var first = await ApiHost.GetAsync(cron, "/v1/heartbeat?verbose=true");
        var second = await ApiHost.PostAsync(cron, "/v1/heartbeat");

        Assert.Equal((200, 2, 2, true), (first.Status, first.Number("claimed"), first.Number("refreshed"), first.Body.GetProperty("complete").GetBoolean()));
        Assert.Equal(due.Order(), first.Body.GetProperty("attempts").EnumerateArray().Select(a => a.Text("connection_id")).Order());
        Assert.All(first.Body.GetProperty("attempts").EnumerateArray(), a => Assert.Equal("cron", a.Text("source")));
        Assert.Equal(0, second.Number("claimed"));
        Assert.True(second.Body.TryGetProperty("observed_interval_seconds", out _));
    }

    [Fact]
    [Trait("Req", "A13")]
    public async Task The_summary_counts_by_status_and_capacity_weighs_demand_against_the_budget()
    {
        await using var host = await ApiHost.StartAsync();
        await host.AddIntegrationAsync("tight", new { budget_requests = 1, budget_window_seconds = 3600 });
        await host.ImportAsync("a");
        var id = await host.ImportAsync("b");
        await host.ImportAsync("c", integration: "tight");
        await host.ImportAsync("d", integration: "tight");
        await ApiHost.PostAsync(host.Admin, $"/v1/connections/{id}/disable");

        var summary = await ApiHost.GetAsync(host.Admin, "/v1/summary");
        var capacity = await ApiHost.GetAsync(host.Admin, "/v1/capacity");

        Assert.Equal((4, 3, 1), (summary.Number("total"), summary.Body.GetProperty("by_status").GetProperty("active").GetInt32(),
            summary.Body.GetProperty("by_status").GetProperty("disabled").GetInt32()));
        var tight = capacity.Body.GetProperty("integrations")[0];
        Assert.Equal(("tight", "exceeded"), (tight.Text("integration"), tight.Text("status")));
        Assert.Contains("budget_requests", tight.Text("advice"), StringComparison.Ordinal);
        Assert.Equal("ok", capacity.Body.GetProperty("integrations")[1].Text("status"));
    }

    [Fact]
    [Trait("Req", "A12")]
    public async Task A_batch_says_first_and_does_then_each_for_itself()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await host.ImportAsync($"batch-{i}", tenant: "t1");
        }

        await host.ImportAsync("other", tenant: "t2");
        var selector = new { tenant = "t1", status = "active" };
        var dry = await ApiHost.PostAsync(host.Admin, "/v1/connections:batch", new { action = "disable", selector, dry_run = true });
        var some = await ApiHost.PostAsync(host.Admin, "/v1/connections:batch", new { action = "disable", selector, limit = 2 });
        var rest = await ApiHost.PostAsync(host.Admin, "/v1/connections:batch", new { action = "disable", selector });
        var left = await ApiHost.GetAsync(host.Admin, "/v1/connections?status=active");

        Assert.Equal((5, 0), (dry.Number("matched"), dry.Number("applied")));
        Assert.Equal((5, 2, true), (some.Number("matched"), some.Number("applied"), some.Body.GetProperty("more").GetBoolean()));
        Assert.Equal((3, 3), (rest.Number("matched"), rest.Number("applied")));
        Assert.Equal("other", Assert.Single(left.Items()).Text("subject"));
    }

    [Theory]
    [InlineData("""{"action":"explode","selector":{"tenant":"t"}}""", "action")]
    [InlineData("""{"action":"disable"}""", "selector")]
    [InlineData("""{"action":"disable","selector":{}}""", "selector")]
    [InlineData("""{"action":"disable","selector":{"tenant":"t"},"all":true}""", "selector")]
    [InlineData("""{"action":"disable","selector":{"status":"odd"}}""", "selector.status")]
    [InlineData("""{"action":"disable","selector":{"tennant":"t"}}""", "selector.tennant")]
    [InlineData("""{"action":"disable","selector":{"tenant":"t"},"limit":0}""", "limit")]
    public async Task A_batch_that_is_not_clear_touches_nothing(string body, string field)
    {
        await using var host = await ApiHost.StartAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await host.Admin.PostAsync("/v1/connections:batch", content);

        var answer = ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
        Assert.Equal(422, answer.Item1);
        Assert.Contains(field, answer.Fields());
    }

    [Fact]
    public async Task Health_needs_no_key_and_readiness_tells_api_and_worker_apart()
    {
        await using var host = await ApiHost.StartAsync();
        var stranger = host.Client(null);

        var health = await ApiHost.GetAsync(stranger, "/healthz");
        var ready = await ApiHost.GetAsync(stranger, "/readyz");

        Assert.Equal((200, "ok"), (health.Status, health.Body.Text("status")));
        Assert.Equal((200, "ok", "off"), (ready.Status, ready.Body.GetProperty("api").Text("status"), ready.Body.GetProperty("worker").Text("status")));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Health_answers_HEAD(string path)
    {
        await using var host = await ApiHost.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, path);

        using var answer = await host.Client(null).SendAsync(request);

        Assert.Equal((200, ""), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Strangers_learn_no_key_id_and_their_questions_are_not_a_write_each()
    {
        await using var host = await ApiHost.StartAsync();
        var stranger = host.Client(null);
        var log = new FileInfo(Path.Combine(host.Folder, "rekindle.db-wal"));
        long Written()
        {
            log.Refresh();
            return log.Length;
        }

        var before = Written();
        var ready = await ApiHost.GetAsync(stranger, "/readyz");
        var one = Written() - before;
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => ApiHost.GetAsync(stranger, "/readyz")));

        Assert.InRange(Written() - before, one, 10 * one);
        Assert.DoesNotContain(host.Get<KeyRing>().Current.Id, ready.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Levers_and_keys_are_in_the_audit()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await host.ImportAsync("audited");
        await ApiHost.PostAsync(host.Admin, $"/v1/connections/{id}/disable");

        var audit = await ApiHost.GetAsync(host.Admin, "/v1/audit?limit=1");

        Assert.Equal(("connection.disable", id), (audit.Items()[0].Text("action"), audit.Items()[0].Text("target")));
        Assert.NotNull(audit.Body.Text("next_cursor"));
    }

    [Fact]
    [Trait("Req", "C6")]
    public async Task Dependents_are_paged_and_a_limited_key_finds_its_own_behind_those_of_others()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            var id = await host.ImportAsync($"page-{i}", tenant: i < 4 ? "theirs" : "mine");
            await ApiHost.SendAsync(host.Admin, HttpMethod.Put, $"/v1/connections/{id}/dependents/a watcher", new { label = $"Sync {i}" });
        }

        async Task<string[]> All(HttpClient client)
        {
            var seen = new List<string>();
            for (string? query = ""; query is not null;)
            {
                var page = await ApiHost.GetAsync(client, "/v1/dependents?limit=2" + query);
                seen.AddRange(page.Items().Select(d => d.Text("label")));
                query = page.Body.TryGetProperty("next_cursor", out var next) ? $"&cursor={next.GetString()}" : null;
            }

            return [.. seen.Order(StringComparer.Ordinal)];
        }

        Assert.Equal(["Sync 0", "Sync 1", "Sync 2", "Sync 3", "Sync 4"], await All(host.Admin));
        Assert.Equal(["Sync 4"], await All(await host.ClientAsync(["connections:read"], tenants: ["mine"])));
    }

    [Fact]
    [Trait("Req", "C5")]
    public async Task A_heartbeat_is_bounded_and_never_runs_twice_at_once()
    {
        await using var host = await ApiHost.StartAsync();
        await host.ImportAsync("slow", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));
        host.Server.Faults.Add(Rekindle.Simulator.Faults.Fault.Hold());
        var first = ApiHost.PostAsync(host.Admin, "/v1/heartbeat?max_seconds=1");
        await host.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");

        var second = await ApiHost.PostAsync(host.Admin, "/v1/heartbeat");
        var wrong = await ApiHost.PostAsync(host.Admin, "/v1/heartbeat?max_seconds=0");
        host.Server.Faults.Clear();
        var done = await first;

        Assert.Equal((503, "heartbeat_in_progress", true), (second.Status, second.Code(), second.Body.GetProperty("retryable").GetBoolean()));
        Assert.Equal(["max_seconds"], wrong.Fields());
        Assert.Equal((200, 1), (done.Status, done.Number("claimed")));
    }

    [Fact]
    [Trait("Req", "C6")]
    public async Task A_dependent_follows_its_connection()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await host.ImportAsync("depended");
        await ApiHost.SendAsync(host.Admin, HttpMethod.Put, $"/v1/connections/{id}/dependents/mail", new { label = "Email sync", consequence = "Email sync paused" });

        await ApiHost.PostAsync(host.Admin, $"/v1/connections/{id}/require-reauthorization", new { note = "test" });
        var paused = await ApiHost.GetAsync(host.Admin, "/v1/dependents?status=paused");
        var detached = await ApiHost.SendAsync(host.Admin, HttpMethod.Delete, $"/v1/connections/{id}/dependents/mail");

        Assert.Equal(("mail", id), (Assert.Single(paused.Items()).Text("name"), paused.Items()[0].Text("connection_id")));
        Assert.Equal(204, detached.Status);
        Assert.Empty((await ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/dependents")).Items());
    }
}
