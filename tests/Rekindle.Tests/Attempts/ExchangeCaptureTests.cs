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

        Assert.Equal(("POST", "https://provider.example/token"), (Text(request, "method"), Text(request, "url")));
        Assert.Equal("refresh_token", Text(Parameter(request, "grant_type"), "value"));
        Assert.Equal("client-1", Text(Parameter(request, "client_id"), "value"));
        AssertIs(new { type = "secret", length = 18, fingerprint = _fingerprinter.Of(Given.Client.ClientSecret!) }, Parameter(request, "client_secret"));
    }

    [Fact]
    [Trait("Req", "D5")]
    public void The_sent_token_is_kept_as_prefix_length_and_fingerprint()
    {
        var (request, _) = Capture(Given.Answer(400, "{}"));

        AssertIs(
            new { type = "token", length = 28, prefix = "old-", fingerprint = _fingerprinter.Of(Given.Grant.RefreshToken!) },
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

        AssertIs(
            new { type = "token", length = 27, prefix = "new-", fingerprint = _fingerprinter.Of(new Secret("new-access-token-0123456789")) },
            Field(response!.Value, "access_token"));
        AssertIs(new { type = "number", value = "3600" }, Field(response.Value, "expires_in"));
        AssertIs(new { type = "boolean", value = "true" }, Field(response.Value, "ok"));
        AssertIs(new { type = "text", length = 9, fingerprint = _fingerprinter.Of(new Secret("T12345678")) }, Field(response.Value, "team.id"));
        AssertIs(new { type = "array" }, Field(response.Value, "list"));
        AssertIs(new { type = "null" }, Field(response.Value, "none"));
        Assert.Equal("42", Text(Value(response.Value, "headers", "X-Request-Id"), "value"));
        Assert.False(Value(response.Value, "headers", "Set-Cookie").TryGetProperty("value", out _));
    }

    [Fact]
    public void Errors_are_kept_in_words()
    {
        var (_, response) = Capture(Given.Answer(400, """{"error":"invalid_grant","error_description":"Token has been expired or revoked.","error_codes":[50173,70000]}"""));

        Assert.Equal("invalid_grant", Text(Field(response!.Value, "error"), "value"));
        Assert.Equal("Token has been expired or revoked.", Text(Field(response.Value, "error_description"), "value"));
        Assert.Equal(["50173", "70000"], Values(response.Value, "fields", "error_codes").Select(value => Text(value, "value")));
    }

    [Theory]
    [InlineData("<html>secret page</html>", "markup")]
    [InlineData("{broken", "unreadable")]
    public void A_body_without_fields_is_kept_as_kind_length_and_fingerprint(string body, string kind)
    {
        var (_, response) = Capture(Given.Answer(502, body, "text/html"));

        Assert.Equal((kind, "text/html"), (Text(response!.Value, "body_kind"), Text(response.Value, "content_type")));
        Assert.Equal(body.Length, response.Value.GetProperty("body_length").GetInt32());
        Assert.Equal(16, Text(response.Value, "body_fingerprint").Length);
        Assert.DoesNotContain("secret page", response.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_refused_before_http_is_kept_with_its_placeholders()
    {
        var refused = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, new GrantMaterial { DecryptFailed = true }, Given.Now).Refused();

        var request = JsonElement.Parse(ExchangeCapture.OfRequest(refused.Synthetic!, _fingerprinter));

        Assert.True(request.GetProperty("synthetic").GetBoolean());
        AssertIs(new { type = "text", value = "<decrypt_failed>" }, Parameter(request, "refresh_token"));
    }

    [Fact]
    public void A_wide_answer_is_kept_in_part()
    {
        var body = JsonSerializer.Serialize(Enumerable.Range(0, 500).ToDictionary(i => $"f{i}", i => i));

        var (_, response) = Capture(Given.Answer(200, body));

        Assert.Equal((60, 440), (response!.Value.GetProperty("fields").GetArrayLength(), response.Value.GetProperty("fields_omitted").GetInt32()));
    }

    [Fact]
    public void What_is_zero_false_or_not_there_is_left_out()
    {
        var (request, response) = Capture(Given.Answer(204, ""));

        Assert.Equal(["method", "url", "headers", "parameters", "content_type", "content_length"], request.EnumerateObject().Select(member => member.Name));
        Assert.Equal(["status", "headers", "content_type", "body_kind", "fields"], response!.Value.EnumerateObject().Select(member => member.Name));
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
                secret.AssertNotIn(sent, "the captured request");
                secret.AssertNotIn(answered!, "the captured answer");
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

    private (JsonElement Request, JsonElement? Response) Capture(ExchangeResult result)
    {
        var request = TokenRequestBuilder.Refresh(Given.Provider, Given.Client, Given.Grant, Given.Now).Ready();
        var (sent, answered) = ExchangeCapture.Of(Given.Provider, request, result, _fingerprinter);
        return (JsonElement.Parse(sent), answered is null ? null : JsonElement.Parse(answered));
    }

    private static JsonElement Parameter(JsonElement capture, string name) => Value(capture, "parameters", name);

    private static JsonElement Field(JsonElement capture, string name) => Value(capture, "fields", name);

    private static JsonElement Value(JsonElement capture, string list, string name) => Assert.Single(Values(capture, list, name));

    private static IEnumerable<JsonElement> Values(JsonElement capture, string list, string name) =>
        capture.GetProperty(list).EnumerateArray().Where(field => Text(field, "name") == name).Select(field => field.GetProperty("value"));

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    private static void AssertIs(object expected, JsonElement value) => Assert.Equal(JsonSerializer.Serialize(expected), value.GetRawText());
}
