using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Http;
using Rekindle.Simulator.Personalities;

namespace Rekindle.Simulator.Authorize;

/// <summary>
/// The authorization endpoint: GET asks the user, or answers by itself where <see cref="ConsentPolicy"/> says so; POST
/// is the user's decision. Nothing is remembered between the two: the page carries the request.
/// </summary>
internal sealed class AuthorizeEndpoint(AuthorizationServer server, AuthorizationRequest request)
{
    private readonly Personality _personality = server.Personality;

    public static async Task AskAsync(HttpContext context, AuthorizationServer server)
    {
        var endpoint = new AuthorizeEndpoint(server, AuthorizationRequest.From(name => context.Request.Query[name]));
        await endpoint.ServeAsync(context, endpoint.Ask);
    }

    public static async Task DecideAsync(HttpContext context, AuthorizationServer server)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var endpoint = new AuthorizeEndpoint(server, AuthorizationRequest.From(name => form[name]));
        var account = form["account"] == ConsentPage.OtherAccount ? form["other_account"].ToString().Trim() : form["account"].ToString();
        await endpoint.ServeAsync(context, () => form["decision"] == "allow" && account.Length > 0
            ? endpoint.Allow(account, [.. form["granted"].OfType<string>()])
            : endpoint.Deny());
    }

    private Task ServeAsync(HttpContext context, Func<Answer> decide) => Exchange.ServeAsync(
        context,
        server,
        Exchange.Arrive(context, server, SimulatedEndpoint.Authorize) with { ClientId = request.ClientId },
        seen => (Check() ?? decide(), seen));

    // A client or address that is not known is told to the user; sending them there would make an open redirector.
    private Answer? Check()
    {
        if (request.ClientId is null || server.FindClient(request.ClientId) is not { } client)
        {
            return ConsentPage.Problem("This application is not registered here (client_id).");
        }

        if (!client.MayReceiveAt(request.RedirectUri))
        {
            return ConsentPage.Problem("The address to return to is not registered for this application (redirect_uri).");
        }

        if (request["response_type"] != "code")
        {
            return Fail("unsupported_response_type");
        }

        var hasChallenge = request.Challenge is not null;
        if (hasChallenge ? request["code_challenge_method"] != "S256" : _personality.RequiresPkce)
        {
            return Fail("invalid_request", "PKCE with S256 is required.");
        }

        return null;
    }

    private Answer Ask()
    {
        var consent = server.Consent;
        return consent.Mode switch
        {
            ConsentMode.Allow => Allow(request.LoginHint ?? consent.Account, consent.Scopes ?? request.Scopes),
            ConsentMode.Deny => Deny(),
            _ => ConsentPage.Ask(server, request),
        };
    }

    private Answer Allow(string account, IReadOnlyList<string> granted)
    {
        var code = server.Codes.Add(new PendingCode
        {
            ClientId = request.ClientId!,
            RedirectUri = request.RedirectUri,
            Subject = account,
            Scopes = [.. request.Scopes.Intersect(granted)],
            WithRefreshToken = BringsRefreshToken(account),
            ExpiresAt = server.Context.Time.GetUtcNow() + _personality.CodeLifetime,
            Challenge = request.Challenge,
            Nonce = request["nonce"],
        });
        return Return(("code", code));
    }

    private bool BringsRefreshToken(string account) => _personality.RefreshKind == RefreshKind.RefreshToken
        && _personality.RefreshTokenIssued switch
        {
            RefreshTokenCondition.Always => true,
            RefreshTokenCondition.OfflineScope => request.Scopes.Contains("offline_access"),
            RefreshTokenCondition.OfflineParameter => request["access_type"] == "offline"
                && (request["prompt"] == "consent" || !server.Book.OfUser(account, request.ClientId!).Any(grant => grant.IsLive)),
            _ => false,
        };

    private Answer Deny() => Fail(server.Consent.Error, server.Consent.ErrorDescription);

    private Answer Fail(string error, string? description = null) => Return(("error", error), ("error_description", description));

    private Answer Return(params IEnumerable<(string Name, string? Value)> values)
    {
        var shape = _personality.Callback;
        var all = values.Append(("state", request.State)).Append(("iss", shape.NamesIssuer ? shape.Issuer ?? server.Issuer.ToString() : null))
            .Concat((shape.Extra ?? new Dictionary<string, string>()).Select(extra => (extra.Key, (string?)extra.Value)))
            .Where(value => value.Item2 is not null)
            .ToDictionary(value => value.Item1, value => value.Item2);
        if (shape.HasHmac)
        {
            Sign(all);
        }

        return request.ResponseMode == "form_post" ? ConsentPage.FormPost(request.RedirectUri, all) : Answer.Redirect(request.Answer(all));
    }

    private void Sign(Dictionary<string, string?> values)
    {
        values["timestamp"] = server.Context.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var text = string.Join('&', values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => $"{value.Key}={value.Value}"));
        var secret = server.FindClient(request.ClientId!)!.Secrets[0];
        values["hmac"] = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));
    }
}
