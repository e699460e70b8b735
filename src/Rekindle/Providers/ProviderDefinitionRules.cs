using System.Text.RegularExpressions;

namespace Rekindle.Providers;

/// <summary>What must hold across the fields of an entry. Gives (field, problem) for everything that does not.</summary>
internal static partial class ProviderDefinitionRules
{
    /// <summary>Whose values only a request can know. Others of Rekindle's own parameters an entry may replace or, with "", remove.</summary>
    private static readonly string[] ReservedParameters =
        ["client_secret", "client_assertion", "refresh_token", "access_token", "code", "code_verifier", "code_challenge", "state", "nonce"];

    public static IEnumerable<(string Field, string Problem)> Check(ProviderDefinition provider) =>
        [
            .. Entry(provider), .. Endpoints(provider), .. ProviderVariableRules.Check(provider, Templates(provider).Select(pair => pair.Template)),
            .. Requests(provider), .. Parameters(provider.Requests), .. Response(provider),
            .. Lifecycle(provider.Lifecycle), .. Identity(provider), .. Links(provider.Links),
        ];

    private static IEnumerable<(string, string)> Entry(ProviderDefinition provider)
    {
        if (!KeyPattern.IsMatch(provider.Key))
        {
            yield return ("key", "must be lower case letters and digits with single dashes between, at most 64 characters, such as `my-provider`.");
        }

        if (string.IsNullOrWhiteSpace(provider.DisplayName) || provider.DisplayName.Length > 100)
        {
            yield return ("display_name", "must be a name of at most 100 characters.");
        }
    }

    private static IEnumerable<(string, string)> Endpoints(ProviderDefinition provider)
    {
        foreach (var (field, template) in Templates(provider))
        {
            foreach (var problem in UrlTemplateRules.Check(template, provider))
            {
                yield return (field, problem);
            }
        }

        var endpoints = provider.Endpoints;
        foreach (var (field, value) in new[] { ("endpoints.authorize", endpoints.Authorize), ("endpoints.token", endpoints.Token) })
        {
            if (value is null && endpoints.Discovery is null)
            {
                yield return (field, "the field is missing; write the address, or `discovery` when the provider publishes its endpoints.");
            }
        }

        if (provider.Requests.RefreshKind is RefreshKind.None && endpoints.Refresh is not null)
        {
            yield return ("endpoints.refresh", "contradicts `refresh_kind: none`; remove one of the two.");
        }
    }

    private static IEnumerable<(string, string)> Requests(ProviderDefinition provider)
    {
        var requests = provider.Requests;
        if (requests.RefreshMethod is not ("POST" or "GET"))
        {
            yield return ("requests.refresh_method", "must be POST or GET.");
        }

        if (requests.RevokeMethod is not ("POST" or "DELETE"))
        {
            yield return ("requests.revoke_method", "must be POST or DELETE.");
        }

        if ((requests.UpgradeGrantType is null) != (provider.Endpoints.Upgrade is null))
        {
            yield return ("requests.upgrade_grant_type", "goes together with `endpoints.upgrade`; write both or neither.");
        }

        if (requests.RefreshMethod is "GET" && (requests.RefreshFormat ?? requests.Format) is not ParameterFormat.Query)
        {
            yield return ("requests.refresh_method", "a GET has no body; write `refresh_format: query` as well.");
        }

        if (requests.RedirectUriVariable is { } redirect && provider.Variables.All(variable => variable.Name != redirect))
        {
            yield return ("requests.redirect_uri_variable", "is not declared; add it under `variables`.");
        }

        if (requests.RevokeToken is not ("refresh_token" or "access_token"))
        {
            yield return ("requests.revoke_token", "must be refresh_token or access_token.");
        }
    }

    private static IEnumerable<(string, string)> Parameters(RequestRules requests)
    {
        foreach (var (field, value) in new[]
        {
            ("scope_separator", requests.ScopeSeparator), ("scope_parameter", requests.ScopeParameter),
            ("refresh_token_parameter", requests.RefreshTokenParameter), ("revoke_token_parameter", requests.RevokeTokenParameter),
        })
        {
            if (value.Length == 0)
            {
                yield return ($"requests.{field}", "must not be empty.");
            }
        }

        foreach (var (name, value) in requests.Headers)
        {
            if (!HeaderName.IsMatch(name) || value.Any(c => c is < ' ' or > '~') || IsOurHeader(name))
            {
                yield return ($"requests.headers.{name}", "is not a header that an entry may set: plain ASCII, and not one Rekindle writes itself.");
            }
        }

        foreach (var (field, name) in ParameterFields(requests).Where(parameter => ReservedParameters.Contains(parameter.Name)))
        {
            yield return ($"requests.{field}.{name}", "is written by Rekindle itself; use `parameter_names` to rename it.");
        }
    }

    private static IEnumerable<(string, string)> Response(ProviderDefinition provider)
    {
        var (response, errors) = (provider.Response, provider.Errors);
        (string Field, IEnumerable<string> Paths)[] lists =
        [
            ("response.access_token", response.AccessToken), ("response.refresh_token", response.RefreshToken),
            ("response.expiry", response.Expiry), ("response.refresh_token_expiry", response.RefreshTokenExpiry),
            ("response.scope", response.Scope), ("response.id_token", [response.IdToken]), ("response.metadata", response.Metadata.Values),
            ("errors.code", errors.Code), ("errors.sub_code", errors.SubCode), ("errors.description", errors.Description),
            ("errors.failure_marks", errors.FailureMarks.Keys),
        ];
        foreach (var (field, _) in lists.Where(list => list.Paths.Any(path => !PathPattern.IsMatch(path))))
        {
            yield return (field, "must be paths such as `access_token` or `authed_user.access_token`.");
        }

        if (response.AccessToken.Count == 0)
        {
            yield return ("response.access_token", "must name at least one path.");
        }
    }

    private static IEnumerable<(string, string)> Lifecycle(ProviderLifecycle lifecycle)
    {
        if (lifecycle is { Rotation.Value: Rotation.Never, Reuse.Value.Kind: not ReuseKind.Reusable, Reuse.IsKnown: true })
        {
            yield return ("lifecycle.reuse", "contradicts `rotation: never`: a token that is never replaced is `reusable`.");
        }

        if (lifecycle is { RefreshTokenAbsolute: null, RefreshExtendsAbsolute: not null })
        {
            yield return ("lifecycle.refresh_extends_absolute", "says nothing without refresh_token_absolute; write that too, or remove this.");
        }

        if (lifecycle is { AccessTokenLifetime.Value: var life, EarliestRefresh.Value: var earliest } && earliest > life)
        {
            yield return ("lifecycle.earliest_refresh", "is longer than access_token_lifetime: it is the time that may remain when a refresh is accepted.");
        }
    }

    private static IEnumerable<(string, string)> Identity(ProviderDefinition provider)
    {
        var identity = provider.Identity;
        if ((identity.Source is IdentitySource.Request) == (identity.Url is null))
        {
            yield return ("identity.url", identity.Url is null
                ? "the field is missing; `source: request` asks this address."
                : "contradicts the source; it is used with `source: request` only.");
        }

        if (!PathPattern.IsMatch(identity.Path) || (identity.NamePath is { } name && !PathPattern.IsMatch(name)))
        {
            yield return ("identity.path", "must be a path such as `sub` or `data.id`.");
        }
    }

    private static IEnumerable<(string, string)> Links(ProviderLinks links)
    {
        foreach (var (field, link) in new[]
        {
            ("status", links.Status), ("support", links.Support), ("app_console", links.AppConsole), ("documentation", links.Documentation),
        })
        {
            if (link is not null && !UrlTemplate.TryAbsolute(link.Split('#')[0], allowsInsecure: false, out _))
            {
                yield return ($"links.{field}", "must be a complete https:// address.");
            }
        }
    }

    private static IEnumerable<(string Field, string Template)> Templates(ProviderDefinition provider)
    {
        var endpoints = provider.Endpoints;
        return new (string Field, string? Template)[]
        {
            ("endpoints.authorize", endpoints.Authorize), ("endpoints.token", endpoints.Token), ("endpoints.refresh", endpoints.Refresh),
            ("endpoints.upgrade", endpoints.Upgrade), ("endpoints.revoke", endpoints.Revoke), ("endpoints.issuer", endpoints.Issuer), ("endpoints.discovery", endpoints.Discovery),
            ("identity.url", WithoutToken(provider.Identity.Url)),
        }
        .Where(pair => pair.Template is not null)
        .Select(pair => (pair.Field, pair.Template!));
    }

    /// <summary>HubSpot's token information takes the access token as the last segment; it is no variable.</summary>
    private static string? WithoutToken(string? url) =>
        url is not null && url.EndsWith("/{access_token}", StringComparison.Ordinal) ? url[..^"{access_token}".Length] : url;

    private static IEnumerable<(string Field, string Name)> ParameterFields(RequestRules requests) =>
        [
            .. requests.AuthorizeParameters.Keys.Select(name => ("authorize_parameters", name)),
            .. requests.TokenParameters.Keys.Select(name => ("token_parameters", name)),
            .. requests.RefreshParameters.Keys.Select(name => ("refresh_parameters", name)),
        ];

    private static bool IsOurHeader(string name) =>
        name.ToLowerInvariant() is "authorization" or "host" or "content-length" or "content-type" or "transfer-encoding" or "connection" or "cookie";

    [GeneratedRegex(@"\A(?=.{1,64}\z)[a-z0-9]+(-[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern { get; }

    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+.^_`|~-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName { get; }

    [GeneratedRegex(@"\A[^.\s]+(\.[^.\s]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathPattern { get; }
}
