using System.Net.Http.Headers;
using System.Text.Json;

namespace Rekindle.Server.Tests.Api;

public sealed class AttemptTests
{
    [Fact]
    [Trait("Req", "D2")]
    public async Task The_terminal_says_what_its_filters_hide()
    {
        await using var host = await ApiHost.StartAsync();
        var a = await RefreshedAsync(host, "a");
        await RefreshedAsync(host, "b");

        var page = await ApiHost.GetAsync(host.Admin, $"/v1/attempts?connection={a}&limit=1");

        Assert.Equal((1, 1, 2), (page.Number("showing"), page.Number("matching"), page.Number("total")));
        var filter = Assert.Single(page.Body.GetProperty("filters").EnumerateArray());
        Assert.Equal(("connection", a, 1), (filter.Text("filter"), filter.Text("value"), filter.GetProperty("hides").GetInt32()));
        Assert.InRange(page.Number("newest_age_seconds"), 0, 60);
        Assert.False(page.Body.TryGetProperty("warning", out _));
    }

    [Fact]
    [Trait("Req", "D5")]
    public async Task Two_attempts_are_compared_without_showing_a_token()
    {
        await using var host = await ApiHost.StartAsync();
        var id = await RefreshedAsync(host, "compared");
        await ApiHost.PostAsync(host.Admin, $"/v1/connections/{id}/refresh", new { capture = true });
        var ids = (await ApiHost.GetAsync(host.Admin, "/v1/attempts")).Items().Select(i => i.Text("id")).ToArray();

        var compared = await ApiHost.GetAsync(host.Admin, $"/v1/attempts/{ids[0]}/compare?with={ids[1]}");

        Assert.Equal(2, ids.Length);
        var stages = compared.Body.GetProperty("stages").EnumerateArray().ToDictionary(s => s.Text("stage"), s => s.Text("result"));
        Assert.Equal(("same", "same", "different"), (stages["opened"], stages["grant_no"], stages["version"]));
    }

    [Fact]
    [Trait("Req", "D2")]
    public async Task The_stream_misses_nothing_while_many_write_and_its_reader_comes_and_goes()
    {
        const int refreshes = 40;
        await using var host = await ApiHost.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < refreshes; i++)
        {
            ids.Add(await host.ImportAsync($"streamed-{i}", expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1)));
        }

        var from = (await ApiHost.GetAsync(host.Admin, "/v1/attempts")).Body.Text("tail");
        var writing = Task.WhenAll(ids.Select(id => ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/token?max_wait_seconds=30")));
        var seen = new List<string>();
        string? lastEventId = null;
        while (seen.Count < refreshes)
        {
            // Leaves after a few events each time, and says where it was.
            (var events, lastEventId) = await ReadAsync(host, lastEventId is null ? $"/v1/attempts/stream?from={from}" : "/v1/attempts/stream", lastEventId, 7, refreshes - seen.Count);
            seen.AddRange(events);
        }

        Assert.All(await writing, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(ids.Order(), seen.Order());
    }

    [Fact]
    [Trait("Req", "D2")]
    public async Task Pages_of_the_log_neither_repeat_nor_skip_and_one_entry_is_found_by_id()
    {
        await using var host = await ApiHost.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await RefreshedAsync(host, $"paged-{i}");
        }

        var seen = new List<string>();
        for (string? query = ""; query is not null;)
        {
            var page = await ApiHost.GetAsync(host.Admin, "/v1/attempts?limit=2" + query);
            seen.AddRange(page.Items().Select(a => a.Text("id")));
            query = page.Body.TryGetProperty("next_cursor", out var next) ? $"&cursor={next.GetString()}" : null;
            await RefreshedAsync(host, $"meanwhile-{seen.Count}");
        }

        Assert.Equal((5, 5), (seen.Count, seen.Distinct().Count()));
        Assert.Equal(seen.OrderDescending(StringComparer.Ordinal), seen);
        Assert.Equal(seen[0], (await ApiHost.GetAsync(host.Admin, $"/v1/attempts/{seen[0]}")).Body.Text("id"));
    }

    [Fact]
    public async Task A_limited_key_sees_the_attempts_that_it_reaches_and_no_others()
    {
        await using var host = await ApiHost.StartAsync();
        var mine = await RefreshedAsync(host, "mine", "t1");
        await RefreshedAsync(host, "theirs", "t2");
        var theirs = (await ApiHost.GetAsync(host.Admin, "/v1/attempts?tenant=t2")).Items()[0].Text("id");
        var limited = await host.ClientAsync(["attempts:read"], tenants: ["t1"]);

        var page = await ApiHost.GetAsync(limited, "/v1/attempts");
        var asked = await ApiHost.GetAsync(limited, "/v1/attempts?tenant=t2");
        var one = await ApiHost.GetAsync(limited, $"/v1/attempts/{theirs}");

        Assert.Equal((mine, 1), (Assert.Single(page.Items()).Text("connection_id"), page.Number("total")));
        Assert.Equal((403, 404), (asked.Status, one.Status));
    }

    [Theory]
    [InlineData("/v1/attempts?source=nobody", "source")]
    [InlineData("/v1/attempts?connection=abc", "connection")]
    [InlineData("/v1/attempts?since=now", "since")]
    [InlineData("/v1/attempts?cursor=x", "cursor")]
    [InlineData("/v1/attempts/stream?from=x-", "from")]
    [InlineData("/v1/attempts/stream?from=1-5", "from")]
    public async Task A_wrong_question_to_the_log_is_named(string path, string field)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await ApiHost.GetAsync(host.Admin, path);

        Assert.Equal((422, field), (answer.Status, Assert.Single(answer.Fields())));
    }

    private static async Task<string> RefreshedAsync(ApiHost host, string subject, string? tenant = null)
    {
        var id = await host.ImportAsync(subject, tenant: tenant, expiresAt: TimeProvider.System.GetUtcNow().AddMinutes(-1));
        Assert.Equal(200, (await ApiHost.GetAsync(host.Admin, $"/v1/connections/{id}/token")).Status);
        return id;
    }

    private static async Task<(List<string> Connections, string? LastEventId)> ReadAsync(ApiHost host, string path, string? lastEventId, int most, int left)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var response = await host.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var connections = new List<string>();
        while (connections.Count < Math.Min(most, left) && await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                lastEventId = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                connections.Add(JsonElement.Parse(line[6..]).Text("connection_id"));
            }
        }

        return (connections, lastEventId);
    }
}
