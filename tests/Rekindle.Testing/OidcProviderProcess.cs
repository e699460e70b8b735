using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Rekindle.Testing;

/// <summary>
/// The npm package oidc-provider in a process of its own: an authorization server whose authors do not know ours. It
/// rotates refresh tokens, revokes the grant when one comes back twice, insists on PKCE, and signs in by itself.
/// </summary>
/// <remarks>
/// Clients: <c>basic</c> and <c>post</c> (by how they authenticate; the secret is the id and <c>-secret</c>) and
/// <c>public</c>. Scopes: openid, offline_access, email, api:read, api:write. The account is the <c>login_hint</c> of the
/// authorization request, else <c>alice</c>.
/// </remarks>
public sealed class OidcProviderProcess : IAsyncDisposable
{
    private readonly Process _process;

    private OidcProviderProcess(Process process, Uri issuer)
    {
        _process = process;
        Issuer = issuer;
    }

    public Uri Issuer { get; }

    public Uri AuthorizationEndpoint => new(Issuer, "/auth");

    public Uri TokenEndpoint => new(Issuer, "/token");

    public Uri RevocationEndpoint => new(Issuer, "/token/revocation");

    /// <summary>Answers 200 with <c>sub</c> to a bearer of an access token that is valid there and now, else 401.</summary>
    public Uri ResourceEndpoint => new(Issuer, "/resource");

    /// <summary>Starts one; it ends with this process at the latest.</summary>
    public static async Task<OidcProviderProcess> StartAsync(OidcProviderSettings settings, CancellationToken cancellationToken = default)
    {
        var folder = Repository.PathTo("tests", "node");
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")))
        {
            throw new InvalidOperationException("The npm package oidc-provider is missing: run npm ci in tests/node. ./test does so by itself.");
        }

        string[] arguments = ["oidc-provider.mjs", JsonSerializer.Serialize(settings, JsonSerializerOptions.Web)];
        var start = new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
        if (line is null)
        {
            throw new InvalidOperationException($"oidc-provider did not start: {await errors}");
        }

        var issuer = JsonDocument.Parse(line).RootElement.GetProperty("issuer").GetString()!;
        return new OidcProviderProcess(process, new Uri(issuer));
    }

    /// <summary>
    /// Does what a browser would: follows the authorization request through sign-in and consent, with cookies, until it
    /// is sent back to the client. Returns that address, code and state included.
    /// </summary>
    public async Task<Uri> SignInAsync(Uri authorizationRequest, CancellationToken cancellationToken = default)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() });
        var next = authorizationRequest;
        for (var redirects = 0; redirects < 20; redirects++)
        {
            using var response = await browser.GetAsync(next, cancellationToken);
            if (response.Headers.Location is not { } location)
            {
                throw new InvalidOperationException(
                    $"{next.AbsolutePath} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
            }

            next = new Uri(next, location);
            if (next.Authority != Issuer.Authority)
            {
                return next;
            }
        }

        throw new InvalidOperationException("The authorization server redirects without end.");
    }

    /// <summary>What happened there so far, in order.</summary>
    public async Task<IReadOnlyList<OidcProviderEvent>> GetEventsAsync(CancellationToken cancellationToken = default)
    {
        using var client = new HttpClient { BaseAddress = Issuer };
        return await client.GetFromJsonAsync<List<OidcProviderEvent>>("/events", cancellationToken) ?? [];
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
