using System.Text;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "I9")]
public sealed class AnswerReaderTests
{
    [Fact]
    public void A_plain_answer_is_read()
    {
        var tokens = Tokens("""{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r","scope":"x y","id_token":"i"}""");

        Assert.Equal(("a", "r", "i"), (tokens!.AccessToken.Reveal(), tokens.RefreshToken?.Reveal(), tokens.IdToken?.Reveal()));
        Assert.Equal((Given.Now.AddHours(1), ExpirySource.ExpiresIn, "Bearer"), (tokens.ExpiresAt, tokens.ExpirySource, tokens.TokenType));
        Assert.Equal(["x", "y"], tokens.Scopes!);
    }

    [Theory]
    [Trait("Failure", "F33")]
    [InlineData("""{"access_token":"a"}""")]
    [InlineData("""{"access_token":"a","refresh_token":null}""")]
    [InlineData("""{"access_token":"a","refresh_token":""}""")]
    [InlineData("""{"access_token":"a","refresh_token":false}""")]
    [InlineData("""{"access_token":"a","refresh_token":{}}""")]
    [InlineData("access_token=a&refresh_token=")]
    public void Absent_null_and_empty_refresh_tokens_are_none(string body)
    {
        Assert.Null(Tokens(body)!.RefreshToken);
    }

    [Theory]
    [Trait("Failure", "F30")]
    [InlineData("""{"access_token":"a","error":"bad_refresh_token"}""")]
    [InlineData("""{"access_token":"a","error":{"message":"no"}}""")]
    [InlineData("""{"access_token":"a","error":true}""")]
    [InlineData("""{"access_token":"a","error":"x","error":null}""")]
    [InlineData("""{"access_token":"a","error":190}""")]
    [InlineData("""{"access_token":""}""")]
    [InlineData("""{"access_token":null}""")]
    [InlineData("""{"access_token":42}""")]
    [InlineData("""{"access_token":["",null]}""")]
    [InlineData("""{"access_token":"a\u0000b"}""")]
    [InlineData("""{"access_token":"a\nb"}""")]
    [InlineData("""{"access_token":" a"}""")]
    [InlineData("""{"access_token":"\ud800"}""")]
    [InlineData("""{"access_token":"a" """)]
    [InlineData("""{"access_token":"a"} trailing""")]
    [InlineData("access_token=a&error=bad_refresh_token")]
    [InlineData("access_token=")]
    [InlineData("")]
    [InlineData("   \r\n")]
    [InlineData("<html>access_token=a</html>")]
    [InlineData("\"access_token=a\"")]
    public void What_is_not_clearly_a_success_yields_no_token(string body)
    {
        Assert.Null(Tokens(body));
    }

    [Theory]
    [InlineData("""{"access_token":"a","error":null}""")]
    [InlineData("""{"access_token":"a","error":""}""")]
    [InlineData("""{"access_token":"a","error":false}""")]
    [InlineData("""{"access_token":"a","error":0}""")]
    [InlineData("""{"access_token":"a","error":[]}""")]
    [InlineData("""{"access_token":"a","error":{}}""")]
    public void An_empty_error_is_none(string body)
    {
        Assert.Equal("a", Tokens(body)?.AccessToken.Reveal());
    }

    [Theory]
    [InlineData(199)]
    [InlineData(302)]
    [InlineData(400)]
    [InlineData(500)]
    public void Only_2xx_can_be_a_success(int status)
    {
        Assert.Null(Read("""{"access_token":"a"}""", status: status).Tokens);
    }

    [Fact]
    public void A_created_answer_is_a_success_too()
    {
        Assert.NotNull(Read("""{"access_token":"a"}""", status: 201).Tokens);
    }

    [Fact]
    public void A_body_that_is_not_whole_yields_no_token()
    {
        var answer = new ProviderAnswer { Status = 200, Body = """{"access_token":"a"}"""u8.ToArray(), Truncated = true };

        var reading = AnswerReader.Read(Given.Provider, answer, Given.Now);

        Assert.Equal((AnswerKind.Truncated, null), (reading.Kind, reading.Tokens));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("text/javascript")]
    [InlineData("application/octet-stream")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public void Json_is_read_whatever_it_is_typed(string? contentType)
    {
        var result = Given.Answer(200, """{"access_token":"a"}""", contentType);

        Assert.Equal(RefreshClass.Success, Given.Provider.Classify(result).Class);
    }

    [Fact]
    public void A_form_is_read_with_its_escapes()
    {
        var tokens = Tokens("access_token=a%2Fb&scope=repo%2Cgist&token_type=bearer&expires_in=28800&refresh_token=r%20s+t\n");

        Assert.Equal(("a/b", "r s t", Given.Now.AddHours(8)), (tokens!.AccessToken.Reveal(), tokens.RefreshToken!.Reveal(), tokens.ExpiresAt));
        Assert.Equal(["repo", "gist"], tokens.Scopes!);
    }

    [Fact]
    public void Of_two_members_of_one_name_the_last_that_holds_something_counts()
    {
        var tokens = Tokens("""{"access_token":"old","access_token":"new","refresh_token":"r","refresh_token":null}""");

        Assert.Equal(("new", "r"), (tokens!.AccessToken.Reveal(), tokens.RefreshToken?.Reveal()));
    }

    [Fact]
    public void Byte_order_mark_comments_and_trailing_commas_do_no_harm()
    {
        Assert.Equal("a", Tokens("\ufeff  {/* x */\"access_token\":\"a\",}\r\n")?.AccessToken.Reveal());
    }

    [Fact]
    public void Latin_1_in_a_text_does_not_hide_the_token()
    {
        var body = Encoding.Latin1.GetBytes("""{"access_token":"a","note":"gültig"}""");

        var reading = AnswerReader.Read(Given.Provider, new ProviderAnswer { Status = 200, Body = body }, Given.Now);

        Assert.Equal("a", reading.Tokens?.AccessToken.Reveal());
    }

    [Fact]
    public void Json_too_deep_is_unreadable()
    {
        var body = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);

        Assert.Equal((AnswerKind.Unreadable, null), (Read(body).Kind, Read(body).Tokens));
    }

    [Fact]
    public void Paths_lead_into_objects_and_arrays()
    {
        var provider = Given.Provider with
        {
            Response = new ResponseRules
            {
                AccessToken = ["authed_user.access_token", "data.tokens.value"],
                RefreshToken = ["authed_user.refresh_token"],
                Expiry = ["authed_user.expires_in"],
                Scope = ["authed_user.scope"],
                Metadata = new Dictionary<string, string> { ["team"] = "team.id", ["object"] = "team", ["absent"] = "x" },
            },
        };

        var user = Read("""{"ok":true,"team":{"id":"T1"},"authed_user":{"access_token":"u","refresh_token":"ur","expires_in":43200,"scope":"a,b"}}""", provider).Tokens;
        var array = Read("""{"data":{"tokens":[{"value":null},{"value":"v"}]}}""", provider).Tokens;

        Assert.Equal(("u", "ur", Given.Now.AddHours(12)), (user!.AccessToken.Reveal(), user.RefreshToken!.Reveal(), user.ExpiresAt));
        Assert.Equal(["a", "b"], user.Scopes!);
        Assert.Equal(new Dictionary<string, string> { ["team"] = "T1" }, user.Metadata);
        Assert.Equal("v", array?.AccessToken.Reveal());
    }

    [Fact]
    public void A_variable_that_comes_with_the_answer_is_kept()
    {
        var provider = Given.Provider with
        {
            Variables = [new ProviderVariable { Name = "instance", Source = VariableSource.TokenAnswer, From = "instance_url", Kind = VariableKind.Url }],
        };

        var tokens = Read("""{"access_token":"a","instance_url":"https://na1.example"}""", provider).Tokens;

        Assert.Equal("https://na1.example", tokens!.Metadata["instance"]);
    }

    [Theory]
    [InlineData("""["read","write"]""", null)]
    [InlineData("\"read write\"", null)]
    [InlineData("\"read,write\"", null)]
    [InlineData("\"read+write\"", "+")]
    public void Scopes_come_as_text_or_array(string scope, string? separator)
    {
        var provider = Given.Provider with { Response = new ResponseRules { ScopeSeparator = separator } };

        var tokens = Read($$"""{"access_token":"a","scope":{{scope}}}""", provider).Tokens;

        Assert.Equal(["read", "write"], tokens!.Scopes!);
    }

    [Theory]
    [InlineData("bearer", "Bearer")]
    [InlineData("DPoP", "DPoP")]
    [InlineData("User Access Token", "User Access Token")]
    [InlineData("old-access-token-0123456789", "Bearer")]
    [InlineData("a\\u0000b", "Bearer")]
    [InlineData("", "Bearer")]
    public void A_token_type_is_made_of_words(string stated, string expected)
    {
        Assert.Equal(expected, Tokens($$"""{"access_token":"a","token_type":"{{stated}}"}""")!.TokenType);
    }

    [Theory]
    [InlineData("""{"access_token":"a"}""")]
    [InlineData("""{"access_token":"a","scope":""}""")]
    [InlineData("""{"access_token":"a","scope":null}""")]
    [InlineData("""{"access_token":"a","scope":[]}""")]
    [InlineData("""{"access_token":"a","scope":7}""")]
    public void Scopes_that_are_not_stated_are_null(string body)
    {
        Assert.Null(Tokens(body)!.Scopes);
    }

    [Fact]
    public void A_mark_of_failure_makes_an_error_of_an_answer_with_tokens()
    {
        var provider = Given.Provider with
        {
            Errors = new ErrorRules { FailureMarks = new Dictionary<string, string> { ["ok"] = "false" } },
        };

        Assert.Null(Read("""{"ok":false,"access_token":"a"}""", provider).Tokens);
        Assert.NotNull(Read("""{"ok":true,"access_token":"a"}""", provider).Tokens);
    }

    [Fact]
    public void Error_objects_yield_their_code_and_text()
    {
        var provider = Given.Provider with { Errors = new ErrorRules { Code = ["error"], SubCode = ["error.error_subcode", "error_codes"] } };

        var meta = Read("""{"error":{"message":"Session expired","type":"OAuthException","code":190,"error_subcode":463}}""", provider, 400);
        var microsoft = Read("""{"error":"invalid_grant","error_codes":[50173,70000]}""", provider, 400);

        Assert.Equal(["190", "OAuthException"], meta.ErrorCodes);
        Assert.Equal(["463"], meta.ErrorSubCodes);
        Assert.Equal("Session expired", meta.ErrorText);
        Assert.Equal(["50173", "70000"], microsoft.ErrorSubCodes);
    }

    [Theory]
    [InlineData("Retry-After", "60", 60)]
    [InlineData("retry-after", " 2.5 ", 2.5)]
    [InlineData("Retry-After", "Sun, 01 Mar 2026 12:02:00 GMT", 120)]
    [InlineData("Retry-After", "Sunday, 01-Mar-26 12:02:00 GMT", 120)]
    [InlineData("Retry-After", "Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("Retry-After", "99999999999", 7 * 86_400)]
    public void Retry_after_comes_in_seconds_or_as_a_date(string name, string value, double seconds)
    {
        var reading = AnswerReader.Read(Given.Provider, Given.Answer(429, "", null, (name, value)).Answer!, Given.Now);

        Assert.Equal(TimeSpan.FromSeconds(seconds), reading.RetryAfter);
    }

    [Fact]
    [Trait("Failure", "F86")]
    public void A_date_to_retry_stands_on_the_providers_clock()
    {
        var result = Given.Answer(429, "", null, ("Retry-After", "Sun, 01 Mar 2026 13:02:00 GMT"), ("Date", "Sun, 01 Mar 2026 13:00:00 GMT"));

        Assert.Equal(TimeSpan.FromMinutes(2), AnswerReader.Read(Given.Provider, result.Answer!, Given.Now).RetryAfter);
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("")]
    public void A_retry_after_that_says_nothing_is_none(string value)
    {
        Assert.Null(AnswerReader.Read(Given.Provider, Given.Answer(429, "", null, ("Retry-After", value)).Answer!, Given.Now).RetryAfter);
    }

    [Theory]
    [InlineData("x-rate-limit-reset", "1772366490", 90)]
    [InlineData("X-RateLimit-Reset", "30", 30)]
    [InlineData("RateLimit-Reset", "1772366340", 0)]
    [InlineData("RateLimit-Reset", "1e999", null)]
    public void The_end_of_the_rate_window_stands_in_when_throttled(string name, string value, int? seconds)
    {
        var throttled = Given.Answer(429, "", null, (name, value));
        var ordinary = Given.Answer(400, "", null, (name, value));

        Assert.Equal(seconds, (int?)AnswerReader.Read(Given.Provider, throttled.Answer!, Given.Now).RetryAfter?.TotalSeconds);
        Assert.Null(AnswerReader.Read(Given.Provider, ordinary.Answer!, Given.Now).RetryAfter);
    }

    [Fact]
    public void A_body_can_say_when_to_retry()
    {
        Assert.Equal(TimeSpan.FromSeconds(1.5), Read("""{"message":"rate limited","retry_after":1.5}""", status: 429).RetryAfter);
    }

    private static TokenAnswer? Tokens(string body) => Read(body).Tokens;

    private static AnswerReading Read(string body, ProviderDefinition? provider = null, int status = 200) =>
        AnswerReader.Read(provider ?? Given.Provider, Given.Answer(status, body).Answer!, Given.Now);
}
