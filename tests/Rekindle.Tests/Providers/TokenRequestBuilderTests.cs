using System.Text;
using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Tests.Refresh;

namespace Rekindle.Tests.Providers;

[Trait("Req", "D3")]
public sealed class TokenRequestBuilderTests
{
    private const string RefreshToken = "old-refresh-token-0123456789";

    [Fact]
    public void A_refresh_is_a_form_with_the_client_in_it_unless_the_provider_says_otherwise()
    {
        var request = Refresh(new RequestRules());

        Assert.Equal(("POST", "https://provider.example/token"), (request.Method, request.Uri.AbsoluteUri));
        Assert.Equal($"grant_type=refresh_token&refresh_token={RefreshToken}&client_id=client-1&client_secret=client-secret-of-1", Body(request));
        Assert.Equal("application/json", Header(request, "Accept"));
        Assert.StartsWith("Rekindle/", Header(request, "User-Agent"), StringComparison.Ordinal);
    }

    [Fact]
    public void Basic_authentication_encodes_id_and_secret_first_and_leaves_them_out_of_the_body()
    {
        var client = new ClientCredentials("id:1", new Secret("a b+c/ü"));

        var request = Refresh(new RequestRules { ClientAuthentication = ClientAuthentication.Basic }, client);

        Assert.Equal("id%3A1:a+b%2Bc%2F%C3%BC", BasicCredentials(request));
        Assert.Equal($"grant_type=refresh_token&refresh_token={RefreshToken}", Body(request));
    }

    [Fact]
    public void Basic_authentication_without_encoding_takes_id_and_secret_as_they_are()
    {
        var client = new ClientCredentials("id", new Secret("a b+c/"));

        var request = Refresh(new RequestRules { ClientAuthentication = ClientAuthentication.BasicUnencoded }, client);

        Assert.Equal("id:a b+c/", BasicCredentials(request));
    }

    [Fact]
    public void Json_bodies_carry_the_same_parameters_and_the_providers_numbers_as_numbers()
    {
        var request = Refresh(new RequestRules
        {
            Format = ParameterFormat.Json,
            RefreshParameters = new Dictionary<string, string> { ["expires_in"] = "1800", ["audience"] = "api" },
        });

        using var json = JsonDocument.Parse(request.Content);
        Assert.Equal("application/json", request.ContentType);
        Assert.Equal(RefreshToken, json.RootElement.GetProperty("refresh_token").GetString());
        Assert.Equal("client-secret-of-1", json.RootElement.GetProperty("client_secret").GetString());
        Assert.Equal(1800, json.RootElement.GetProperty("expires_in").GetInt32());
        Assert.Equal("api", json.RootElement.GetProperty("audience").GetString());
    }

    [Fact]
    public void Query_parameters_leave_no_content_and_keep_the_templates_own_query()
    {
        var provider = Given.Provider with
        {
            Endpoints = new ProviderEndpoints { Token = "https://provider.example/token?v=2" },
            Requests = new RequestRules { Format = ParameterFormat.Query },
        };

        var request = TokenRequestBuilder.Refresh(provider, Given.Client, Given.Grant with { RefreshToken = new Secret("a b+c&d") }, Given.Now).Ready();

        Assert.True(request.Content.IsEmpty);
        Assert.Equal(
            "?v=2&grant_type=refresh_token&refresh_token=a%20b%2Bc%26d&client_id=client-1&client_secret=client-secret-of-1",
            request.Uri.Query);
    }

    [Fact]
    public void Query_authentication_puts_only_the_client_into_the_address()
    {
        var request = Refresh(new RequestRules { ClientAuthentication = ClientAuthentication.Query });

        Assert.Equal("?client_id=client-1&client_secret=client-secret-of-1", request.Uri.Query);
        Assert.Equal($"grant_type=refresh_token&refresh_token={RefreshToken}", Body(request));
    }

    [Fact]
    public void A_public_client_names_itself_and_nothing_more()
    {
        var request = Refresh(new RequestRules { ClientAuthentication = ClientAuthentication.None }, new ClientCredentials("public-1"));

        Assert.Equal($"grant_type=refresh_token&refresh_token={RefreshToken}&client_id=public-1", Body(request));
    }

    [Fact]
    public void A_long_lived_access_token_is_exchanged_by_get_where_the_provider_does_that()
    {
        var request = Refresh(new RequestRules
        {
            RefreshKind = RefreshKind.AccessToken,
            RefreshMethod = "GET",
            RefreshGrantType = "ig_refresh_token",
            RefreshTokenParameter = "access_token",
            RefreshAuthenticatesClient = false,
        });

        Assert.Equal("GET", request.Method);
        Assert.Equal("?grant_type=ig_refresh_token&access_token=old-access-token-0123456789", request.Uri.Query);
    }

    [Fact]
    public void Renamed_extra_replaced_and_removed_parameters_are_data()
    {
        var request = Refresh(new RequestRules
        {
            ParameterNames = new Dictionary<string, string> { ["client_id"] = "client_key" },
            RefreshGrantType = "",
            RefreshParameters = new Dictionary<string, string> { ["type"] = "refresh", ["client_secret"] = "" },
        });

        Assert.Equal($"refresh_token={RefreshToken}&client_key=client-1&type=refresh", Body(request));
    }

    [Fact]
    public void Granted_scopes_are_repeated_where_the_provider_wants_them()
    {
        var request = Refresh(new RequestRules { ScopeOnRefresh = ScopeOnRefresh.SendGranted, ScopeSeparator = "," });

        Assert.Contains("&scope=read%2Cwrite&", Body(request), StringComparison.Ordinal);
    }

    [Fact]
    public void Headers_of_the_provider_win_over_the_usual_ones()
    {
        var request = Refresh(new RequestRules { Headers = new Dictionary<string, string> { ["User-Agent"] = "own", ["Notion-Version"] = "1" } });

        Assert.Equal(("own", "1"), (Header(request, "User-Agent"), Header(request, "Notion-Version")));
    }

    [Fact]
    public void A_refresh_goes_to_its_own_endpoint_where_there_is_one()
    {
        var provider = Given.Provider with { Endpoints = Given.Provider.Endpoints with { Refresh = "https://provider.example/refresh" } };

        var request = TokenRequestBuilder.Refresh(provider, Given.Client, Given.Grant, Given.Now).Ready();

        Assert.Equal("/refresh", request.Uri.AbsolutePath);
    }

    [Fact]
    public void A_code_exchange_carries_code_redirect_and_verifier()
    {
        var grant = new CodeGrant { Code = new Secret("c/1"), RedirectUri = "https://app.example/cb", CodeVerifier = new Secret("v") };

        var request = TokenRequestBuilder.ExchangeCode(Given.Provider, Given.Client, grant, Given.Now).Ready();

        Assert.StartsWith(
            "grant_type=authorization_code&code=c%2F1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&code_verifier=v&", Body(request), StringComparison.Ordinal);
        Assert.Equal(TokenRequestKind.CodeExchange, request.Kind);
    }

    [Fact]
    public void A_registered_name_stands_for_the_redirect_where_the_provider_wants_it()
    {
        var provider = Given.Provider with { Requests = new RequestRules { RedirectUriVariable = "ru_name" } };
        var variables = new Dictionary<string, string> { ["ru_name"] = "Our-App-1" };
        var grant = new CodeGrant { Code = new Secret("c"), RedirectUri = "https://app.example/cb", Variables = variables };

        var exchange = TokenRequestBuilder.ExchangeCode(provider, Given.Client, grant, Given.Now).Ready();
        var address = Authorize(provider, new AuthorizeRequest { RedirectUri = "https://app.example/cb", State = "s", Variables = variables });

        Assert.Contains("&redirect_uri=Our-App-1&", Body(exchange), StringComparison.Ordinal);
        Assert.Contains("&redirect_uri=Our-App-1&", address.Query, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revocation_sends_the_refresh_token_and_falls_back_to_the_access_token()
    {
        var both = TokenRequestBuilder.Revoke(Given.Provider, Given.Client, Given.Grant, Given.Now).Ready();
        var one = TokenRequestBuilder.Revoke(Given.Provider, Given.Client, Given.Grant with { RefreshToken = null }, Given.Now).Ready();

        Assert.StartsWith($"token={RefreshToken}&", Body(both), StringComparison.Ordinal);
        Assert.StartsWith("token=old-access-token-0123456789&", Body(one), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://provider.example/me", "https://provider.example/me", "Bearer old-access-token-0123456789")]
    [InlineData("https://provider.example/tokens/{access_token}", "https://provider.example/tokens/old-access-token-0123456789", null)]
    public void Identity_is_asked_with_the_access_token_in_a_header_or_in_the_path(string url, string address, string? authorization)
    {
        var provider = Given.Provider with { Identity = new IdentityRules { Source = IdentitySource.Request, Url = url } };

        var request = TokenRequestBuilder.Identity(provider, Given.Grant).Ready();

        Assert.Equal((address, authorization), (request.Uri.AbsoluteUri, Header(request, "Authorization")));
        Assert.Contains(Given.Grant.AccessToken, request.Secrets);
    }

    [Fact]
    public void The_authorization_address_carries_what_was_asked_and_the_providers_extras()
    {
        var provider = Given.Provider with
        {
            Requests = new RequestRules
            {
                ScopeSeparator = ",",
                ScopeParameter = "user_scope",
                AuthorizeParameters = new Dictionary<string, string> { ["access_type"] = "offline" },
            },
        };

        var address = Authorize(provider, new AuthorizeRequest
        {
            RedirectUri = "https://app.example/cb",
            State = "s&1",
            CodeChallenge = "ch",
            Nonce = "n",
            LoginHint = "a@b",
            Scopes = ["read", "write"],
            ExtraParameters = new Dictionary<string, string> { ["prompt"] = "consent" },
        });

        Assert.Equal(
            "https://provider.example/authorize?response_type=code&client_id=client-1&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
            + "&user_scope=read%2Cwrite&state=s%261&code_challenge=ch&code_challenge_method=S256&nonce=n&login_hint=a%40b"
            + "&access_type=offline&prompt=consent",
            address.AbsoluteUri);
    }

    [Fact]
    public void Pkce_is_left_out_where_the_provider_cannot_stand_it()
    {
        var provider = Given.Provider with { Requests = new RequestRules { Pkce = PkceUse.Broken } };

        var address = Authorize(provider, new AuthorizeRequest { RedirectUri = "https://app.example/cb", State = "s", CodeChallenge = "ch" });

        Assert.DoesNotContain("code_challenge", address.Query, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Req", "E4")]
    public void A_missing_client_secret_is_its_own_outcome_with_a_synthetic_request()
    {
        var refused = TokenRequestBuilder.Refresh(Given.Provider, new ClientCredentials("client-1"), Given.Grant, Given.Now).Refused();

        Assert.Equal(RefreshClass.ClientCredentialsMissing, refused.Class);
        Assert.True(refused.Synthetic!.IsSynthetic);
        Assert.True(refused.Synthetic.Content.IsEmpty);
        Assert.Contains(refused.Synthetic.Parameters, parameter => parameter is { Name: "client_secret", Text: "<missing>" });
        Assert.Equal(WhoActs.Operator, RefreshClassifier.BeforeHttp(refused).WhoActs);
    }

    [Theory]
    [InlineData(ClientAuthentication.Post)]
    [InlineData(ClientAuthentication.Basic)]
    [InlineData(ClientAuthentication.BasicUnencoded)]
    [InlineData(ClientAuthentication.Query)]
    [InlineData(ClientAuthentication.None)]
    [InlineData(ClientAuthentication.PrivateKeyJwt)]
    [InlineData(ClientAuthentication.JwtAsSecret)]
    [Trait("Req", "E4")]
    public void No_way_of_authentication_does_without_credentials(ClientAuthentication method)
    {
        var provider = Given.Provider with { Requests = new RequestRules { ClientAuthentication = method } };

        var refused = TokenRequestBuilder.Refresh(provider, new ClientCredentials(""), Given.Grant, Given.Now).Refused();

        Assert.Equal(RefreshClass.ClientCredentialsMissing, refused.Class);
    }

    [Fact]
    public void A_missing_refresh_token_is_its_own_outcome()
    {
        var refused = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, Given.Grant with { RefreshToken = null }, Given.Now).Refused();

        Assert.Equal(RefreshClass.NoRefreshToken, refused.Class);
        Assert.Equal(DisconnectReason.NoRefreshToken, RefreshClassifier.BeforeHttp(refused).Reason);
    }

    [Fact]
    public void A_provider_whose_tokens_cannot_be_refreshed_is_not_asked()
    {
        var provider = Given.Provider with { Requests = new RequestRules { RefreshKind = RefreshKind.None } };

        var refused = TokenRequestBuilder.Refresh(provider, Given.Client, Given.Grant, Given.Now).Refused();

        Assert.Equal(RefreshClass.NoRefreshToken, refused.Class);
    }

    [Theory]
    [InlineData("ENC:k1:abcdef")]
    [InlineData("vault:v1:abcdef")]
    [InlineData("<secret:40>")]
    [Trait("Req", "D4")]
    public void Ciphertext_is_refused_before_anything_is_sent(string stored)
    {
        var asToken = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, Given.Grant with { RefreshToken = new Secret(stored) }, Given.Now).Refused();
        var asSecret = TokenRequestBuilder.Refresh(Given.Provider, new ClientCredentials("client-1", new Secret(stored)), Given.Grant, Given.Now).Refused();

        Assert.Equal((RefreshClass.DecryptFailed, RefreshClass.DecryptFailed), (asToken.Class, asSecret.Class));
        Assert.Contains(asToken.Synthetic!.Parameters, parameter => parameter is { Name: "refresh_token", Text: "<decrypt_failed>" });
        Assert.DoesNotContain(stored, asToken.Problem, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Req", "D1")]
    public void A_token_that_could_not_be_opened_leaves_a_synthetic_request()
    {
        var grant = Given.Grant with { RefreshToken = null, DecryptFailed = true };

        var refused = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, grant, Given.Now).Refused();

        Assert.Equal(RefreshClass.DecryptFailed, refused.Class);
        Assert.Contains(refused.Synthetic!.Parameters, parameter => parameter is { Name: "refresh_token", Text: "<decrypt_failed>" });
    }

    [Fact]
    public void A_variable_without_value_is_an_outcome_that_names_it()
    {
        var provider = Given.Provider with
        {
            Endpoints = new ProviderEndpoints { Token = "https://{shop}.provider.example/token" },
            Variables = [new ProviderVariable { Name = "shop" }],
        };

        var refused = TokenRequestBuilder.Refresh(provider, Given.Client, Given.Grant, Given.Now).Refused();

        Assert.Equal((RefreshClass.RequestRejected, null), (refused.Class, refused.Synthetic));
        Assert.Contains("'shop'", refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_without_the_endpoint_is_an_outcome()
    {
        var provider = Given.Provider with { Endpoints = new ProviderEndpoints() };

        Assert.Equal(RefreshClass.RequestRejected, TokenRequestBuilder.Revoke(provider, Given.Client, Given.Grant, Given.Now).Refused().Class);
        Assert.IsType<AuthorizeOutcome.Refused>(
            TokenRequestBuilder.Authorize(provider, Given.Client, new AuthorizeRequest { RedirectUri = "https://app.example/cb", State = "s" }));
    }

    private static TokenRequest Refresh(RequestRules rules, ClientCredentials? client = null) =>
        TokenRequestBuilder.Refresh(Given.Provider with { Requests = rules }, client ?? Given.Client, Given.Grant, Given.Now).Ready();

    private static Uri Authorize(ProviderDefinition provider, AuthorizeRequest request) =>
        Assert.IsType<AuthorizeOutcome.Ready>(TokenRequestBuilder.Authorize(provider, Given.Client, request)).Address;

    private static string Body(TokenRequest request) => Encoding.UTF8.GetString(request.Content.Span);

    private static string? Header(TokenRequest request, string name) => request.Headers.FirstOrDefault(header => header.Key == name).Value;

    private static string BasicCredentials(TokenRequest request) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(Header(request, "Authorization")!["Basic ".Length..]));
}
