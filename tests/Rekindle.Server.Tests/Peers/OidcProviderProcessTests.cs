using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Peers;

/// <summary>What the other peer tests rely on: it rotates, and it notices a refresh token that comes back.</summary>
public sealed class OidcProviderProcessTests : IAsyncLifetime
{
    private const string Callback = "http://127.0.0.1:5999/callback";
    private const string Verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";

    private readonly HttpClient _http = new();
    private OidcProviderProcess _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await OidcProviderProcess.StartAsync(new OidcProviderSettings());

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_code_becomes_tokens_that_the_resource_accepts()
    {
        var tokens = await ConnectAsync("bob");

        using var request = new HttpRequestMessage(HttpMethod.Get, _provider.ResourceEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.GetProperty("access_token").GetString());
        using var answer = await _http.SendAsync(request);

        Assert.Equal("bob", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("sub").GetString());
        Assert.Equal(60, tokens.GetProperty("expires_in").GetInt32());
        Assert.True(tokens.TryGetProperty("id_token", out _));
    }

    [Fact]
    public async Task A_refresh_rotates_and_a_token_that_comes_back_ends_the_grant()
    {
        var first = (await ConnectAsync("alice")).GetProperty("refresh_token").GetString()!;

        var second = (await RefreshAsync(first)).Body.GetProperty("refresh_token").GetString()!;
        Assert.NotEqual(first, second);
        Assert.DoesNotContain(await _provider.GetEventsAsync(), happened => happened.Name == "grant.revoked");

        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(first)).Status);
        Assert.Equal("invalid_grant", (await RefreshAsync(second)).Body.GetProperty("error").GetString());
        Assert.Contains(await _provider.GetEventsAsync(), happened => happened.Name == "grant.revoked");
    }

    private async Task<JsonElement> ConnectAsync(string account)
    {
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        var request = new Uri(
            $"{_provider.AuthorizationEndpoint}?response_type=code&client_id=post&scope=openid%20offline_access%20email&prompt=consent" +
            $"&redirect_uri={Uri.EscapeDataString(Callback)}&code_challenge={challenge}&code_challenge_method=S256&state=s&login_hint={account}");
        var back = await _provider.SignInAsync(request);
        var code = HttpUtility.ParseQueryString(back.Query)["code"];

        var (status, body) = await PostAsync(new() { ["grant_type"] = "authorization_code", ["code"] = code, ["code_verifier"] = Verifier, ["redirect_uri"] = Callback });
        Assert.Equal(HttpStatusCode.OK, status);
        return body;
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> RefreshAsync(string refreshToken) =>
        PostAsync(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken });

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(Dictionary<string, string?> form)
    {
        form["client_id"] = "post";
        form["client_secret"] = "post-secret";
        using var content = new FormUrlEncodedContent(form);
        using var answer = await _http.PostAsync(_provider.TokenEndpoint, content);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }
}
