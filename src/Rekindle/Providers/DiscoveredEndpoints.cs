using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>What a provider's discovery document says (OpenID Connect Discovery 1.0, RFC 8414). Of it, only what is used.</summary>
internal sealed record DiscoveredEndpoints
{
    public required string Issuer { get; init; }

    public required string Authorize { get; init; }

    public required string Token { get; init; }

    public string? Revoke { get; init; }

    /// <summary>Ways in which a client may prove itself; empty: not said, which means by Basic.</summary>
    public IReadOnlyList<string> TokenAuthentication { get; init; } = [];

    /// <summary>Whether the strong form of PKCE is left out of those it lists. A server that lists none mostly knows it nevertheless.</summary>
    public bool ProofKeysAreWeak { get; init; }

    /// <summary>Whether every callback carries <c>iss</c> (RFC 9207).</summary>
    public bool CallbackIssuer { get; init; }

    /// <summary>Reads a document; null: it cannot be used, for the reason given.</summary>
    /// <param name="answer">What came.</param>
    /// <param name="issuer">The issuer that was asked for: a document of another one would redirect every code and token.</param>
    /// <param name="allowsInsecure">Whether plain http to loopback is allowed.</param>
    /// <param name="problem">What is wrong.</param>
    public static DiscoveredEndpoints? Read(ProviderAnswer answer, string issuer, bool allowsInsecure, out string problem)
    {
        using var document = AnswerDocument.Parse(answer.Body, answer.Truncated);
        problem = document.Kind != AnswerKind.Json ? "is not JSON"
            : document.FirstText("issuer") is not { } named || named.TrimEnd('/') != issuer.TrimEnd('/') ? "names another issuer than the one it was asked of"
            : "";
        if (problem.Length > 0)
        {
            return null;
        }

        var (authorize, token) = (Address("authorization_endpoint"), Address("token_endpoint"));
        if (authorize is null || token is null)
        {
            problem = "has no usable authorization_endpoint or token_endpoint";
            return null;
        }

        return new DiscoveredEndpoints
        {
            Issuer = document.FirstText("issuer")!,
            Authorize = authorize,
            Token = token,
            Revoke = Address("revocation_endpoint"),
            TokenAuthentication = [.. document.Find("token_endpoint_auth_methods_supported").Select(AnswerValue.Text).OfType<string>()],
            ProofKeysAreWeak = document.Find("code_challenge_methods_supported") is { Count: > 0 } methods
                && !methods.Any(method => AnswerValue.Text(method) == "S256"),
            CallbackIssuer = document.Find("authorization_response_iss_parameter_supported") is [{ ValueKind: System.Text.Json.JsonValueKind.True }],
        };

        string? Address(string name) =>
            document.FirstText(name) is { Length: <= UrlTemplate.MaxLength } text && UrlTemplate.TryAbsolute(text, allowsInsecure, out _) ? text : null;
    }

    /// <summary>The entry with these endpoints where it names none of its own.</summary>
    public ProviderDefinition Complete(ProviderDefinition provider) => provider with
    {
        Endpoints = provider.Endpoints with
        {
            Authorize = provider.Endpoints.Authorize ?? Authorize,
            Token = provider.Endpoints.Token ?? Token,
            Revoke = provider.Endpoints.Revoke ?? Revoke,
            Issuer = Issuer,
        },
        Requests = provider.Requests with
        {
            CallbackIssuer = provider.Requests.CallbackIssuer || CallbackIssuer,
            Pkce = ProofKeysAreWeak ? PkceUse.Broken : provider.Requests.Pkce,
            ClientAuthentication = Authentication(provider.Requests.ClientAuthentication),
        },
    };

    // Only between the two ways of sending a secret is there something to choose; anything else was written into the entry on purpose.
    private ClientAuthentication Authentication(ClientAuthentication written) => written switch
    {
        ClientAuthentication.Post when !TokenAuthentication.Contains("client_secret_post") => ClientAuthentication.Basic,
        _ => written,
    };
}
