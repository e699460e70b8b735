using Rekindle.Refresh;

namespace Rekindle.Providers;

/// <summary>
/// The only builder of requests to a provider: scheduled, on-demand and debug refreshes, code exchanges, revocations and
/// identity probes go through here (D3). Nothing in it knows a provider by name; it is all in <see cref="RequestRules"/>.
/// </summary>
public static class TokenRequestBuilder
{
    /// <summary>A refresh: by refresh token, or by the access token itself where the provider exchanges that.</summary>
    public static TokenRequestOutcome Refresh(ProviderDefinition provider, ClientCredentials client, GrantMaterial grant, DateTimeOffset now)
    {
        var rules = provider.Requests;
        var draft = new RequestDraft(provider, TokenRequestKind.Refresh, rules.RefreshMethod, rules.RefreshFormat ?? rules.Format);
        draft.Remember(grant.AccessToken, grant.RefreshToken, client.ClientSecret);
        draft.SendTo("refresh endpoint", Values(provider, client, grant.Variables), provider.Endpoints.Refresh, provider.Endpoints.Token);
        if (rules.RefreshKind == RefreshKind.None)
        {
            draft.Refuse(RefreshClass.NoRefreshToken, $"Access tokens of '{provider.Key}' cannot be refreshed.");
        }

        if (rules.RefreshGrantType.Length > 0)
        {
            draft.Add("grant_type", rules.RefreshGrantType);
        }

        var token = rules.RefreshKind == RefreshKind.AccessToken ? grant.AccessToken : grant.RefreshToken;
        draft.AddToken(rules.RefreshTokenParameter, token, grant.DecryptFailed, "The connection has no refresh token.");
        if (rules.ScopeOnRefresh == ScopeOnRefresh.SendGranted && grant.Scopes.Count > 0)
        {
            draft.Add("scope", string.Join(rules.ScopeSeparator, grant.Scopes));
        }

        if (rules.RefreshAuthenticatesClient)
        {
            ClientAuthenticator.Apply(draft, provider, client, rules.ClientAuthentication, now);
        }

        draft.AddExtra(rules.RefreshParameters);
        return draft.Finish();
    }

    /// <summary>The exchange of an authorization code.</summary>
    public static TokenRequestOutcome ExchangeCode(ProviderDefinition provider, ClientCredentials client, CodeGrant grant, DateTimeOffset now)
    {
        var rules = provider.Requests;
        var draft = new RequestDraft(provider, TokenRequestKind.CodeExchange, "POST", rules.Format);
        draft.Remember(client.ClientSecret);
        draft.SendTo("token endpoint", Values(provider, client, grant.Variables), provider.Endpoints.Token);
        draft.Add("grant_type", "authorization_code");
        draft.Add("code", grant.Code);
        draft.Add("redirect_uri", RedirectUri(rules, grant.RedirectUri, grant.Variables));
        if (grant.CodeVerifier is { } verifier && rules.Pkce != PkceUse.Broken)
        {
            draft.Add("code_verifier", verifier);
        }

        ClientAuthenticator.Apply(draft, provider, client, rules.ClientAuthentication, now);
        draft.AddExtra(rules.TokenParameters);
        return draft.Finish();
    }

    /// <summary>
    /// The exchange of a first, short-lived access token for a lasting one, right after the code exchange, where
    /// <see cref="ProviderEndpoints.Upgrade"/> says that the provider works so.
    /// </summary>
    public static TokenRequestOutcome Upgrade(ProviderDefinition provider, ClientCredentials client, GrantMaterial grant, DateTimeOffset now)
    {
        var rules = provider.Requests;
        var draft = new RequestDraft(provider, TokenRequestKind.CodeExchange, rules.RefreshMethod, rules.RefreshFormat ?? rules.Format);
        draft.SendTo("upgrade endpoint", Values(provider, client, grant.Variables), provider.Endpoints.Upgrade);
        draft.Add("grant_type", rules.UpgradeGrantType ?? "");
        draft.AddToken(rules.RefreshTokenParameter, grant.AccessToken, grant.DecryptFailed, "The code exchange brought no access token.");
        ClientAuthenticator.Apply(draft, provider, client, rules.ClientAuthentication, now);
        return draft.Finish();
    }

    /// <summary>The revocation of a grant's token at the provider.</summary>
    public static TokenRequestOutcome Revoke(ProviderDefinition provider, ClientCredentials client, GrantMaterial grant, DateTimeOffset now)
    {
        const string Missing = "The connection has no token to revoke.";
        var rules = provider.Requests;
        var draft = new RequestDraft(provider, TokenRequestKind.Revoke, rules.RevokeMethod, rules.RevokeFormat ?? rules.Format);
        draft.Remember(grant.AccessToken, grant.RefreshToken, client.ClientSecret);
        draft.SendTo("revocation endpoint", Values(provider, client, grant.Variables), provider.Endpoints.Revoke);
        var token = rules.RevokeToken == "access_token" ? grant.AccessToken : grant.RefreshToken ?? grant.AccessToken;
        if (rules.RevokeBearer)
        {
            draft.AddTokenHeader("Bearer", token, grant.DecryptFailed, Missing);
            return draft.Finish();
        }

        draft.AddToken(rules.RevokeTokenParameter, token, grant.DecryptFailed, Missing);
        ClientAuthenticator.Apply(draft, provider, client, rules.RevokeAuthentication ?? rules.ClientAuthentication, now);
        return draft.Finish();
    }

    /// <summary>The question whose account a grant is, asked with its access token.</summary>
    public static TokenRequestOutcome Identity(ProviderDefinition provider, GrantMaterial grant)
    {
        const string InPath = "{access_token}";
        const string Missing = "The connection has no access token to ask with.";
        var draft = new RequestDraft(provider, TokenRequestKind.Identity, "GET", ParameterFormat.Query);
        var (template, inPath) = provider.Identity.Url is { } url && url.EndsWith(InPath, StringComparison.Ordinal)
            ? (url[..^InPath.Length], true)
            : (provider.Identity.Url, false);
        draft.Remember(grant.AccessToken, grant.RefreshToken);
        draft.SendTo("identity endpoint", grant.Variables, template);
        if (inPath)
        {
            draft.AppendToken(grant.AccessToken, grant.DecryptFailed, Missing);
        }
        else
        {
            draft.AddTokenHeader(provider.Identity.Scheme, grant.AccessToken, grant.DecryptFailed, Missing);
        }

        return draft.Finish();
    }

    /// <summary>The question for the provider's discovery document.</summary>
    public static TokenRequestOutcome Discover(ProviderDefinition provider, IReadOnlyDictionary<string, string> variables)
    {
        var draft = new RequestDraft(provider, TokenRequestKind.Discovery, "GET", ParameterFormat.Query);
        draft.SendTo("discovery document", variables, provider.Endpoints.Discovery);
        return draft.Finish();
    }

    /// <summary>The address that sends a person's browser to the provider.</summary>
    public static AuthorizeOutcome Authorize(ProviderDefinition provider, ClientCredentials client, AuthorizeRequest request)
    {
        var rules = provider.Requests;
        var draft = new RequestDraft(provider, TokenRequestKind.CodeExchange, "GET", ParameterFormat.Query);
        draft.SendTo("authorization endpoint", request.Variables, provider.Endpoints.Authorize);
        if (client.ClientId.Length == 0)
        {
            draft.Refuse(RefreshClass.ClientCredentialsMissing, "The integration has no client id, and configuration names none.");
        }

        draft.Add("response_type", "code");
        draft.Add("client_id", client.ClientId);
        draft.Add("redirect_uri", RedirectUri(rules, request.RedirectUri, request.Variables));
        var scopes = request.Scopes.Count > 0 ? request.Scopes : provider.DefaultScopes;
        AddUnlessEmpty(rules.ScopeParameter, string.Join(rules.ScopeSeparator, scopes));
        draft.Add("state", request.State);
        if (request.CodeChallenge is { } challenge && rules.Pkce != PkceUse.Broken)
        {
            draft.Add("code_challenge", challenge);
            draft.Add("code_challenge_method", "S256");
        }

        AddUnlessEmpty("nonce", request.Nonce);
        AddUnlessEmpty("login_hint", request.LoginHint);
        AddUnlessEmpty("response_mode", rules.ResponseMode);
        draft.AddExtra(rules.AuthorizeParameters);
        draft.AddExtra(request.ExtraParameters);

        return draft.Finish() switch
        {
            TokenRequestOutcome.Ready(var ready) => new AuthorizeOutcome.Ready(ready.Uri),
            TokenRequestOutcome.Refused refused => new AuthorizeOutcome.Refused(refused.Class, refused.Problem),
            var other => throw new InvalidOperationException($"Unknown outcome {other.GetType().Name}."),
        };

        void AddUnlessEmpty(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                draft.Add(name, value);
            }
        }
    }

    /// <summary>Values for the address, the client id among them where the provider puts it there (GitHub's revocation).</summary>
    private static IReadOnlyDictionary<string, string> Values(
        ProviderDefinition provider, ClientCredentials client, IReadOnlyDictionary<string, string> values)
    {
        foreach (var variable in provider.Variables)
        {
            if (variable.Source == VariableSource.Client)
            {
                values = new Dictionary<string, string>(values) { [variable.Name] = client.ClientId };
            }
        }

        return values;
    }

    /// <summary>eBay knows a redirect by a name that the operator registered there, not by its address.</summary>
    private static string RedirectUri(RequestRules rules, string address, IReadOnlyDictionary<string, string> variables) =>
        rules.RedirectUriVariable is { } name && variables.TryGetValue(name, out var registered) ? registered : address;
}
