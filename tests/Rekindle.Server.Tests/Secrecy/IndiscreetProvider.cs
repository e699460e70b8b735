using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace Rekindle.Server.Tests.Secrecy;

/// <summary>
/// An authorization server that says back whatever secret it was told, in as many ways as there are <see cref="Indiscretion"/>s:
/// each is a provider of its own, under its own path.
/// </summary>
internal sealed class IndiscreetProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SecretHunt _hunt;
    private readonly ConcurrentDictionary<string, int> _asked = new();

    private IndiscreetProvider(WebApplication app, SecretHunt hunt) => (_app, _hunt) = (app, hunt);

    private Uri Address => new(_app.Urls.First());

    /// <summary>How often the token endpoint of an indiscretion was asked with this grant type.</summary>
    public int Asked(string name, string grantType) => _asked.GetValueOrDefault($"{name} {grantType}");

    public static async Task<IndiscreetProvider> StartAsync(SecretHunt hunt)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var provider = new IndiscreetProvider(app, hunt);
        app.MapGet("/{name}/authorize", (RequestDelegate)provider.AuthorizeAsync);
        app.MapPost("/{name}/token", (RequestDelegate)provider.TokenAsync);
        app.MapPost("/{name}/revoke", (RequestDelegate)provider.RevokeAsync);
        app.MapGet("/{name}/userinfo", (RequestDelegate)UserInfoAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>Writes a catalogue entry per indiscretion.</summary>
    public void WriteCatalogue(string folder)
    {
        foreach (var indiscretion in Indiscretion.All)
        {
            var site = $"{Address}{indiscretion.Name}";
            File.WriteAllText(Path.Combine(folder, $"{indiscretion.Name}.yaml"), $$"""
                key: {{indiscretion.Name}}
                display_name: Indiscreet {{indiscretion.Name}}
                version: 1
                endpoints:
                  authorize: {{site}}/authorize
                  token: {{site}}/token
                  revoke: {{site}}/revoke
                requests:
                  client_authentication: {{indiscretion.ClientAuthentication}}
                lifecycle:
                  rotation: { value: always, confidence: confirmed, date: 2026-11-21, source: this test }
                  reuse: { value: reusable, confidence: confirmed, date: 2026-11-21, source: this test }
                identity:
                  source: request
                  url: {{site}}/userinfo
                  path: sub
                  name_path: name
                """);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static Task UserInfoAsync(HttpContext http) => Name(http) == "userinfo"
        ? WriteAsync(http, 401, "application/json", JsonSerializer.Serialize(new { error = "invalid_token", error_description = $"{http.Request.Headers.Authorization} is not valid" }))
        : WriteAsync(http, 200, "application/json", """{"sub":"account-1","name":"Ada"}""");

    private static async Task WriteAsync(HttpContext http, int status, string type, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body);
    }

    private static string Name(HttpContext http) => (string)http.Request.RouteValues["name"]!;

    private Task AuthorizeAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var state = (string)query["state"]!;
        _hunt.Know(SecretUse.State, "of a sign-in", state);
        var code = _hunt.Make(SecretUse.Code, "of a sign-in").Value;
        var answer = Name(http) == "callback"
            ? $"error=server_error&error_description={Uri.EscapeDataString($"state {state} and code '{code}' of {http.Request.QueryString}")}&code={Uri.EscapeDataString(code)}"
            : $"code={Uri.EscapeDataString(code)}";
        http.Response.Redirect($"{query["redirect_uri"]}?{answer}&state={Uri.EscapeDataString(state)}");
        return Task.CompletedTask;
    }

    private async Task TokenAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        var grantType = (string)form["grant_type"]!;
        _asked.AddOrUpdate($"{Name(http)} {grantType}", 1, static (_, count) => count + 1);
        if (form["code_verifier"] is [{ } verifier])
        {
            _hunt.Know(SecretUse.Verifier, "of a sign-in", verifier);
        }

        var told = Told.From(
            http, form,
            _hunt.Make(SecretUse.AccessToken, $"of {Name(http)}").Ascii, _hunt.Make(SecretUse.RefreshToken, $"of {Name(http)}").Value, IdToken());
        await Indiscretion.Of(Name(http)).Answer(http.Response, told);
    }

    private async Task RevokeAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        await WriteAsync(http, 400, "text/plain", $"cannot revoke {form["token"]} for {http.Request.Headers.Authorization} {form["client_secret"]}");
    }

    private string IdToken()
    {
        var claims = _hunt.Make(SecretUse.IdToken, "claims").Value;
        var payload = System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { sub = "account-1", claims }));
        var token = $"eyJhbGciOiJub25lIn0.{payload}.{_hunt.Make(SecretUse.IdToken, "signature").LettersAndDigits}";
        _hunt.Know(SecretUse.IdToken, "whole", token);
        return token;
    }
}

/// <summary>All that a token endpoint was told in a request, and the new tokens it could give.</summary>
internal sealed record Told(IReadOnlyList<string> Secrets, string Body, string Authorization, string AccessToken, string RefreshToken, string IdToken)
{
    private static readonly string[] SecretParameters = ["refresh_token", "code", "client_secret", "code_verifier", "client_assertion"];

    /// <summary>The secrets of the request in a row.</summary>
    public string All => string.Join(" and ", Secrets);

    public static Told From(HttpContext http, IFormCollection form, string accessToken, string refreshToken, string idToken)
    {
        var authorization = http.Request.Headers.Authorization.ToString();
        var body = string.Join('&', form.Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value!)}"));
        var secrets = SecretParameters.Select(name => form[name]).Where(v => !StringValues.IsNullOrEmpty(v)).Select(v => v.ToString());
        return new([.. secrets, authorization], body, authorization, accessToken, refreshToken, idToken);
    }

    public string In(Func<string, string> form) => string.Join(" and ", Secrets.Select(form));

    public string Base64() => In(s => Convert.ToBase64String(Encoding.UTF8.GetBytes(s)));
}
