using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "A7")]
public sealed class RefreshClassifierTests
{
    private const string Html = "<html><body>Bad Gateway</body></html>";

    public static TheoryData<int, string, string?, RefreshClass> GeneralTable => new()
    {
        // what the OAuth body says, whatever the status around it
        { 400, """{"error":"invalid_grant"}""", null, RefreshClass.GrantDead },
        { 401, """{"error":"invalid_grant"}""", null, RefreshClass.GrantDead },
        { 403, """{"error":"invalid_grant"}""", null, RefreshClass.GrantDead },
        { 200, """{"error":"invalid_grant"}""", null, RefreshClass.GrantDead },
        { 400, "error=invalid_grant&error_description=gone", null, RefreshClass.GrantDead },
        { 400, """{"error":"INVALID_GRANT"}""", null, RefreshClass.GrantDead },
        { 400, """{"error":"consent_required"}""", null, RefreshClass.ConsentRequired },
        { 400, """{"error":"interaction_required"}""", null, RefreshClass.InteractionRequired },
        { 400, """{"error":"login_required"}""", null, RefreshClass.InteractionRequired },
        { 401, """{"error":"invalid_client"}""", null, RefreshClass.ClientMisconfigured },
        { 400, """{"error":"invalid_client"}""", null, RefreshClass.ClientMisconfigured },
        { 400, """{"error":"unauthorized_client"}""", null, RefreshClass.ClientMisconfigured },
        { 400, """{"error":"invalid_request"}""", null, RefreshClass.RequestRejected },
        { 400, """{"error":"invalid_scope"}""", null, RefreshClass.RequestRejected },
        { 400, """{"error":"unsupported_grant_type"}""", null, RefreshClass.RequestRejected },
        { 400, """{"error":"server_error"}""", null, RefreshClass.ProviderUnavailable },
        { 400, """{"error":"temporarily_unavailable"}""", null, RefreshClass.ProviderUnavailable },
        { 400, """{"error":"slow_down"}""", null, RefreshClass.RateLimited },
        { 403, """{"error":"access_denied"}""", null, RefreshClass.AuthAmbiguous },
        { 401, """{"error":"something_new"}""", null, RefreshClass.AuthAmbiguous },
        { 403, """{"error":"something_new"}""", null, RefreshClass.AuthAmbiguous },

        // statuses without an OAuth body
        { 429, "", null, RefreshClass.RateLimited },
        { 429, Html, null, RefreshClass.RateLimited },
        { 429, """{"error":"invalid_grant"}""", null, RefreshClass.RateLimited },
        { 503, Html, "30", RefreshClass.RateLimited },
        { 503, Html, null, RefreshClass.ProviderUnavailable },
        { 500, Html, null, RefreshClass.ProviderUnavailable },
        { 500, "", null, RefreshClass.ProviderUnavailable },
        { 500, """{"error":"temporarily_unavailable"}""", null, RefreshClass.ProviderUnavailable },
        { 500, """{"error":"something_new"}""", null, RefreshClass.ProviderUnavailable },
        { 521, Html, null, RefreshClass.ProviderUnavailable },
        { 401, "", null, RefreshClass.ProviderUnavailable },
        { 401, Html, null, RefreshClass.ProviderUnavailable },
        { 403, Html, null, RefreshClass.ProviderUnavailable },
        { 403, """{"message":"Forbidden"}""", null, RefreshClass.ProviderUnavailable },
        { 403, """{"timestamp":"2026-03-01","status":403,"error":"Forbidden"}""", null, RefreshClass.ProviderUnavailable },
        { 401, """{"error":401}""", null, RefreshClass.ProviderUnavailable },
        { 400, Html, null, RefreshClass.ProviderUnavailable },
        { 408, "", null, RefreshClass.Network },
        { 425, "", null, RefreshClass.Network },

        // a server in trouble is no witness against a grant or a client
        { 500, """{"error":"invalid_grant"}""", null, RefreshClass.AuthAmbiguous },
        { 503, """{"error":"invalid_client"}""", null, RefreshClass.AuthAmbiguous },

        // the provider may have acted
        { 502, Html, null, RefreshClass.OutcomeUnknown },
        { 504, "", null, RefreshClass.OutcomeUnknown },
        { 524, Html, null, RefreshClass.OutcomeUnknown },
        { 502, """{"error":"Bad Gateway"}""", null, RefreshClass.OutcomeUnknown },
        { 504, """{"error":"temporarily_unavailable"}""", null, RefreshClass.ProviderUnavailable },
        { 200, "", null, RefreshClass.OutcomeUnknown },
        { 200, Html, null, RefreshClass.OutcomeUnknown },
        { 200, "{}", null, RefreshClass.OutcomeUnknown },
        { 200, """{"access_token":""}""", null, RefreshClass.OutcomeUnknown },
        { 200, """{"error":"something_new"}""", null, RefreshClass.OutcomeUnknown },
        { 204, "", null, RefreshClass.OutcomeUnknown },

        // nobody knows
        { 400, "", null, RefreshClass.Unclassified },
        { 400, "{}", null, RefreshClass.Unclassified },
        { 400, "Invalid Token!", null, RefreshClass.Unclassified },
        { 400, """{"error":"something_new"}""", null, RefreshClass.Unclassified },
        { 404, Html, null, RefreshClass.Unclassified },
        { 405, "", null, RefreshClass.Unclassified },
        { 410, Html, null, RefreshClass.Unclassified },
        { 418, "", null, RefreshClass.Unclassified },
        { 302, "", null, RefreshClass.Unclassified },
        { 307, """{"error":"invalid_grant"}""", null, RefreshClass.Unclassified },
    };

    [Theory]
    [MemberData(nameof(GeneralTable))]
    public void The_general_table_holds(int status, string body, string? retryAfter, RefreshClass expected)
    {
        var result = retryAfter is null ? Given.Answer(status, body, null) : Given.Answer(status, body, null, ("Retry-After", retryAfter));

        var classified = Given.Provider.Classify(result);

        Assert.Equal(expected, classified.Class);
        Assert.Null(classified.Tokens);
        Assert.NotNull(classified.Message);
    }

    [Theory]
    [InlineData(TransportFailureKind.NameResolution, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.Connect, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.Tls, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.Timeout, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.Cancelled, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.NotSent, WhoActs.Nobody)]
    [InlineData(TransportFailureKind.AddressRefused, WhoActs.Operator)]
    [Trait("Req", "B5")]
    public void What_failed_before_anything_was_written_may_be_repeated(TransportFailureKind kind, WhoActs whoActs)
    {
        var classified = Given.Provider.Classify(Failure(kind, contentWritten: false));

        Assert.Equal((RefreshClass.Network, true, whoActs), (classified.Class, classified.ProvablyNotSent, classified.WhoActs));
    }

    [Theory]
    [InlineData(TransportFailureKind.Timeout)]
    [InlineData(TransportFailureKind.Reset)]
    [InlineData(TransportFailureKind.Malformed)]
    [InlineData(TransportFailureKind.Tls)]
    [InlineData(TransportFailureKind.Cancelled)]
    [Trait("Req", "I7")]
    [Trait("Failure", "F09")]
    public void What_failed_after_the_content_began_to_be_written_has_an_unknown_outcome(TransportFailureKind kind)
    {
        var classified = Given.Provider.Classify(Failure(kind, contentWritten: true));

        Assert.Equal((RefreshClass.OutcomeUnknown, false), (classified.Class, classified.ProvablyNotSent));
    }

    [Theory]
    [InlineData(200, RefreshClass.OutcomeUnknown)]
    [InlineData(400, RefreshClass.Network)]
    [InlineData(401, RefreshClass.Network)]
    [InlineData(404, RefreshClass.Unclassified)]
    [InlineData(429, RefreshClass.RateLimited)]
    [InlineData(500, RefreshClass.ProviderUnavailable)]
    [InlineData(504, RefreshClass.OutcomeUnknown)]
    public void An_answer_that_broke_off_is_judged_by_its_status(int status, RefreshClass expected)
    {
        var result = Given.Answer(status, """{"error":"invalid_""") with { Failure = new(TransportFailureKind.Reset, "broke") };

        var classified = Given.Provider.Classify(result with { Answer = new ProviderAnswer { Status = status, Body = result.Answer!.Body, Truncated = true } });

        Assert.Equal((expected, false), (classified.Class, classified.ProvablyNotSent));
    }

    [Fact]
    [Trait("Req", "F2")]
    public void Only_a_code_that_speaks_of_our_client_alone_halts_at_once()
    {
        Assert.True(Given.Provider.Classify(Given.Answer(401, """{"error":"invalid_client"}""")).HaltsAtOnce);
        Assert.False(Given.Provider.Classify(Given.Answer(400, """{"error":"unauthorized_client"}""")).HaltsAtOnce);
        Assert.False(Given.Provider.Classify(Given.Answer(400, """{"error":"invalid_grant"}""")).HaltsAtOnce);
    }

    [Theory]
    [InlineData("""{"error":"invalid_grant","error_description":"Refresh token expired"}""", DisconnectReason.GrantInvalid, WhoActs.User)]
    [InlineData("""{"error":"consent_required"}""", DisconnectReason.Consent, WhoActs.User)]
    [InlineData("""{"error":"interaction_required"}""", DisconnectReason.Policy, WhoActs.User)]
    [InlineData("""{"error":"invalid_client"}""", null, WhoActs.Operator)]
    [InlineData("""{"error":"server_error"}""", null, WhoActs.Nobody)]
    public void The_reason_never_claims_more_than_is_known(string body, DisconnectReason? reason, WhoActs whoActs)
    {
        var classified = Given.Provider.Classify(Given.Answer(400, body));

        Assert.Equal((reason, whoActs), (classified.Reason, classified.WhoActs));
    }

    [Fact]
    public void A_dialect_is_asked_before_the_general_table()
    {
        var provider = Dialect(
            new ErrorRule { Code = "invalid_grant", Text = "already being processed", Class = RefreshClass.ProviderUnavailable, Confidence = Confidence.Confirmed },
            new ErrorRule { Code = "invalid_grant", SubCode = "50173", Class = RefreshClass.GrantDead, Reason = DisconnectReason.Revoked, Confidence = Confidence.Confirmed },
            new ErrorRule { Status = 401, Code = "invalid_request", Class = RefreshClass.GrantDead, Confidence = Confidence.Reported },
            new ErrorRule { Code = "7000222", Class = RefreshClass.ClientMisconfigured, Confidence = Confidence.Confirmed },
            new ErrorRule { Code = "ratelimited", Class = RefreshClass.RateLimited, WhoActs = WhoActs.Operator, Confidence = Confidence.Confirmed });

        Assert.Equal(
            RefreshClass.ProviderUnavailable,
            provider.Classify(Given.Answer(400, """{"error":"invalid_grant","error_description":"Token request is ALREADY being processed"}""")).Class);
        var revoked = provider.Classify(Given.Answer(400, """{"error":"invalid_grant","error_codes":[65001,50173]}"""));
        Assert.Equal((RefreshClass.GrantDead, DisconnectReason.Revoked, "50173"), (revoked.Class, revoked.Reason, revoked.ErrorSubCode));
        Assert.Equal(RefreshClass.GrantDead, provider.Classify(Given.Answer(401, """{"error":"invalid_request"}""")).Class);
        Assert.Equal(RefreshClass.RequestRejected, provider.Classify(Given.Answer(400, """{"error":"invalid_request"}""")).Class);
        Assert.True(provider.Classify(Given.Answer(400, """{"error":"7000222"}""")).HaltsAtOnce);
        var limited = provider.Classify(Given.Answer(200, """{"ok":false,"error":"ratelimited"}"""));
        Assert.Equal((RefreshClass.RateLimited, WhoActs.Operator), (limited.Class, limited.WhoActs));
    }

    [Fact]
    public void An_assumed_rule_can_only_make_us_more_careful()
    {
        var provider = Dialect(
            new ErrorRule { Code = "odd_code", Class = RefreshClass.GrantDead },
            new ErrorRule { Code = "invalid_grant", Text = "try later", Class = RefreshClass.ProviderUnavailable },
            new ErrorRule { Code = "invalid_grant", Text = "password", Class = RefreshClass.GrantDead, Reason = DisconnectReason.PasswordChanged },
            new ErrorRule { Code = "odd_client", Class = RefreshClass.ClientMisconfigured });

        Assert.Equal(RefreshClass.Unclassified, provider.Classify(Given.Answer(400, """{"error":"odd_code"}""")).Class);
        Assert.Equal(RefreshClass.AuthAmbiguous, provider.Classify(Given.Answer(401, """{"error":"odd_code"}""")).Class);
        Assert.Equal(
            RefreshClass.ProviderUnavailable,
            provider.Classify(Given.Answer(400, """{"error":"invalid_grant","error_description":"try later"}""")).Class);
        Assert.Equal(
            DisconnectReason.GrantInvalid,
            provider.Classify(Given.Answer(400, """{"error":"invalid_grant","error_description":"password changed"}""")).Reason);
        Assert.False(provider.Classify(Given.Answer(401, """{"error":"odd_client"}""")).HaltsAtOnce);
    }

    [Theory]
    [InlineData(400, RefreshClass.GrantDead)]
    [InlineData(200, RefreshClass.GrantDead)]
    [InlineData(429, RefreshClass.RateLimited)]
    [InlineData(408, RefreshClass.Network)]
    [InlineData(503, RefreshClass.AuthAmbiguous)]
    [InlineData(500, RefreshClass.GrantDead)]
    public void A_vendors_dead_code_on_an_answer_of_trouble_is_evidence_only_unless_the_rule_names_the_status(int status, RefreshClass expected)
    {
        var provider = Dialect(
            new ErrorRule { Status = 500, Code = "bad_token", Class = RefreshClass.GrantDead, Confidence = Confidence.Confirmed },
            new ErrorRule { Code = "bad_token", Class = RefreshClass.GrantDead, Reason = DisconnectReason.Revoked, Confidence = Confidence.Confirmed });

        var classified = provider.Classify(Given.Answer(status, """{"error":"bad_token"}"""));

        Assert.Equal(expected, classified.Class);
        Assert.Equal(classified.EndsGrant, classified.Reason is not null);
    }

    [Fact]
    public void A_pattern_that_is_not_valid_matches_nothing()
    {
        var provider = Dialect(new ErrorRule { Text = "(?=look)[", Class = RefreshClass.GrantDead, Confidence = Confidence.Confirmed });

        Assert.Equal(RefreshClass.Unclassified, provider.Classify(Given.Answer(400, """{"error_description":"look"}""")).Class);
    }

    [Fact]
    public void A_pattern_made_to_explode_does_not()
    {
        var provider = Dialect(new ErrorRule { Text = "^(a+)+$", Class = RefreshClass.GrantDead, Confidence = Confidence.Confirmed });
        var text = new string('a', 100_000) + "!";

        Assert.Equal(RefreshClass.Unclassified, provider.Classify(Given.Answer(400, $$"""{"error_description":"{{text}}"}""")).Class);
    }

    [Fact]
    public void The_same_token_handed_back_means_it_was_too_early()
    {
        var same = Given.Grant.AccessToken!.Reveal();

        var classified = Given.Provider.Classify(Given.Answer(200, $$"""{"access_token":"{{same}}","expires_in":300}"""));

        Assert.Equal((RefreshClass.NotDueYet, true), (classified.Class, classified.IsTransient));
        Assert.NotNull(classified.Tokens);
    }

    [Fact]
    [Trait("Failure", "F11")]
    public void The_same_token_with_a_new_refresh_token_is_a_success_whose_refresh_token_is_kept()
    {
        var same = Given.Grant.AccessToken!.Reveal();

        var classified = Given.Provider.Classify(Given.Answer(200, $$"""{"access_token":"{{same}}","refresh_token":"new","expires_in":300}"""));

        Assert.Equal((RefreshClass.Success, "new"), (classified.Class, classified.Tokens!.RefreshToken!.Reveal()));
    }

    [Fact]
    public void The_same_token_with_a_later_end_was_extended()
    {
        var same = Given.Grant.AccessToken!.Reveal();

        var classified = Given.Provider.Classify(Given.Answer(200, $$"""{"access_token":"{{same}}","expires_in":5184000}"""));

        Assert.Equal((RefreshClass.Success, Given.Now.AddDays(60)), (classified.Class, classified.Tokens!.ExpiresAt));
    }

    [Fact]
    public void The_same_token_with_an_end_that_is_only_assumed_was_not_extended()
    {
        var same = Given.Grant.AccessToken!.Reveal();

        Assert.Equal(RefreshClass.NotDueYet, Given.Provider.Classify(Given.Answer(200, $$"""{"access_token":"{{same}}"}""")).Class);
    }

    [Fact]
    [Trait("Req", "I13")]
    public void Texts_are_bounded_on_one_line_and_free_of_secrets()
    {
        var sent = Given.Grant.RefreshToken!.Reveal();
        var body = $$"""{"error":"invalid_grant{{sent}}","error_description":"Token {{sent}} is\u0000\r\n bad; {{new string('x', 3)}} {{string.Join(' ', Enumerable.Repeat("word", 1000))}}"}""";

        var classified = Given.Provider.Classify(Given.Answer(400, body));

        Assert.StartsWith("Token <secret> is bad; xxx word", classified.Message, StringComparison.Ordinal);
        Assert.Equal(500, classified.Message!.Length);
        Assert.Equal("invalid_grant<secret>", classified.ErrorCode);
    }

    [Fact]
    public void An_exchange_without_a_grant_is_classified_alike()
    {
        var result = Given.Answer(200, """{"access_token":"a","refresh_token":"r","expires_in":60}""");

        var classified = RefreshClassifier.Classify(Given.Provider, result, new GrantMaterial());

        Assert.Equal((RefreshClass.Success, WhoActs.Nobody), (classified.Class, classified.WhoActs));
    }

    private static ProviderDefinition Dialect(params ErrorRule[] rules) =>
        Given.Provider with { Errors = new ErrorRules { SubCode = ["suberror", "error_codes"], Rules = rules } };

    private static ExchangeResult Failure(TransportFailureKind kind, bool contentWritten) =>
        new() { RequestedAt = Given.Now, Failure = new(kind, "words"), ContentWritten = contentWritten, Secrets = [new Secret("xxxxxxxx")] };
}
