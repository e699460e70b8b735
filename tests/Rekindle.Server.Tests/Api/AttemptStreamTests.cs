using Rekindle.AspNetCore;

namespace Rekindle.Server.Tests.Api;

/// <summary>Who may follow the log, and for how long.</summary>
public sealed class AttemptStreamTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Path = "/v1/attempts/stream";

    [Fact]
    [Trait("Req", "D2")]
    public async Task A_stream_ends_with_the_key_that_opened_it()
    {
        var (id, revoked) = await KeyAsync(null);
        var (_, ending) = await KeyAsync(TimeProvider.System.GetUtcNow().AddSeconds(2));
        using var first = await revoked.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
        using var second = await ending.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
        await ApiHost.SendAsync(server.Host.Admin, HttpMethod.Delete, $"/v1/api-keys/{id}");

        // Reading to the end waits for the end: neither ends by itself.
        var texts = await Task.WhenAll(first.Content.ReadAsStringAsync(), second.Content.ReadAsStringAsync()).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.All(texts, text => Assert.StartsWith("retry:", text, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Req", "D2")]
    public async Task One_key_cannot_take_every_place()
    {
        var (_, greedy) = await KeyAsync(null);
        var streams = new List<HttpResponseMessage>();
        for (var i = 0; i < AttemptStreamPlaces.MostOfOneKey; i++)
        {
            streams.Add(await greedy.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead));
        }

        var refused = await ApiHost.GetAsync(greedy, Path);
        using var other = await server.Host.Admin.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);

        Assert.All(streams, stream => Assert.Equal(200, (int)stream.StatusCode));
        Assert.Equal((503, "too_many_streams", 200), (refused.Status, refused.Code(), (int)other.StatusCode));
        streams.ForEach(stream => stream.Dispose());
    }

    private async Task<(string Id, HttpClient Client)> KeyAsync(DateTimeOffset? end)
    {
        var made = await ApiHost.PostAsync(server.Host.Admin, "/v1/api-keys", new { name = "reader", scopes = (string[])["attempts:read"], expires_at = end });
        return (made.Body.Text("id"), server.Host.Client(made.Body.Text("key")));
    }
}
