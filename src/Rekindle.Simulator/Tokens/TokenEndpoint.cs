using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Rekindle.Simulator.Authorize;
using Rekindle.Simulator.Grants;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Tokens;

/// <summary>Code exchange and refresh, at the token endpoint and at the refresh endpoint of servers that have one.</summary>
internal sealed class TokenEndpoint(AuthorizationServer server, TokenRequest request, bool isRefreshPath)
{
    private const string CodeGrant = "authorization_code";
    private const string RefreshGrant = "refresh_token";
    private const string MetaGrant = "fb_exchange_token";
    private const string InstagramGrant = "ig_refresh_token";

    private readonly Personality _personality = server.Personality;

    public static async Task HandleAsync(HttpContext context, AuthorizationServer server, bool isRefreshPath)
    {
        var request = await TokenRequest.ReadAsync(context);
        var endpoint = new TokenEndpoint(server, request, isRefreshPath);
        await Exchange.ServeAsync(
            context, server, endpoint.Recognise(Exchange.Arrive(context, server, SimulatedEndpoint.Token)), endpoint.Serve);
    }

    private string? PresentedValue => request.GrantType switch
    {
        CodeGrant => request["code"],
        RefreshGrant => request["refresh_token"],
        MetaGrant => request["fb_exchange_token"],
        InstagramGrant => request["access_token"],
        _ => null,
    };

    private Presentation Recognise(Presentation arrived)
    {
        arrived = arrived with { GrantType = request.GrantType, ClientId = ClientAuthenticator.NameOf(request) };
        if (PresentedValue is not { } value)
        {
            return arrived;
        }

        arrived = arrived with { Fingerprint = Fingerprint.Of(value), Token = PresentedToken.Unknown };
        if (request.GrantType == CodeGrant)
        {
            return server.Codes.Peek(value) is { } code ? arrived with { Subject = code.Subject, Token = PresentedToken.Current } : arrived;
        }

        return server.Identify(value) is ({ } grant, var token) && token.Kind == ExpectedKind
            ? arrived with
            {
                GrantId = grant.Id,
                Subject = grant.Subject,
                Generation = token.Serial,
                Token = grant.Judge(token, _personality, arrived.At),
            }
            : arrived;
    }

    private TokenKind ExpectedKind => request.GrantType == RefreshGrant ? TokenKind.Refresh : TokenKind.Access;

    private (Answer Answer, Presentation Seen) Serve(Presentation seen)
    {
        if (request.IsMalformed || (request.Format & ~_personality.RequestFormat) != 0)
        {
            return Refuse(seen, TokenError.InvalidRequest);
        }

        if (!IsServedHere())
        {
            return Refuse(seen, TokenError.UnsupportedGrantType);
        }

        var client = ClientAuthenticator.Authenticate(server, request);
        if (client is null && request.GrantType != InstagramGrant)
        {
            return Refuse(seen, TokenError.InvalidClient);
        }

        return request.GrantType == CodeGrant ? ExchangeCode(seen, client!) : Refresh(seen, client);
    }

    private bool IsServedHere() => request.GrantType switch
    {
        CodeGrant => !isRefreshPath,
        RefreshGrant => _personality.RefreshKind == RefreshKind.RefreshToken && isRefreshPath == _personality.SeparateRefreshEndpoint,
        MetaGrant => _personality.RefreshKind == RefreshKind.AccessToken && !isRefreshPath,
        InstagramGrant => _personality.RefreshKind == RefreshKind.AccessToken && isRefreshPath,
        _ => false,
    };

    private (Answer Answer, Presentation Seen) ExchangeCode(Presentation seen, RegisteredClient client)
    {
        var now = server.Context.Time.GetUtcNow();
        var value = request["code"];
        if (value is null || server.Codes.Peek(value) is not { } code || code.ClientId != client.Id)
        {
            return Refuse(seen, TokenError.InvalidGrant);
        }

        if (!server.Codes.TryTake(value, out var earlier))
        {
            // RFC 6749 §4.1.2: a code that comes twice ends what the first one brought.
            server.Book.Find(earlier)?.End(GrantEnd.ReuseDetected);
            return Refuse(seen with { Token = PresentedToken.Reused }, TokenError.InvalidGrant);
        }

        if (now >= code.ExpiresAt || request["redirect_uri"] != code.RedirectUri || !ProvesPossession(code))
        {
            return Refuse(seen, TokenError.InvalidGrant);
        }

        var grant = server.OpenGrant(code.Subject, client.Id, code.Scopes, now);
        server.Codes.NoteGrant(value, grant.Number);
        var issue = grant.IssueFirst(_personality, code.WithRefreshToken, lifetime: null, now);
        return Succeed(seen with { GrantId = grant.Id }, grant, issue, code.Nonce, now);
    }

    private bool ProvesPossession(PendingCode code)
    {
        if (code.Challenge is null)
        {
            return true;
        }

        return request["code_verifier"] is { } verifier
            && Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))) == code.Challenge;
    }

    private (Answer Answer, Presentation Seen) Refresh(Presentation seen, RegisteredClient? client)
    {
        var now = server.Context.Time.GetUtcNow();
        if (PresentedValue is not { } value)
        {
            return Refuse(seen, TokenError.InvalidRequest);
        }

        if (server.Identify(value) is not ({ } grant, var token) || token.Kind != ExpectedKind
            || (client is not null && grant.ClientId != client.Id))
        {
            return Refuse(seen, TokenError.InvalidGrant);
        }

        if (request["scope"] is { } scope && scope.Split(' ', ',').Except(grant.Scopes).Any())
        {
            return Refuse(seen, TokenError.InvalidScope);
        }

        var result = token.Kind == TokenKind.Refresh
            ? grant.RefreshBy(token.Serial, _personality, now)
            : grant.ExtendBy(token.Serial, _personality, now);
        seen = seen with { Token = result.Token };
        return result.Issue is { } issue ? Succeed(seen, grant, issue, nonce: null, now) : Refuse(seen, result.Error!.Value);
    }

    private (Answer Answer, Presentation Seen) Succeed(Presentation seen, Grant grant, Issue issue, string? nonce, DateTimeOffset now)
    {
        var answer = server.Materialize(grant, issue, now);
        if (issue.Scopes.Contains("openid") && _personality.IdToken.Issued)
        {
            answer = answer with { IdToken = server.Context.IdTokens.Sign(server, grant, nonce, now) };
        }

        return (
            AnswerWriter.Write(_personality.Answer, answer, request.AcceptsJson),
            seen with { Issued = true, IssuedGeneration = issue.IsNewRefreshToken ? issue.RefreshToken : null });
    }

    private (Answer Answer, Presentation Seen) Refuse(Presentation seen, TokenError error)
    {
        var answer = Answer.From(_personality.Errors.For(error));
        return (
            answer.Status == 401 && request.Basic is not null ? answer.With("WWW-Authenticate", $"Basic realm=\"{server.Name}\"") : answer,
            seen with { Error = error });
    }
}
