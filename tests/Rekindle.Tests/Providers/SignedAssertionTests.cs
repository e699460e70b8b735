using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Tests.Refresh;

namespace Rekindle.Tests.Providers;

public sealed class SignedAssertionTests : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
    }

    [Fact]
    public void An_rsa_key_signs_a_client_assertion_for_the_endpoint_it_goes_to()
    {
        var request = Refresh(ClientAuthentication.PrivateKeyJwt, new ClientCredentials("client-1")
        {
            PrivateKeyPem = new Secret(_rsa.ExportPkcs8PrivateKeyPem()),
            KeyId = "k1",
        });

        var jwt = Value(request, "client_assertion").Split('.');
        var (header, claims) = (Parse(jwt[0]), Parse(jwt[1]));
        Assert.Equal(("RS256", "k1"), (Text(header, "alg"), Text(header, "kid")));
        Assert.Equal(("client-1", "client-1", "https://provider.example/token"), (Text(claims, "iss"), Text(claims, "sub"), Text(claims, "aud")));
        Assert.Equal(Given.Now.ToUnixTimeSeconds(), claims.GetProperty("iat").GetInt64());
        Assert.Equal(Given.Now.AddMinutes(5).ToUnixTimeSeconds(), claims.GetProperty("exp").GetInt64());
        Assert.True(_rsa.VerifyData(Signed(jwt), Base64Url.DecodeFromChars(jwt[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.Equal("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", Value(request, "client_assertion_type"));
        Assert.DoesNotContain(request.Parameters, parameter => parameter.Name == "client_secret");
    }

    [Fact]
    public void An_ec_key_signs_the_client_secret_itself_with_the_operators_claims()
    {
        var rules = new RequestRules { ClientAuthentication = ClientAuthentication.JwtAsSecret, AssertionAudience = "https://appleid.apple.com" };

        var request = Refresh(rules, new ClientCredentials("com.example.app")
        {
            PrivateKeyPem = new Secret(_ec.ExportECPrivateKeyPem()),
            KeyClaims = new Dictionary<string, string> { ["iss"] = "TEAM1" },
        });

        var jwt = Value(request, "client_secret").Split('.');
        var claims = Parse(jwt[1]);
        Assert.Equal("ES256", Text(Parse(jwt[0]), "alg"));
        Assert.Equal(("TEAM1", "com.example.app", "https://appleid.apple.com"), (Text(claims, "iss"), Text(claims, "sub"), Text(claims, "aud")));
        Assert.True(_ec.VerifyData(Signed(jwt), Base64Url.DecodeFromChars(jwt[2]), HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Two_assertions_are_never_the_same()
    {
        var client = new ClientCredentials("client-1") { PrivateKeyPem = new Secret(_rsa.ExportRSAPrivateKeyPem()) };

        var one = Refresh(ClientAuthentication.PrivateKeyJwt, client);
        var other = Refresh(ClientAuthentication.PrivateKeyJwt, client);

        Assert.NotEqual(Value(one, "client_assertion"), Value(other, "client_assertion"));
    }

    [Fact]
    public void The_assertion_counts_as_a_secret_of_the_request_and_the_key_is_not_in_it()
    {
        var pem = _rsa.ExportPkcs8PrivateKeyPem();

        var request = Refresh(ClientAuthentication.PrivateKeyJwt, new ClientCredentials("client-1") { PrivateKeyPem = new Secret(pem) });

        Assert.Contains(request.Secrets, secret => secret.Reveal() == Value(request, "client_assertion"));
        Assert.DoesNotContain("PRIVATE", Encoding.UTF8.GetString(request.Content.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no key at all")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    public void A_key_that_cannot_be_read_is_missing_credentials(string pem)
    {
        var refused = TokenRequestBuilder.Refresh(
            Given.Provider with { Requests = new RequestRules { ClientAuthentication = ClientAuthentication.PrivateKeyJwt } },
            new ClientCredentials("client-1") { PrivateKeyPem = new Secret(pem) },
            Given.Grant,
            Given.Now).Refused();

        Assert.Equal(RefreshClass.ClientCredentialsMissing, refused.Class);
        Assert.DoesNotContain(pem, refused.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_curve_that_ES256_does_not_know_is_refused()
    {
        using var wide = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        var (token, problem) = SignedAssertion.Make(new ClientCredentials("c"), new Secret(wide.ExportPkcs8PrivateKeyPem()), "aud", Given.Now);

        Assert.Null(token);
        Assert.Contains("P-256", problem, StringComparison.Ordinal);
    }

    private static TokenRequest Refresh(ClientAuthentication method, ClientCredentials client) =>
        Refresh(new RequestRules { ClientAuthentication = method }, client);

    private static TokenRequest Refresh(RequestRules rules, ClientCredentials client) =>
        TokenRequestBuilder.Refresh(Given.Provider with { Requests = rules }, client, Given.Grant, Given.Now).Ready();

    private static string Value(TokenRequest request, string name)
    {
        var parameter = request.Parameters.Single(parameter => parameter.Name == name);
        return parameter.Secret?.Reveal() ?? parameter.Text!;
    }

    private static byte[] Signed(string[] jwt) => Encoding.ASCII.GetBytes($"{jwt[0]}.{jwt[1]}");

    private static JsonElement Parse(string part) => JsonElement.Parse(Base64Url.DecodeFromChars(part));

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
