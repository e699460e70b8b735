using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Server.Tests.Simulator;

/// <summary>The clock stands at 2026-03-01 12:00:00 UTC, 1772366400 in Unix seconds; tokens live an hour.</summary>
public sealed class AnswerShapeTests : SimulatorTest
{
    [Theory]
    [InlineData("plain", "expires_in", "3600")]
    [InlineData("text-expiry", "expires_in", "\"3600\"")]
    [InlineData("float-expiry", "expires_in", "3600.0")]
    [InlineData("milliseconds", "expires_in", "3600000")]
    [InlineData("absolute", "expires_at", "1772370000")]
    [InlineData("absolute-milliseconds", "expires_at", "1772370000000")]
    [InlineData("iso-expiry", "expires_at", "\"2026-03-01T13:00:00.000Z\"")]
    [InlineData("ebay-like", "token_type", "\"User Access Token\"")]
    [InlineData("slack-like", "ok", "true")]
    [InlineData("salesforce-like", "instance_url", "\"https://sim.my.salesforce.example\"")]
    [InlineData("null-refresh", "refresh_token", "null")]
    [InlineData("empty-refresh", "refresh_token", "\"\"")]
    public async Task A_field_is_written_as_the_server_writes_it(string preset, string field, string written)
    {
        var answer = await RefreshAsync(preset);

        Assert.Equal(written, answer.Json.GetProperty(field).GetRawText());
    }

    [Theory]
    [InlineData("no-expiry", "expires_in")]
    [InlineData("salesforce-like", "expires_in")]
    [InlineData("plain", "refresh_token")]
    [InlineData("ebay-like", "scope")]
    public async Task A_field_is_left_out_where_the_server_leaves_it_out(string preset, string field)
    {
        var answer = await RefreshAsync(preset);

        Assert.NotNull(answer.AccessToken);
        Assert.False(answer.Json.TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Fields_may_have_other_names_and_stand_deeper()
    {
        var data = (await RefreshAsync("nested")).Json.GetProperty("data");

        Assert.True(Host.Servers["nested"].Accepts(data.GetProperty("accessToken").GetString()!));
        Assert.Equal("2026-03-01T13:00:00.000Z", data.GetProperty("expireTime").GetString());
    }

    [Fact]
    public async Task An_answer_may_be_form_encoded()
    {
        var answer = await RefreshAsync("form");

        Assert.Equal("application/x-www-form-urlencoded", answer.ContentType);
        Assert.Matches("^access_token=[^&]+&token_type=Bearer&expires_in=3600&scope=read$", answer.Body);
    }

    [Theory]
    [InlineData("application/json", "application/json")]
    [InlineData("*/*", "application/x-www-form-urlencoded")]
    public async Task An_answer_may_be_form_encoded_unless_json_is_accepted(string accept, string contentType)
    {
        var server = Host.Servers["github-like"];
        var request = new HttpRequestMessage(HttpMethod.Post, server.TokenEndpoint)
        {
            Content = SimulatorClient.RefreshForm(server.IssueGrant("u1").RefreshToken!),
            Headers = { Accept = { new(accept) } },
        };

        var answer = await Http.SendAsync(request);

        Assert.Equal(contentType, answer.ContentType);
    }

    [Fact]
    public async Task Json_may_be_typed_text_html()
    {
        var answer = await RefreshAsync("html-typed");

        Assert.Equal("text/html", answer.ContentType);
        Assert.NotNull(answer.AccessToken);
    }

    [Fact]
    public async Task Success_may_be_201() => Assert.Equal(HttpStatusCode.Created, (await RefreshAsync("created")).Status);

    [Fact]
    public async Task An_access_token_may_be_a_jwt_that_tells_its_expiry()
    {
        var token = (await RefreshAsync("jwt")).AccessToken!;

        var payload = JsonElement.Parse(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1])));

        Assert.Equal(1772370000, payload.GetProperty("exp").GetInt64());
        Assert.True(Host.Servers["jwt"].Accepts(token));
    }

    [Fact]
    public async Task Token_answers_are_not_to_be_stored()
    {
        var answer = await RefreshAsync("plain");

        Assert.True(answer.Headers.CacheControl!.NoStore);
    }

    [Fact]
    public async Task Answers_are_dated_by_the_simulators_clock()
    {
        var answer = await RefreshAsync("plain");

        Assert.Equal(Clock.Now, answer.Headers.Date);
    }

    [Fact]
    public async Task Narrowed_scopes_show_at_the_next_refresh()
    {
        var server = Host.Servers["plain"];
        var grant = server.IssueGrant("u1", ["read", "write"]);

        server.NarrowScopes(grant.GrantId, ["read"]);
        var answer = await Http.RefreshAsync(server, grant.RefreshToken!);

        Assert.Equal("read", answer.Json.GetProperty("scope").GetString());
    }

    [Fact]
    public async Task Asking_for_more_scopes_than_granted_is_refused()
    {
        var server = Host.Servers["plain"];

        var answer = await Http.RefreshAsync(server, server.IssueGrant("u1").RefreshToken!, ("scope", "read write"));

        Assert.Equal("invalid_scope", answer.Error);
    }

    [Fact]
    public async Task Every_preset_that_refreshes_with_a_refresh_token_issues_one_the_api_accepts()
    {
        foreach (var (name, server) in Host.Servers.Where(server => server.Value.Personality is
        { RefreshKind: RefreshKind.RefreshToken, EarlyRefresh: EarlyRefresh.Allowed }))
        {
            var answer = await RefreshAsync(name);

            Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, $"{name}: {answer.Status}");
            Assert.True(Host.History.Since()[^1].Issued, name);
            Assert.Equal(1, server.Grants[^1].Refreshes);
        }
    }

    private Task<SimulatorAnswer> RefreshAsync(string preset)
    {
        var server = Host.Servers[preset];
        return Http.RefreshAsync(server, server.IssueGrant("u1").RefreshToken!);
    }
}
