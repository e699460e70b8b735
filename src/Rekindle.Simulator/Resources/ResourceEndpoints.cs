using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Tokens;

namespace Rekindle.Simulator.Resources;

/// <summary>What an access token opens: userinfo and a small API. Both ask the grant itself whether the token works now.</summary>
internal static class ResourceEndpoints
{
    public static Task UserInfoAsync(HttpContext context, AuthorizationServer server) =>
        ServeAsync(context, server, SimulatedEndpoint.UserInfo, grant => Person.Of(server, grant).ToJson());

    public static Task ApiAsync(HttpContext context, AuthorizationServer server) =>
        ServeAsync(context, server, SimulatedEndpoint.Api, grant => new JsonObject
        {
            ["id"] = grant.Subject,
            ["server"] = server.Name,
            ["grant_id"] = grant.Id,
            ["client_id"] = grant.ClientId,
            ["scopes"] = new JsonArray([.. grant.Scopes.Select(scope => (JsonNode)scope)]),
        });

    private static Task ServeAsync(
        HttpContext context, AuthorizationServer server, SimulatedEndpoint endpoint, Func<Grant, JsonObject> describe)
    {
        var token = ReadBearer(context.Request.Headers.Authorization);
        var arrived = Recognise(server, token, Exchange.Arrive(context, server, endpoint));
        return Exchange.ServeAsync(context, server, arrived, seen =>
        {
            if (token is null || server.FindAccepted(token) is not { } grant)
            {
                return (Unauthorized(token), token is null ? seen : seen with { Token = DeadOrUnknown(seen) });
            }

            return (Answer.Json(200, Encoding.UTF8.GetBytes(describe(grant).ToJsonString())), seen with { Token = PresentedToken.Current });
        });
    }

    private static Presentation Recognise(AuthorizationServer server, string? token, Presentation arrived)
    {
        if (token is null)
        {
            return arrived;
        }

        arrived = arrived with { Fingerprint = Fingerprint.Of(token), Token = PresentedToken.Unknown };
        return server.Identify(token) is ({ } grant, { Kind: TokenKind.Access } identity)
            ? arrived with
            {
                GrantId = grant.Id,
                Subject = grant.Subject,
                ClientId = grant.ClientId,
                Generation = identity.Serial,
                Token = PresentedToken.Dead,
            }
            : arrived;
    }

    private static PresentedToken DeadOrUnknown(Presentation seen) =>
        seen.GrantId is null ? PresentedToken.Unknown : PresentedToken.Dead;

    private static Answer Unauthorized(string? token) =>
        Answer.Json(401, """{"error":"invalid_token","error_description":"The access token is not valid here and now."}"""u8.ToArray())
            .With("WWW-Authenticate", token is null ? "Bearer" : "Bearer error=\"invalid_token\"");

    private static string? ReadBearer(string? header) =>
        AuthenticationHeaderValue.TryParse(header, out var value) && "Bearer".Equals(value.Scheme, StringComparison.OrdinalIgnoreCase)
            ? value.Parameter
            : null;
}
