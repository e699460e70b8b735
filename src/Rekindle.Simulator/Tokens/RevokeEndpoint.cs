using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Tokens;

/// <summary>RFC 7009. An unknown token is answered 200 as the RFC asks.</summary>
internal static class RevokeEndpoint
{
    public static async Task HandleAsync(HttpContext context, AuthorizationServer server)
    {
        var request = await TokenRequest.ReadAsync(context);
        var (grant, token) = request["token"] is { } value ? server.Identify(value) : default;
        var arrived = Exchange.Arrive(context, server, SimulatedEndpoint.Revoke) with
        {
            ClientId = ClientAuthenticator.NameOf(request),
            Fingerprint = request["token"] is { } presented ? Fingerprint.Of(presented) : null,
            GrantId = grant?.Id,
            Subject = grant?.Subject,
            Generation = grant is null ? null : token.Serial,
            Token = grant?.Judge(token, server.Personality, server.Context.Time.GetUtcNow())
                ?? (request["token"] is null ? PresentedToken.None : PresentedToken.Unknown),
        };
        await Exchange.ServeAsync(context, server, arrived, seen => Revoke(server, request, grant, token, seen));
    }

    private static (Answer Answer, Presentation Seen) Revoke(
        AuthorizationServer server, TokenRequest request, Grant? grant, TokenIdentity token, Presentation seen)
    {
        if (request.IsMalformed || request["token"] is null)
        {
            return Refuse(server, seen, TokenError.InvalidRequest);
        }

        if (ClientAuthenticator.Authenticate(server, request) is not { } client)
        {
            return Refuse(server, seen, TokenError.InvalidClient);
        }

        if (grant is not null && grant.ClientId == client.Id)
        {
            Revoke(server, grant, token);
        }

        return (Answer.Empty(200), seen);
    }

    private static void Revoke(AuthorizationServer server, Grant grant, TokenIdentity token)
    {
        switch (server.Personality.RevocationReach)
        {
            case RevocationReach.Token when token.Kind == TokenKind.Access:
                grant.KillAccessToken(token.Serial);
                break;
            case RevocationReach.UserAndClient:
                foreach (var one in server.Book.OfUser(grant.Subject, grant.ClientId))
                {
                    one.End(GrantEnd.RevokedByClient);
                }

                break;
            default:
                grant.End(GrantEnd.RevokedByClient);
                break;
        }
    }

    private static (Answer Answer, Presentation Seen) Refuse(AuthorizationServer server, Presentation seen, TokenError error) =>
        (Answer.From(server.Personality.Errors.For(error)), seen with { Error = error });
}
