using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Web;
using Rekindle.Server.Tests.Connect;

namespace Rekindle.Server.Tests.Secrecy;

/// <summary>Sends secrets of every kind along every path that a server has for them, and along those that it has not.</summary>
internal sealed class SecretPaths(SecretHunt hunt, HttpClient api, HttpClient stranger) : IDisposable
{
    private const string ReturnUrl = "https://app.example.com/done";

    private readonly List<string> _connections = [];
    private readonly List<Person> _people = [];

    public async Task IntegrateAsync()
    {
        foreach (var indiscretion in Indiscretion.All)
        {
            await SendAsync(HttpMethod.Post, "/v1/integrations", new
            {
                key = indiscretion.Name,
                provider = indiscretion.Name,
                client_id = $"client of {indiscretion.Name}",
                client_secret = ClientSecret(indiscretion.Name),
                private_key = indiscretion.ClientAuthentication == "private_key_jwt" ? PrivateKey() : null,
                scopes = (string[])["read"],
                allowed_return_urls = (string[])["https://app.example.com"],
            }, expected: 201);
        }

        await SendAsync(HttpMethod.Patch, "/v1/integrations/discreet", new { client_secret = ClientSecret("second") }, expected: 200);
        await SendAsync(HttpMethod.Patch, "/v1/integrations/signed", new { private_key = PrivateKey() }, expected: 200);
        await MistakeAsync(HttpMethod.Post, "/v1/integrations", name => ClientSecret(name), "client_secret", "key", "provider", "scopes", "policy", "secret_expires_at", "allowed_return_urls", "private_key", "purposes", "variables");
        await MistakeAsync(HttpMethod.Patch, "/v1/integrations/discreet", name => ClientSecret(name), "secret_expires_at", "policy", "allowed_return_urls", "private_key", "variables", "no_such_field");
        await SendAsync(HttpMethod.Post, "/v1/integrations", new { key = "discreet", provider = "discreet", client_secret = ClientSecret("again") });
        foreach (var indiscretion in Indiscretion.All)
        {
            await SendAsync(HttpMethod.Post, $"/v1/integrations/{indiscretion.Name}/test");
        }
    }

    public async Task ImportAsync()
    {
        foreach (var indiscretion in Indiscretion.All)
        {
            _connections.Add(await ImportAsync(indiscretion.Name, "long", 3600));
            _connections.Add(await ImportAsync(indiscretion.Name, "ended", 0));
        }

        await MistakeAsync(HttpMethod.Post, "/v1/connections", AccessToken, "expires_at", "expires_in", "integration", "replace", "metadata", "variables", "scope", "no_such_field", "access_token", "token_type");
        string[] torn =
        [
            $$"""{"integration":"discreet","subject":"torn","access_token":"{{AccessToken("torn").Replace("\"", "", StringComparison.Ordinal)}}""",
            $$"""{"integration":"discreet","access_token":{{AccessToken("bare")}}}""",
            $$"""{"integration":"discreet","refresh_token":{{Json(RefreshToken("once"))}},"refresh_token":{{Json(RefreshToken("twice"))}}}""",
            $$"""{ {{Json(AccessToken("name"))}}:1,{{Json(RefreshToken("name"))}}:{ {{Json(RefreshToken("deep"))}}:2} }""",
            $$"""{"integration":"discreet","subject":"odd","access_token":"x","metadata":{ {{Json(RefreshToken("metadata"))}}:7} }""",
            Json(RefreshToken("alone")),
            $"access_token={Uri.EscapeDataString(AccessToken("form"))}",
        ];
        foreach (var body in torn)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            await api.PostAsync(new Uri("/v1/connections", UriKind.Relative), content);
        }
    }

    public async Task ConnectAsync()
    {
        foreach (var indiscretion in Indiscretion.All)
        {
            var person = Person();
            var link = await LinkAsync(indiscretion.Name, "backend");
            var back = await person.SignInAsync(link);
            var page = await person.OpenAsync(back);
            await CompleteAsync(page);
            await person.OpenAsync(back);
            await Person().OpenAsync(back);
            await person.OpenAsync(new Uri(back.AbsoluteUri.Replace("state=", "state=x", StringComparison.Ordinal)));
            await person.OpenAsync(link);
        }

        var formPost = Person();
        var address = await formPost.SignInAsync(await LinkAsync("discreet", "auto"));
        var query = HttpUtility.ParseQueryString(address.Query);
        var posted = await Person().PostAsync(new Uri(address.GetLeftPart(UriPartial.Path)), query.AllKeys.Select(k => KeyValuePair.Create(k!, query[k]!)));
        await formPost.OpenAsync(posted.Location!);

        var site = new Uri(address, "/").AbsoluteUri;
        string[] strays =
        [
            "connect/callback/production/discreet?code={0}&state={1}", "connect/callback/production/discreet?code={0}", "connect/callback/production/{1}?code={0}",
            "connect/callback/production/discreet?answer={0}", "connect/callback/production/discreet?state={1}&error={0}&error_description={1}", "connect/{0}?integration={1}",
            "connect/callback/{0}/{1}",
        ];
        foreach (var stray in strays)
        {
            await Person().OpenAsync(new Uri(site + string.Format(
                null, stray, Uri.EscapeDataString(hunt.Make(SecretUse.Code, "stray").Value), Uri.EscapeDataString(hunt.Make(SecretUse.State, "stray").Value))));
        }
    }

    public async Task RefreshAsync()
    {
        foreach (var id in _connections)
        {
            await SendAsync(HttpMethod.Get, $"/v1/connections/{id}/token?max_wait_seconds=20");
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/refresh", new { capture = true });
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/retry");
            var refused = hunt.Make(SecretUse.AccessToken, "refused").Value;
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/token/rejected", new { version = 1, status = 401, www_authenticate = $"Bearer error=\"invalid_token\", token=\"{refused}\"" });
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/token/rejected", new { version = refused });
        }
    }

    public async Task PullLeversAsync()
    {
        foreach (var id in _connections)
        {
            foreach (var lever in (string[])["disable", "enable", "clear-backoff", "take-over"])
            {
                await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/{lever}");
            }

            await SendAsync(HttpMethod.Patch, $"/v1/connections/{id}", new { label = 1, metadata = new Dictionary<string, object> { [AccessToken("label")] = 2 } });
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/refresh", new { capture = AccessToken("capture") });
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/require-reauthorization");
            Know(SecretUse.Link, await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/reconnect-link", new { return_url = ReturnUrl }), "url", '.');
        }

        await SendAsync(HttpMethod.Post, "/v1/connections:batch", new { action = "refresh", selector = new { integration = "discreet" } }, expected: 200);
        await SendAsync(HttpMethod.Post, "/v1/connections:batch", new { action = AccessToken("action"), selector = new { status = RefreshToken("status"), error = 5 } });
        foreach (var id in _connections.Where((_, i) => i % 2 == 0))
        {
            await SendAsync(HttpMethod.Post, $"/v1/connections/{id}/revoke");
        }

        await SendAsync(HttpMethod.Delete, $"/v1/connections/{_connections[0]}");
    }

    public async Task UseKeysAsync()
    {
        var made = await SendAsync(HttpMethod.Post, "/v1/api-keys", new { name = "test", scopes = (string[])["tokens:read"] }, expected: 201);
        Know(SecretUse.ApiKey, made, "key", '_');
        var id = made.GetProperty("id").GetString()!;
        Know(SecretUse.ApiKey, await SendAsync(HttpMethod.Post, $"/v1/api-keys/{id}/rotate", new { overlap_seconds = 60 }, expected: 201), "key", '_');
        foreach (var path in (string[])["/v1/summary", "/v1/token?integration=discreet&subject=x"])
        {
            foreach (var scheme in (string[])["Bearer", "Basic", "Token"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                var key = $"rk_production_0123456789ab_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))}";
                hunt.Know(SecretUse.ApiKey, "that is not known", key);
                request.Headers.Authorization = new AuthenticationHeaderValue(scheme, key);
                await stranger.SendAsync(request);
                await api.GetAsync(new Uri($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}api_key={key}&{key}=1", UriKind.Relative));
            }
        }

        await MistakeAsync(HttpMethod.Post, "/v1/api-keys", name => hunt.Make(SecretUse.ApiKey, name).Value, "scopes", "integrations", "expires_at", "key");
    }

    public async Task AskForNothingAsync()
    {
        foreach (var path in (string[])[
            "/v1/nothing", "/v1/tokens", "/", "/v1/connections", "/v1/token", "/v1/attempts", "/v1/attempts/stream", "/v1/summary", "/healthz", "/readyz", "/openapi.json",
            "/v1/providers", "/v1/leases", "/connect", "/v1/connect-sessions/x", "/v1/heartbeat"])
        {
            var (a, b) = (Uri.EscapeDataString(AccessToken("query")), Uri.EscapeDataString(RefreshToken("query")));
            await api.GetAsync(new Uri($"{path}?access_token={a}&{b}=1&limit={a}&cursor={b}&connection={a}&since={b}&status={a}&id={b}", UriKind.Relative));
            await api.GetAsync(new Uri($"{path.TrimEnd('/')}/{a}?{b}", UriKind.Relative));
            await api.PutAsync(new Uri($"{path}?{a}={b}", UriKind.Relative), null);
        }
    }

    public async Task ReadEverythingAsync()
    {
        string[] paths =
        [
            "/healthz", "/readyz", "/openapi.json", "/v1/providers", "/v1/providers/discreet", "/v1/integrations", "/v1/integrations/signed", "/v1/connections?limit=500",
            "/v1/attempts?limit=500", "/v1/summary", "/v1/capacity", "/v1/workers", "/v1/leases", "/v1/dependents", "/v1/notifications?limit=500", "/v1/audit?limit=500",
            "/v1/api-keys", "/v1/heartbeat?verbose=true",
        ];
        foreach (var path in paths)
        {
            await api.GetAsync(new Uri(path, UriKind.Relative));
        }

        foreach (var id in _connections)
        {
            await api.GetAsync(new Uri($"/v1/connections/{id}", UriKind.Relative));
            var attempts = (await SendAsync(HttpMethod.Get, $"/v1/attempts?connection={id}&limit=100")).GetProperty("items").EnumerateArray().Select(a => a.GetProperty("id").GetString()).ToArray();
            foreach (var attempt in attempts)
            {
                await SendAsync(HttpMethod.Get, $"/v1/attempts/{attempt}", expected: 200);
                await SendAsync(HttpMethod.Get, $"/v1/attempts/{attempt}/compare?with={attempts[0]}");
            }
        }
    }

    public void Dispose() => _people.ForEach(p => p.Dispose());

    private static string Json(string text) => JsonSerializer.Serialize(text);

    private string AccessToken(string label) => hunt.Make(SecretUse.AccessToken, label).Value;

    private string RefreshToken(string label) => hunt.Make(SecretUse.RefreshToken, label).Value;

    private string ClientSecret(string label) => hunt.Make(SecretUse.ClientSecret, label).Value;

    private string PrivateKey()
    {
        using var key = RSA.Create(2048);
        var pem = key.ExportPkcs8PrivateKeyPem();
        hunt.Know(SecretUse.PrivateKey, "in PEM", pem);
        return pem;
    }

    private Person Person()
    {
        var person = new Person(new AnswerRecorder(hunt, api.BaseAddress!));
        _people.Add(person);
        return person;
    }

    private async Task<string> ImportAsync(string integration, string subject, int expiresIn)
    {
        var made = await SendAsync(HttpMethod.Post, "/v1/connections", new
        {
            integration,
            subject,
            access_token = hunt.Make(SecretUse.AccessToken, $"imported for {integration}").Ascii,
            refresh_token = RefreshToken($"imported for {integration}"),
            expires_in = expiresIn,
        }, expected: 201);
        return made.GetProperty("id").GetString()!;
    }

    private async Task<Uri> LinkAsync(string integration, string completion)
    {
        var made = await SendAsync(
            HttpMethod.Post, "/v1/connect-sessions", new { integration, subject = $"person-{integration}-{completion}", return_url = ReturnUrl, completion }, expected: 201);
        return new Uri(Know(SecretUse.Link, made, "url", '.'));
    }

    private async Task CompleteAsync(Page page)
    {
        if (page.Location is null || page.Query("completion_code") is not { } code)
        {
            return;
        }

        hunt.Know(SecretUse.CompletionCode, "of a sign-in", code);
        var path = $"/v1/connect-sessions/{page.Query("connect_session_id")}";
        await SendAsync(HttpMethod.Get, path);
        await SendAsync(HttpMethod.Post, $"{path}/complete", new { code = hunt.Make(SecretUse.CompletionCode, "that is wrong").Value });
        await SendAsync(HttpMethod.Post, $"{path}/complete", new { code }, expected: 200);
        await SendAsync(HttpMethod.Post, $"{path}/complete", new { code });
    }

    // The part after the last separator is the secret; before it stands an id that everybody may know.
    private string Know(SecretUse use, JsonElement answer, string field, char separator)
    {
        var value = answer.TryGetProperty(field, out var given) ? given.GetString()! : "";
        if (value.Length > 0)
        {
            hunt.Know(use, field, value[(value.LastIndexOf(separator) + 1)..]);
        }

        return value;
    }

    /// <summary>A secret where it does not belong, one field after the other: as a text, in a list, as a name.</summary>
    private async Task MistakeAsync(HttpMethod method, string path, Func<string, string> make, params string[] fields)
    {
        foreach (var field in fields)
        {
            object[] values = [make(field), (string[])[make(field)], new Dictionary<string, string> { [make(field)] = make(field) }, new Dictionary<string, int> { [make(field)] = 1 }];
            foreach (var value in values)
            {
                await SendAsync(method, path, new Dictionary<string, object>
                {
                    ["key"] = "mistaken",
                    ["provider"] = "discreet",
                    ["integration"] = "discreet",
                    ["subject"] = "mistaken",
                    ["name"] = "mistaken",
                    [field] = value,
                });
            }
        }
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body = null, int? expected = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (method == HttpMethod.Post)
        {
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        }

        using var answer = await api.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (expected is { } status)
        {
            Assert.True((int)answer.StatusCode == status, $"{method} {path}: {(int)answer.StatusCode} {text}");
        }

        return text.Length == 0 ? default : JsonElement.Parse(text);
    }
}
