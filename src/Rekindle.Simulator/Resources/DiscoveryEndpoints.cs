using System.Text;
using System.Text.Json.Nodes;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Resources;

/// <summary>OpenID discovery document and signing keys of a server.</summary>
internal static class DiscoveryEndpoints
{
    public static Task DocumentAsync(HttpContext context, AuthorizationServer server) => ServeAsync(context, server, () => new JsonObject
    {
        ["issuer"] = server.Issuer.ToString(),
        ["authorization_endpoint"] = server.AuthorizeEndpoint.ToString(),
        ["token_endpoint"] = server.TokenEndpoint.ToString(),
        ["revocation_endpoint"] = server.RevokeEndpoint.ToString(),
        ["userinfo_endpoint"] = server.UserInfoEndpoint.ToString(),
        ["jwks_uri"] = $"{server.Issuer}/jwks",
        ["response_types_supported"] = Array("code"),
        ["response_modes_supported"] = Array("query", "form_post"),
        ["grant_types_supported"] = Array("authorization_code", "refresh_token"),
        ["subject_types_supported"] = Array("public"),
        ["id_token_signing_alg_values_supported"] = Array("RS256"),
        ["scopes_supported"] = Array("openid", "offline_access", "read", "write"),
        ["token_endpoint_auth_methods_supported"] = Array([.. AuthenticationMethods(server.Personality.ClientAuthentication)]),
        ["code_challenge_methods_supported"] = Array("S256"),
        ["authorization_response_iss_parameter_supported"] = true,
    });

    public static Task KeysAsync(HttpContext context, AuthorizationServer server) =>
        ServeAsync(context, server, server.Context.IdTokens.KeySet);

    private static Task ServeAsync(HttpContext context, AuthorizationServer server, Func<JsonObject> document) => Exchange.ServeAsync(
        context,
        server,
        Exchange.Arrive(context, server, SimulatedEndpoint.Discovery),
        seen => (Answer.Json(200, Encoding.UTF8.GetBytes(document().ToJsonString())), seen));

    private static IEnumerable<string> AuthenticationMethods(ClientAuthentications allowed)
    {
        if (allowed == ClientAuthentications.None)
        {
            yield return "none";
        }

        if (allowed.HasFlag(ClientAuthentications.Post))
        {
            yield return "client_secret_post";
        }

        if ((allowed & (ClientAuthentications.Basic | ClientAuthentications.BasicUnencoded)) != 0)
        {
            yield return "client_secret_basic";
        }
    }

    private static JsonArray Array(params string[] values) => new([.. values.Select(value => (JsonNode)value)]);
}
