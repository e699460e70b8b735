using System.Text.Json;
using Rekindle.Attempts;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Testing;
using Rekindle.Tests.Refresh;

namespace Rekindle.Tests.Attempts;

[Trait("Req", "D1")]
public sealed class ExchangeCaptureTests : IDisposable
{
    private readonly Fingerprinter _fingerprinter = new(KeyRing.Generate(Given.Now));

    public void Dispose() => _fingerprinter.Dispose();

    [Fact]
    public void A_request_is_kept_by_name_and_shape()
    {
        var (request, _) = Capture(Given.Answer(400, "{}"));

        Assert.Equal(("POST", "https://provider.example/token", false), (request.Method, request.Url, request.Synthetic));
        Assert.Equal("refresh_token", Parameter(request, "grant_type").Value);
        Assert.Equal("client-1", Parameter(request, "client_id").Value);
        Assert.Equal(new CapturedValue("secret") { Length = 18, Fingerprint = _fingerprinter.Of(Given.Client.ClientSecret!) }, Parameter(request, "client_secret"));
    }

    [Fact]
    [Trait("Req", "D5")]
    public void The_sent_token_is_kept_as_prefix_length_and_fingerprint()
    {
        var (request, _) = Capture(Given.Answer(400, "{}"));

        Assert.Equal(
            new CapturedValue("token") { Prefix = "old-", Length = 28, Fingerprint = _fingerprinter.Of(Given.Grant.RefreshToken!) },
            Parameter(request, "refresh_token"));
    }

    [Fact]
    public void An_answers_fields_are_kept_by_path_and_its_tokens_as_shapes()
    {
        var (_, response) = Capture(Given.Answer(
            200,
            """{"access_token":"new-access-token-0123456789","expires_in":3600,"ok":true,"team":{"id":"T12345678"},"list":[],"none":null}""",
            "application/json",
            ("X-Request-Id", "42"),
            ("Set-Cookie", "session=abcdef")));

        Assert.Equal(
            new CapturedValue("token") { Prefix = "new-", Length = 27, Fingerprint = _fingerprinter.Of(new Secret("new-access-token-0123456789")) },
            Field(response!, "access_token"));
        Assert.Equal(new CapturedValue("number") { Value = "3600" }, Field(response!, "expires_in"));
        Assert.Equal(new CapturedValue("boolean") { Value = "true" }, Field(response!, "ok"));
        Assert.Equal(("text", null, 9), (Field(response!, "team.id").Type, Field(response!, "team.id").Value, Field(response!, "team.id").Length));
        Assert.Equal(("array", "null"), (Field(response!, "list").Type, Field(response!, "none").Type));
        Assert.Equal("42", response!.Headers.Single(header => header.Name == "X-Request-Id").Value.Value);
        Assert.Null(response.Headers.Single(header => header.Name == "Set-Cookie").Value.Value);
    }

    [Fact]
    public void Errors_are_kept_in_words()
    {
        var (_, response) = Capture(Given.Answer(400, """{"error":"invalid_grant","error_description":"Token has been expired or revoked.","error_codes":[50173,70000]}"""));

        Assert.Equal("invalid_grant", Field(response!, "error").Value);
        Assert.Equal("Token has been expired or revoked.", Field(response!, "error_description").Value);
        Assert.Equal(["50173", "70000"], response!.Fields.Where(field => field.Name == "error_codes").Select(field => field.Value.Value));
    }

    [Theory]
    [InlineData("<html>secret page</html>", "markup")]
    [InlineData("{broken", "unreadable")]
    public void A_body_without_fields_is_kept_as_kind_length_and_fingerprint(string body, string kind)
    {
        var (_, response) = Capture(Given.Answer(502, body, "text/html"));

        Assert.Equal((kind, body.Length, "text/html"), (response!.BodyKind, response.BodyLength, response.ContentType));
        Assert.Equal(16, response.BodyFingerprint!.Length);
        Assert.DoesNotContain("secret page", response.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_refused_before_http_is_kept_with_its_placeholders()
    {
        var refused = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, new GrantMaterial { DecryptFailed = true }, Given.Now).Refused();

        var request = ExchangeCapture.OfRequest(refused.Synthetic!, _fingerprinter);

        Assert.True(request.Synthetic);
        Assert.Equal(new CapturedValue("text") { Value = "<decrypt_failed>" }, Parameter(request, "refresh_token"));
    }

    [Fact]
    public void A_wide_answer_is_kept_in_part()
    {
        var body = JsonSerializer.Serialize(Enumerable.Range(0, 500).ToDictionary(i => $"f{i}", i => i));

        var (_, response) = Capture(Given.Answer(200, body));

        Assert.Equal((60, 440), (response!.Fields.Count, response.FieldsOmitted));
    }

    [Fact]
    public void Json_of_a_capture_uses_the_fields_words()
    {
        var (request, _) = Capture(Given.Answer(400, "{}"));

        using var json = JsonDocument.Parse(request.ToJson());
        Assert.Equal("application/x-www-form-urlencoded", json.RootElement.GetProperty("content_type").GetString());
        Assert.Equal("grant_type", json.RootElement.GetProperty("parameters")[0].GetProperty("name").GetString());
        Assert.False(json.RootElement.TryGetProperty("synthetic", out _));
    }

    public static TheoryData<ClientAuthentication, ParameterFormat> WaysToSend => new(
        from method in Enum.GetValues<ClientAuthentication>()
        where method is not (ClientAuthentication.PrivateKeyJwt or ClientAuthentication.JwtAsSecret)
        from format in Enum.GetValues<ParameterFormat>()
        select (method, format));

    [Theory]
    [MemberData(nameof(WaysToSend))]
    [Trait("Req", "I13")]
    [Trait("Failure", "F88")]
    public void No_marked_secret_is_found_in_a_capture_or_a_verdict(ClientAuthentication method, ParameterFormat format)
    {
        var random = new Random(11);
        MarkedSecret[] secrets = [.. "sent sent-access client access refresh id-token".Split(' ').Select(label => new MarkedSecret(random, label))];
        var provider = Given.Provider with { Requests = new RequestRules { ClientAuthentication = method, Format = format } };
        var grant = Given.Grant with { RefreshToken = secrets[0].Secret, AccessToken = secrets[1].Secret };
        var request = TokenRequestBuilder.Refresh(provider, new ClientCredentials("client-1", secrets[2].Secret), grant, Given.Now).Ready();

        foreach (var result in Echoes(request, secrets))
        {
            var classified = RefreshClassifier.Classify(provider, result, grant);
            var (sent, answered) = ExchangeCapture.Of(provider, request, result, _fingerprinter);

            foreach (var secret in secrets)
            {
                secret.AssertNotIn(sent.ToJson(), "the captured request");
                secret.AssertNotIn(answered!.ToJson(), "the captured answer");
                secret.AssertNotIn(classified.ToString(), "the verdict");
                secret.AssertNotIn(JsonSerializer.Serialize(classified), "the verdict as JSON");
                secret.AssertNotIn(string.Join(' ', classified.Tokens?.Scopes ?? []), "the scopes");
                secret.AssertNotIn($"{request} {result} {result.Answer} {grant}", "printed records");
            }
        }
    }

    /// <summary>Answers that give back what they were sent, in every place an answer has.</summary>
    private static IEnumerable<ExchangeResult> Echoes(TokenRequest request, MarkedSecret[] secrets)
    {
        var (sent, access, client) = (secrets[0].Value, secrets[1].Value, secrets[2].Value);
        var all = $"{sent} {Uri.EscapeDataString(access)} {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("c:" + client))}";
        (string, string)[] headers = [("X-Echo", all), ("WWW-Authenticate", all), ("X-Request-Id", sent), ("Content-Language", client)];
        ExchangeResult[] results =
        [
            Given.Answer(200, JsonSerializer.Serialize(new { access_token = secrets[3].Value, refresh_token = secrets[4].Value, id_token = secrets[5].Value, message = all, expires_in = 5 }), all, headers),
            Given.Answer(400, JsonSerializer.Serialize(new { error = all, error_description = all, request = new { refresh_token = sent } }), "application/json", headers),
            Given.Answer(400, JsonSerializer.Serialize(new Dictionary<string, object> { [sent] = client, ["error"] = new { message = all } }), "application/json", headers),
            Given.Answer(400, $"error=x&error_description={Uri.EscapeDataString(all)}", "text/plain", headers),
            Given.Answer(400, all, "text/plain", headers),
            Given.Answer(500, $"<html>{all}</html>", "text/html", headers),
            // New tokens in an answer that is none, in a text that is no answer, and where scopes stand.
            Given.Answer(200, JsonSerializer.Serialize(new { error = "x", error_description = $"{all} became {secrets[4].Value}", access_token = secrets[3].Value, refresh_token = secrets[4].Value })),
            Given.Answer(200, $"{secrets[3].Value} {secrets[4].Value} {all}", "text/plain", headers),
            Given.Answer(200, JsonSerializer.Serialize(new { access_token = secrets[3].Value, scope = $"read {sent} {secrets[3].Value}", token_type = sent })),
        ];
        return results.Select(result => result with { Secrets = request.Secrets });
    }

    private (RequestCapture Request, ResponseCapture? Response) Capture(ExchangeResult result)
    {
        var request = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, Given.Grant, Given.Now).Ready();
        return ExchangeCapture.Of(Given.Provider, request, result, _fingerprinter);
    }

    private static CapturedValue Parameter(RequestCapture capture, string name) => capture.Parameters.Single(field => field.Name == name).Value;

    private static CapturedValue Field(ResponseCapture capture, string name) => capture.Fields.Single(field => field.Name == name).Value;
}
