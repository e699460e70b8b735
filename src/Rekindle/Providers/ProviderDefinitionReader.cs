namespace Rekindle.Providers;

/// <summary>Turns a merged entry into a <see cref="ProviderDefinition"/>. Says what is missing, unknown or of the wrong type.</summary>
internal static class ProviderDefinitionReader
{
    public static ProviderDefinition Read(CatalogueMap entry, ICollection<ProviderCatalogueError> errors)
    {
        var root = new CatalogueSection(entry, "", errors);
        var defaults = new ProviderDefinition { Key = "", DisplayName = "", Endpoints = new() };
        _ = root.Node("extends");
        var provider = new ProviderDefinition
        {
            Key = root.RequiredText("key"),
            DisplayName = root.RequiredText("display_name"),
            Version = root.Number("version", 1, int.MaxValue) ?? defaults.Version,
            VerifiedOn = root.Date("verified_on"),
            Endpoints = Read(root, "endpoints", Endpoints) ?? new(),
            Variables = [.. root.NamedSections("variables").Select(variable => Variable(variable.Name, variable.Section))],
            Requests = Read(root, "requests", Requests) ?? defaults.Requests,
            Response = Read(root, "response", Response) ?? defaults.Response,
            Errors = Read(root, "errors", ErrorRulesReader.Read) ?? defaults.Errors,
            Lifecycle = Read(root, "lifecycle", ProviderLifecycleReader.Read) ?? defaults.Lifecycle,
            Identity = Read(root, "identity", Identity) ?? defaults.Identity,
            TokenShape = Read(root, "token_shape", Shape) ?? defaults.TokenShape,
            Links = Read(root, "links", Links) ?? defaults.Links,
            DefaultScopes = root.Texts("default_scopes", defaults.DefaultScopes),
            Note = root.Text("note"),
        };
        root.Finish();

        return provider;
    }

    private static T? Read<T>(CatalogueSection root, string field, Func<CatalogueSection, T> read)
        where T : class
    {
        if (root.Section(field) is not { } section)
        {
            return null;
        }

        var value = read(section);
        section.Finish();
        return value;
    }

    private static ProviderEndpoints Endpoints(CatalogueSection section) => new()
    {
        Authorize = section.Text("authorize"),
        Token = section.Text("token"),
        Refresh = section.Text("refresh"),
        Upgrade = section.Text("upgrade"),
        Revoke = section.Text("revoke"),
        Issuer = section.Text("issuer"),
        Discovery = section.Text("discovery"),
    };

    private static ProviderVariable Variable(string name, CatalogueSection section)
    {
        var defaults = new ProviderVariable { Name = name };
        var variable = new ProviderVariable
        {
            Name = name,
            Title = section.Text("title"),
            Source = section.Choice("source", defaults.Source),
            From = section.Text("from"),
            Values = section.Pairs("values"),
            Kind = section.Choice("kind", defaults.Kind),
            Default = section.Text("default"),
            Optional = section.Flag("optional"),
        };
        section.Finish();

        return variable;
    }

    private static RequestRules Requests(CatalogueSection section)
    {
        var defaults = new RequestRules();
        return new RequestRules
        {
            ClientAuthentication = section.Choice("client_authentication", defaults.ClientAuthentication),
            Format = section.Choice("format", defaults.Format),
            RefreshMethod = section.Text("refresh_method") ?? defaults.RefreshMethod,
            RefreshFormat = section.Choice<ParameterFormat>("refresh_format"),
            RefreshKind = section.Choice("refresh_kind", defaults.RefreshKind),
            RefreshGrantType = section.Text("refresh_grant_type") ?? defaults.RefreshGrantType,
            RefreshTokenParameter = section.Text("refresh_token_parameter") ?? defaults.RefreshTokenParameter,
            UpgradeGrantType = section.Text("upgrade_grant_type"),
            RefreshAuthenticatesClient = section.Flag("refresh_authenticates_client", defaults.RefreshAuthenticatesClient),
            ParameterNames = section.Pairs("parameter_names"),
            RedirectUriVariable = section.Text("redirect_uri_variable"),
            AssertionAudience = section.Text("assertion_audience"),
            AuthorizeParameters = section.Pairs("authorize_parameters"),
            TokenParameters = section.Pairs("token_parameters"),
            RefreshParameters = section.Pairs("refresh_parameters"),
            Headers = section.Pairs("headers"),
            ScopeSeparator = section.Text("scope_separator") ?? defaults.ScopeSeparator,
            ScopeParameter = section.Text("scope_parameter") ?? defaults.ScopeParameter,
            ScopeOnRefresh = section.Choice("scope_on_refresh", defaults.ScopeOnRefresh),
            Pkce = section.Choice("pkce", defaults.Pkce),
            ResponseMode = section.Text("response_mode"),
            CallbackIssuer = section.Flag("callback_issuer"),
            CallbackHmac = section.Flag("callback_hmac"),
            RevokeMethod = section.Text("revoke_method") ?? defaults.RevokeMethod,
            RevokeFormat = section.Choice<ParameterFormat>("revoke_format"),
            RevokeBearer = section.Flag("revoke_bearer"),
            RevokeToken = section.Text("revoke_token") ?? defaults.RevokeToken,
            RevokeTokenParameter = section.Text("revoke_token_parameter") ?? defaults.RevokeTokenParameter,
            RevokeAuthentication = section.Choice<ClientAuthentication>("revoke_authentication"),
        };
    }

    private static ResponseRules Response(CatalogueSection section)
    {
        var defaults = new ResponseRules();
        return new ResponseRules
        {
            AccessToken = section.Texts("access_token", defaults.AccessToken),
            RefreshToken = section.Texts("refresh_token", defaults.RefreshToken),
            Expiry = section.Texts("expiry", defaults.Expiry),
            ExpiryForm = section.Choice("expiry_form", defaults.ExpiryForm),
            RefreshTokenExpiry = section.Texts("refresh_token_expiry", defaults.RefreshTokenExpiry),
            RefreshTokenExpiryForm = section.Choice("refresh_token_expiry_form", defaults.RefreshTokenExpiryForm),
            Scope = section.Texts("scope", defaults.Scope),
            ScopeSeparator = section.Text("scope_separator"),
            IdToken = section.Text("id_token") ?? defaults.IdToken,
            Metadata = section.Pairs("metadata"),
        };
    }

    private static IdentityRules Identity(CatalogueSection section)
    {
        var defaults = new IdentityRules();
        return new IdentityRules
        {
            Source = section.Choice("source", defaults.Source),
            Path = section.Text("path") ?? defaults.Path,
            NamePath = section.Text("name_path"),
            Url = section.Text("url"),
            Scheme = section.Text("scheme") ?? defaults.Scheme,
        };
    }

    private static TokenShape Shape(CatalogueSection section) => new()
    {
        AccessTokenPrefixes = section.Texts("access_token_prefixes", []),
        RefreshTokenPrefixes = section.Texts("refresh_token_prefixes", []),
    };

    private static ProviderLinks Links(CatalogueSection section) => new()
    {
        Status = section.Text("status"),
        Support = section.Text("support"),
        AppConsole = section.Text("app_console"),
        Documentation = section.Text("documentation"),
    };
}
