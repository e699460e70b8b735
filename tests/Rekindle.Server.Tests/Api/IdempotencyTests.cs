using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Rekindle.Server.Tests.Api;

/// <summary>A request with an Idempotency-Key is done once, also when the database or the client leaves in the middle.</summary>
public sealed class IdempotencyTests : IAsyncLifetime
{
    private ApiHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await ApiHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact, Trait("Req", "E3")]
    public async Task What_was_done_is_not_done_again_when_its_answer_could_not_be_kept()
    {
        await ExecuteAsync("create trigger broken before update on idempotency_keys begin select raise(abort, 'broken'); end");
        var first = await MakeKeyAsync("once");
        await ExecuteAsync("drop trigger broken");
        var again = await MakeKeyAsync("once");

        Assert.Equal((201, 503, "request_in_progress"), (first.Status, again.Status, again.Code()));
        Assert.Single(await KeysAsync(), "once");
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_request_whose_server_died_is_said_to_be_lost_and_not_to_run_for_a_day()
    {
        await ExecuteAsync("create trigger broken before update on idempotency_keys begin select raise(abort, 'broken'); end");
        await MakeKeyAsync("died");
        await ExecuteAsync("drop trigger broken; update idempotency_keys set deadline = 0");

        var again = await MakeKeyAsync("died");

        Assert.Equal((409, "idempotency_answer_lost", false), (again.Status, again.Code(), again.Body.GetProperty("retryable").GetBoolean()));
        Assert.Single(await KeysAsync(), "died");
    }

    [Theory, Trait("Req", "E3")]
    [InlineData("/v1/connect-sessions")]
    [InlineData("/v1/connections/{id}/reconnect-link")]
    public async Task A_link_asked_for_twice_is_made_once(string path)
    {
        path = path.Replace("{id}", await _host.ImportAsync("linked"), StringComparison.Ordinal);
        object body = path.EndsWith("sessions", StringComparison.Ordinal) ? new { integration = "acme", subject = "linked", completion = "auto" } : new { completion = "auto" };

        var first = await PostAsync(path, body, "link");
        var again = await PostAsync(path, body, "link");

        Assert.Equal(201, first.Status);
        Assert.Equal(first.Body.Text("url"), again.Body.Text("url"));
    }

    private Task<(int Status, JsonElement Body)> MakeKeyAsync(string name) => PostAsync("/v1/api-keys", new { name, scopes = (string[])["heartbeat"] }, name);

    private async Task<string[]> KeysAsync() => [.. (await ApiHost.GetAsync(_host.Admin, "/v1/api-keys?limit=1000")).Items().Select(k => k.Text("name"))];

    private async Task<(int Status, JsonElement Body)> PostAsync(string path, object body, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        using var answer = await _host.Admin.SendAsync(request);
        return ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync()));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_host.Folder, "rekindle.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
