using System.Net;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Tokens;

/// <summary>Who the client says it is, and whether it proves it in a way this server takes.</summary>
internal static class ClientAuthenticator
{
    /// <summary>The id the request names, proven or not.</summary>
    public static string? NameOf(TokenRequest request) =>
        request.Basic is { } basic ? WebUtility.UrlDecode(basic.Split(':', 2)[0]) : request["client_id"];

    public static RegisteredClient? Authenticate(AuthorizationServer server, TokenRequest request)
    {
        var allowed = server.Personality.ClientAuthentication;
        if (request.Basic is { } basic)
        {
            return AuthenticateBasic(server, allowed, basic);
        }

        var client = request["client_id"] is { } id ? server.FindClient(id) : null;
        if (client is null || client.Secrets.Count == 0 || allowed == ClientAuthentications.None)
        {
            return client;
        }

        return allowed.HasFlag(ClientAuthentications.Post) && request["client_secret"] is { } secret && client.Secrets.Contains(secret)
            ? client
            : null;
    }

    // The two ways differ only for an id or secret with characters that form-encoding changes; a client that takes the
    // wrong one is refused for those, as it would be outside.
    private static RegisteredClient? AuthenticateBasic(AuthorizationServer server, ClientAuthentications allowed, string basic)
    {
        var parts = basic.Split(':', 2);
        if (parts.Length != 2)
        {
            return null;
        }

        return (allowed.HasFlag(ClientAuthentications.Basic) ? Match(WebUtility.UrlDecode(parts[0]), WebUtility.UrlDecode(parts[1])) : null)
            ?? (allowed.HasFlag(ClientAuthentications.BasicUnencoded) ? Match(parts[0], parts[1]) : null);

        RegisteredClient? Match(string id, string secret) =>
            server.FindClient(id) is { } client && client.Secrets.Contains(secret) ? client : null;
    }
}
