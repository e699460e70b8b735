using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Rekindle.Client;

/// <summary>
/// Rekindle's HTTP API, typed. Reads tokens with the same words as the engine in process:
/// <c>await client.GetAsync("google", userId, minValid: …)</c>.
/// </summary>
/// <remarks>Safe to use from many threads; keep one. It never repeats a request by itself: a refused answer says whether and when to ask again.</remarks>
public sealed class RekindleClient
{
    private readonly HttpClient _http;

    /// <summary>Over an HTTP client that the caller owns, whose address and API key are set here.</summary>
    /// <param name="http">HTTP client for this server alone.</param>
    /// <param name="server">Address of the server, with the path under which its API lies, if any.</param>
    /// <param name="apiKey">API key, <c>rk_…</c>.</param>
    public RekindleClient(HttpClient http, Uri server, string apiKey)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(server);
        ArgumentException.ThrowIfNullOrEmpty(apiKey);

        // Without a slash at its end the last part of a path would be replaced, and the key sent to another address.
        http.BaseAddress = server.AbsolutePath.EndsWith('/') ? server : new UriBuilder(server) { Path = server.AbsolutePath + "/" }.Uri;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        _http = http;
    }

    /// <summary>A valid access token of a user.</summary>
    /// <param name="integration">Key of the integration.</param>
    /// <param name="subject">The operator's own user id.</param>
    /// <param name="tenant">Customer or organisation; null: none.</param>
    /// <param name="purpose">Purpose; null: <c>default</c>.</param>
    /// <param name="account">Which of several accounts; null: the only one.</param>
    /// <param name="minValid">Remaining validity; null: 120 s, which gives way when a refresh fails for now. At most half the token's life is asked.</param>
    /// <param name="maxWait">How long to wait for a refresh; null: 10 s. At most 30 s.</param>
    /// <param name="cancellationToken">Ends the wait, never a refresh under way.</param>
    /// <exception cref="RekindleApiException">No token can be handed out; its problem says why and who can mend it.</exception>
    public Task<Token> GetAsync(
        string integration, string subject, string? tenant = null, string? purpose = null, string? account = null,
        TimeSpan? minValid = null, TimeSpan? maxWait = null, CancellationToken cancellationToken = default) => SendAsync(
            HttpMethod.Get,
            "v1/token" + QueryOf(
                ("integration", integration), ("subject", subject), ("tenant", tenant), ("purpose", purpose), ("account", account),
                ("min_valid_seconds", Seconds(minValid)), ("max_wait_seconds", Seconds(maxWait))),
            ClientJson.Default.Token, cancellationToken);

    /// <summary>A valid access token of a connection.</summary>
    /// <inheritdoc cref="GetAsync(string, string, string?, string?, string?, TimeSpan?, TimeSpan?, CancellationToken)"/>
    public Task<Token> GetByIdAsync(string connection, TimeSpan? minValid = null, TimeSpan? maxWait = null, CancellationToken cancellationToken = default) =>
        SendAsync(
            HttpMethod.Get, $"v1/connections/{Escape(connection)}/token" + QueryOf(("min_valid_seconds", Seconds(minValid)), ("max_wait_seconds", Seconds(maxWait))),
            ClientJson.Default.Token, cancellationToken);

    /// <summary>Reports that an API refused a token and gets the one to use instead.</summary>
    /// <exception cref="RekindleApiException">There is none for now.</exception>
    public Task<Token> ReportRejectedAsync(Token token, int? status = null, string? wwwAuthenticate = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(token);
        var rejection = new TokenRejection { Version = token.Version, Status = status, WwwAuthenticate = wwwAuthenticate };
        return SendAsync(
            HttpMethod.Post, $"v1/connections/{Escape(token.ConnectionId)}/token/rejected", ClientJson.Default.Token, cancellationToken,
            JsonContent.Create(rejection, ClientJson.Default.TokenRejection));
    }

    /// <summary>Imports a grant that was obtained elsewhere.</summary>
    /// <exception cref="RekindleApiException">It exists and was left alone (<c>connection_exists</c>), or the grant has mistakes.</exception>
    public Task<Connection> ImportAsync(ImportConnection grant, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, "v1/connections", ClientJson.Default.Connection, cancellationToken, JsonContent.Create(grant, ClientJson.Default.ImportConnection));

    /// <summary>One connection.</summary>
    public Task<Connection> GetConnectionAsync(string connection, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Get, $"v1/connections/{Escape(connection)}", ClientJson.Default.Connection, cancellationToken);

    /// <summary>One page of connections.</summary>
    /// <param name="integration">Only this integration's.</param>
    /// <param name="tenant">Only this tenant's.</param>
    /// <param name="subject">Only this user's.</param>
    /// <param name="status">Only those of this status.</param>
    /// <param name="limit">Most items; null: 100. At most 1000.</param>
    /// <param name="cursor">Where the page before ended; null: the first page.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<Page<Connection>> ListConnectionsAsync(
        string? integration = null, string? tenant = null, string? subject = null, string? status = null, int? limit = null, string? cursor = null,
        CancellationToken cancellationToken = default) => SendAsync(
            HttpMethod.Get,
            "v1/connections" + QueryOf(
                ("integration", integration), ("tenant", tenant), ("subject", subject), ("status", status),
                ("limit", limit?.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor)),
            ClientJson.Default.PageConnection, cancellationToken);

    /// <summary>Ends a connection here and at its provider, and deletes it.</summary>
    public async Task DeleteConnectionAsync(string connection, CancellationToken cancellationToken = default)
    {
        using var response = await _http.DeleteAsync(Relative($"v1/connections/{Escape(connection)}"), cancellationToken).ConfigureAwait(false);
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes an integration.</summary>
    public Task<Integration> CreateIntegrationAsync(NewIntegration integration, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post, "v1/integrations", ClientJson.Default.Integration, cancellationToken,
        JsonContent.Create(integration, ClientJson.Default.NewIntegration));

    private async Task<T> SendAsync<T>(
        HttpMethod method, string address, JsonTypeInfo<T> type, CancellationToken cancellationToken, HttpContent? content = null)
        where T : class
    {
        using var request = new HttpRequestMessage(method, Relative(address)) { Content = content };
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        await ThrowIfRefusedAsync(response, cancellationToken).ConfigureAwait(false);
        return await ReadAsync(response, type, cancellationToken).ConfigureAwait(false) ?? throw new RekindleApiException(Unreadable(response.StatusCode));
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        throw new RekindleApiException(
            await ReadAsync(response, ClientJson.Default.Problem, cancellationToken).ConfigureAwait(false) ?? Unreadable(response.StatusCode));
    }

    // A proxy in between answers in its own way: HTML, or a charset that nobody knows. That is none of our answers, and has to be told apart.
    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            return null;
        }
    }

    private static Problem Unreadable(HttpStatusCode status) => new()
    {
        Code = "unreadable_answer",
        Status = (int)status,
        Title = "Unreadable answer",
        Detail = $"HTTP {(int)status} without an answer of the server's: something between this program and the server answered.",
        Retryable = (int)status >= 500,
    };

    private static Uri Relative(string address) => new(address, UriKind.Relative);

    private static string Escape(string part)
    {
        ArgumentException.ThrowIfNullOrEmpty(part);
        return Uri.EscapeDataString(part);
    }

    private static string? Seconds(TimeSpan? time) => time is { } t ? ((long)Math.Ceiling(t.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null;

    private static string QueryOf(params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in values)
        {
            if (value is not null)
            {
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return query.ToString();
    }
}
