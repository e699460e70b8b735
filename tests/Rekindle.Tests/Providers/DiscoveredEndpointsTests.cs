using System.Text;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Providers;

public sealed class DiscoveredEndpointsTests
{
    private const string Issuer = "https://auth.example.com/realms/a";

    private static readonly ProviderDefinition Oidc = ProviderCatalogue.Load().Find("oidc")!;

    [Fact]
    public void It_fills_what_the_entry_leaves_open()
    {
        var filled = Fill(Document());

        Assert.Equal("https://auth.example.com/authorize", filled.Endpoints.Authorize);
        Assert.Equal("https://auth.example.com/token", filled.Endpoints.Token);
        Assert.Equal("https://auth.example.com/revoke", filled.Endpoints.Revoke);
        Assert.Equal(Issuer, filled.Endpoints.Issuer);
        Assert.True(filled.Requests.CallbackIssuer);
        Assert.Equal(Oidc.Identity, filled.Identity);
    }

    [Fact]
    public void What_the_entry_says_itself_stays()
    {
        var provider = Oidc with { Endpoints = Oidc.Endpoints with { Token = "https://own.example.com/token" } };

        Assert.Equal("https://own.example.com/token", Fill(Document(), provider).Endpoints.Token);
    }

    [Theory]
    [InlineData("""["client_secret_basic","client_secret_post"]""", ClientAuthentication.Post)]
    [InlineData("""["client_secret_post","private_key_jwt"]""", ClientAuthentication.Post)]
    [InlineData("""["client_secret_basic","private_key_jwt"]""", ClientAuthentication.Basic)]
    [InlineData("null", ClientAuthentication.Basic)]
    public void The_client_sends_its_secret_as_the_document_allows(string methods, ClientAuthentication expected)
    {
        Assert.Equal(expected, Fill(Document($$""" "token_endpoint_auth_methods_supported": {{methods}} """)).Requests.ClientAuthentication);
    }

    [Fact]
    public void A_client_that_the_entry_lets_sign_goes_on_signing()
    {
        var provider = Oidc with { Requests = Oidc.Requests with { ClientAuthentication = ClientAuthentication.PrivateKeyJwt } };

        Assert.Equal(ClientAuthentication.PrivateKeyJwt, Fill(Document(), provider).Requests.ClientAuthentication);
    }

    [Theory]
    [InlineData("""["S256"]""", PkceUse.Allowed)]
    [InlineData("""["plain","S256"]""", PkceUse.Allowed)]
    [InlineData("""["plain"]""", PkceUse.Broken)]
    [InlineData("null", PkceUse.Allowed)]
    public void The_weak_form_of_PKCE_is_never_used(string methods, PkceUse expected)
    {
        Assert.Equal(expected, Fill(Document($$""" "code_challenge_methods_supported": {{methods}} """)).Requests.Pkce);
    }

    [Theory]
    [InlineData("https://auth.example.com/realms/a/", true)]
    [InlineData("https://auth.example.com/realms/b", false)]
    [InlineData("https://evil.example.com/realms/a", false)]
    [InlineData("", false)]
    public void A_document_of_another_issuer_is_worthless(string issuer, bool accepted)
    {
        var endpoints = Read(Document().Replace($"\"{Issuer}\"", $"\"{issuer}\"", StringComparison.Ordinal), out _);

        Assert.Equal(accepted, endpoints is not null);
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("<html></html>", "is not JSON")]
    [InlineData("[]", "names another issuer")]
    [InlineData("{}", "names another issuer")]
    [InlineData("""{"issuer":7}""", "names another issuer")]
    [InlineData("""{"issuer":"https://auth.example.com/realms/a"}""", "no usable authorization_endpoint")]
    [InlineData("""{"issuer":"https://auth.example.com/realms/a","authorization_endpoint":"https://a.example/","token_endpoint":{"x":1}}""", "no usable")]
    [InlineData("""{"issuer":"https://auth.example.com/realms/a","authorization_endpoint":"https://a.example/","token_endpoint":"http://a.example/"}""", "no usable")]
    [InlineData("""{"issuer":"https://auth.example.com/realms/a","authorization_endpoint":"javascript:alert(1)","token_endpoint":"https://a.example/"}""", "no usable")]
    [InlineData("""{"issuer":"https://auth.example.com/realms/a","authorization_endpoint":"https://a.example/{x}","token_endpoint":"https://a.example/"}""", "no usable")]
    public void What_is_no_document_is_refused(string document, string expected)
    {
        Assert.Null(Read(document, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deep_or_truncated_document_is_refused()
    {
        Assert.Null(Read(new string('[', 10_000) + new string(']', 10_000), out _));
        Assert.Null(DiscoveredEndpoints.Read(Answer(Document(), truncated: true), Issuer, allowsInsecure: false, out _));
    }

    [Fact]
    public void Plain_http_to_loopback_needs_to_be_allowed()
    {
        var document = Document(origin: "http://127.0.0.1:8080");

        Assert.Null(DiscoveredEndpoints.Read(Answer(document), "http://127.0.0.1:8080/realms/a", allowsInsecure: false, out _));
        Assert.NotNull(DiscoveredEndpoints.Read(Answer(document), "http://127.0.0.1:8080/realms/a", allowsInsecure: true, out _));
    }

    [Fact]
    public void A_revocation_endpoint_is_not_needed()
    {
        Assert.Null(Fill(Document().Replace("revocation_endpoint", "other", StringComparison.Ordinal)).Endpoints.Revoke);
    }

    private static string Document(string more = """ "authorization_response_iss_parameter_supported": true """, string origin = "https://auth.example.com") => $$"""
        {
          "issuer": "{{origin}}/realms/a",
          "authorization_endpoint": "{{origin}}/authorize",
          "token_endpoint": "{{origin}}/token",
          "revocation_endpoint": "{{origin}}/revoke",
          {{more}}
        }
        """;

    private static ProviderDefinition Fill(string document, ProviderDefinition? provider = null) => Read(document, out _)!.Complete(provider ?? Oidc);

    private static DiscoveredEndpoints? Read(string document, out string problem) =>
        DiscoveredEndpoints.Read(Answer(document), Issuer, allowsInsecure: false, out problem);

    private static ProviderAnswer Answer(string document, bool truncated = false) =>
        new() { Status = 200, ContentType = "application/json", Body = Encoding.UTF8.GetBytes(document), Truncated = truncated };
}
