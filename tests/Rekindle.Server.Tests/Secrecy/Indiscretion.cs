using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Rekindle.Server.Tests.Secrecy;

/// <summary>A way in which a token endpoint gives away what it was told.</summary>
/// <param name="Name">Name of the provider that behaves so.</param>
/// <param name="Answer">Writes the answer.</param>
internal sealed record Indiscretion(string Name, Func<HttpResponse, Told, Task> Answer)
{
    /// <summary>How clients prove themselves there.</summary>
    public string ClientAuthentication { get; init; } = "post";

    public static IReadOnlyList<Indiscretion> All { get; } =
    [
        new("discreet", (http, told) => SucceedAsync(http, told)),
        new("signed", (http, told) => SucceedAsync(http, told)) { ClientAuthentication = "private_key_jwt" },
        // These two speak elsewhere: at the callback, and when asked who it is.
        new("callback", (http, told) => SucceedAsync(http, told)),
        new("userinfo", (http, told) => SucceedAsync(http, told)),
        new("dead", (http, told) => FailAsync(http, 400, "invalid_grant", $"the token '{told.All}' is not known")),
        new("client", (http, told) => FailAsync(http, 401, "invalid_client", $"{told.Authorization} of {told.Body}")) { ClientAuthentication = "basic" },
        new("encoded", (http, told) => FailAsync(
            http, 400, "invalid_request", $"{told.In(Uri.EscapeDataString)} {told.In(WebUtility.UrlEncode)} {told.In(s => JsonSerializer.Serialize(s))}")),
        new("based", (http, told) => FailAsync(http, 400, "invalid_scope", $"{told.Base64()} {told.In(s => Base64Url.EncodeToString(Encoding.UTF8.GetBytes("x" + s)))}")),
        new("hexed", (http, told) => FailAsync(
            http, 400, "unauthorized_client", $"{told.In(s => Convert.ToHexString(Encoding.UTF8.GetBytes(s)))} {told.In(s => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s)))}")),
        new("coded", (http, told) => FailAsync(http, 400, told.Secrets[0], null)),
        new("html", (http, told) => WriteAsync(
            http, 500, "text/html", $"<!-- {told.Body} --><h1>{WebUtility.HtmlEncode(told.All)}</h1><p>{told.All}</p>")),
        new("plain", (http, told) => WriteAsync(http, 400, "text/plain", $"could not use {told.All} as in {told.Body}")),
        new("htmled", (http, told) => WriteAsync(http, 400, "text/plain", $"could not use {WebUtility.HtmlEncode(told.All)}")),
        new("form", (http, told) => WriteAsync(
            http, 400, "application/x-www-form-urlencoded", $"error=invalid_grant&error_description={Uri.EscapeDataString(told.All)}&{told.Body}")),
        new("named", (http, told) => WriteAsync(http, 403, "application/json", JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["error"] = new Dictionary<string, string> { ["code"] = "x", ["message"] = told.All, [told.Secrets[0]] = "is wrong" },
            ["request_id"] = told.Secrets[0],
            ["errors"] = told.Secrets,
        }))),
        new("headed", (http, told) =>
        {
            foreach (var name in (string[])["WWW-Authenticate", "X-Request-Id", "Retry-After", "Location", "Server", "X-Debug", "Set-Cookie"])
            {
                http.Headers.Append(name, $"Bearer error=\"{told.In(Uri.EscapeDataString)}\", token={told.In(s => s.Replace("ü", "", StringComparison.Ordinal))}");
            }

            return WriteAsync(http, 429, "text/plain; token=" + Uri.EscapeDataString(told.Secrets[0]), "");
        }),
        new("moved", (http, told) =>
        {
            http.Headers.Location = $"https://elsewhere.example/?{told.Body}";
            return WriteAsync(http, 302, "text/html", told.All);
        }),
        // Tokens in an answer that is none, and once more in its text.
        new("torn", (http, told) => WriteAsync(http, 200, "application/json", JsonSerializer.Serialize(new
        {
            error = "server_error",
            error_description = $"{told.RefreshToken} took the place of {told.All} and {told.AccessToken} is not ready",
            access_token = told.AccessToken,
            refresh_token = told.RefreshToken,
            id_token = told.IdToken,
        }))),
        new("unfinished", (http, told) => WriteAsync(http, 200, "application/json", $$"""{"access_token":"{{told.AccessToken}}","refresh_token":"{{told.RefreshToken}}" """)),
        new("bare", (http, told) => WriteAsync(http, 200, "text/plain", $"{told.RefreshToken} {told.AccessToken} {told.All}")),
        // A success that repeats everything where it does not belong.
        new("talkative", (http, told) => SucceedAsync(http, told, new Dictionary<string, object>
        {
            ["message"] = $"{told.All} became {told.AccessToken} {told.RefreshToken}",
            ["warning"] = told.Base64(),
            ["request_id"] = told.RefreshToken,
            [told.Secrets[0]] = told.AccessToken,
        })),
        new("misplaced", (http, told) => SucceedAsync(http, told, new Dictionary<string, object>
        {
            ["scope"] = $"read {told.Secrets[0]} {told.AccessToken}",
            ["token_type"] = told.Secrets[0],
            ["expires"] = told.RefreshToken,
        })),
    ];

    public static Indiscretion Of(string name) => All.First(i => i.Name == name);

    private static Task FailAsync(HttpResponse http, int status, string code, string? description) =>
        WriteAsync(http, status, "application/json", JsonSerializer.Serialize(new { error = code, error_description = description }));

    private static Task SucceedAsync(HttpResponse http, Told told, Dictionary<string, object>? more = null) =>
        WriteAsync(http, 200, "application/json", JsonSerializer.Serialize(new Dictionary<string, object>(more ?? [])
        {
            ["access_token"] = told.AccessToken,
            ["refresh_token"] = told.RefreshToken,
            ["id_token"] = told.IdToken,
            ["expires_in"] = 3600,
        }));

    private static async Task WriteAsync(HttpResponse http, int status, string type, string body)
    {
        http.StatusCode = status;
        http.Headers.ContentType = type;
        await http.WriteAsync(body);
    }
}
