using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

[Trait("Req", "B3")]
public sealed class ExpiryReaderTests
{
    private const string InOneHour = "2026-03-01T13:00:00Z";

    [Theory]
    [Trait("Failure", "F36")]
    [InlineData("\"expires_in\":3600", 3600)]
    [InlineData("\"expires_in\":\"3600\"", 3600)]
    [InlineData("\"expires_in\":\" 3600 \"", 3600)]
    [InlineData("\"expires_in\":3599.5", 3599.5)]
    [InlineData("\"expires_in\":3.6e3", 3600)]
    [InlineData("\"expires_in\":\"3600.0\"", 3600)]
    [InlineData("\"expires_in\":5183944", 5_183_944)]
    [InlineData("\"expires_in\":315705599", 315_705_599)]
    [InlineData("\"expires_in\":\"3600s\"", 3600)]
    [InlineData("\"expires_in\":\"60 minutes\"", 3600)]
    [InlineData("\"expires_in\":\"1h\"", 3600)]
    [InlineData("\"expires_in\":\"PT1H\"", 3600)]
    [InlineData("\"expires_in\":\"3600000ms\"", 3600)]
    [InlineData("\"expires\":7200", 7200)]
    public void Lifetimes_are_read_however_they_are_written(string field, double seconds)
    {
        var tokens = Tokens(field);

        Assert.Equal((Given.Now.AddSeconds(seconds), ExpirySource.ExpiresIn), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Theory]
    [Trait("Failure", "F36")]
    [InlineData("\"expires_at\":1772370000")]
    [InlineData("\"expires_at\":\"1772370000\"")]
    [InlineData("\"expires_at\":1772370000.0")]
    [InlineData("\"expires_at\":1772370000000")]
    [InlineData("\"expires_in\":1772370000")]
    [InlineData("\"expires_at\":\"2026-03-01T13:00:00Z\"")]
    [InlineData("\"expires_at\":\"2026-03-01T14:00:00+01:00\"")]
    [InlineData("\"expires_at\":\"2026-03-01T13:00:00.000\"")]
    [InlineData("\"expires_at\":\"Sun, 01 Mar 2026 13:00:00 GMT\"")]
    [InlineData("\"exp\":1772370000")]
    public void Absolute_times_are_read_however_they_are_written(string field)
    {
        var tokens = Tokens(field);

        Assert.Equal((Time(InOneHour), ExpirySource.AbsoluteField), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Theory]
    [InlineData("\"x\":1")]
    [InlineData("\"expires_in\":null")]
    [InlineData("\"expires_in\":\"\"")]
    [InlineData("\"expires_in\":0")]
    [InlineData("\"expires_in\":-1")]
    [InlineData("\"expires_in\":\"never\"")]
    [InlineData("\"expires_in\":true")]
    [InlineData("\"expires_in\":{\"a\":1}")]
    [InlineData("\"expires_in\":1e308")]
    [InlineData("\"expires_in\":\"NaN\"")]
    [InlineData("\"expires_in\":\"Infinity\"")]
    [InlineData("\"expires_at\":1600000000")]
    [InlineData("\"expires_at\":\"2020-01-01T00:00:00Z\"")]
    [InlineData("\"expires_at\":999999999999999999999999")]
    [Trait("Failure", "F35")]
    public void What_says_nothing_counts_as_900_seconds_and_is_marked(string field)
    {
        var tokens = Tokens(field);

        Assert.Equal((Given.Now.AddSeconds(900), ExpirySource.Assumed), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Fact]
    public void A_later_field_is_asked_when_the_first_says_nothing()
    {
        var tokens = Tokens("\"expires_in\":null,\"expires_at\":1772370000");

        Assert.Equal((Time(InOneHour), ExpirySource.AbsoluteField), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Fact]
    public void A_lifetime_wins_over_an_absolute_time()
    {
        Assert.Equal(Given.Now.AddSeconds(60), Tokens("\"expires_at\":1772370000,\"expires_in\":60").ExpiresAt);
    }

    [Theory]
    [InlineData(ExpiryForm.Milliseconds, "3600000")]
    [InlineData(ExpiryForm.Milliseconds, "\"3600000\"")]
    [InlineData(ExpiryForm.Seconds, "3600")]
    [InlineData(ExpiryForm.UnixSeconds, "1772370000")]
    [InlineData(ExpiryForm.UnixMilliseconds, "1772370000000")]
    [InlineData(ExpiryForm.Iso8601, "\"2026-03-01T13:00:00Z\"")]
    [InlineData(ExpiryForm.Seconds, "\"2026-03-01T13:00:00Z\"")]
    public void The_form_that_the_entry_names_decides_where_it_can(ExpiryForm form, string value)
    {
        var provider = Given.Provider with { Response = new ResponseRules { ExpiryForm = form } };

        Assert.Equal(Time(InOneHour), Tokens($"\"expires_in\":{value}", provider).ExpiresAt);
    }

    [Fact]
    public void A_documented_lifetime_tells_milliseconds_from_seconds()
    {
        var provider = Given.Provider with { Lifecycle = new ProviderLifecycle { AccessTokenLifetime = Assumed(TimeSpan.FromHours(1)) } };

        Assert.Equal(Given.Now.AddHours(1), Tokens("\"expires_in\":3600000", provider).ExpiresAt);
        Assert.Equal(Given.Now.AddDays(1), Tokens("\"expires_in\":86400", provider).ExpiresAt);
    }

    [Fact]
    [Trait("Req", "B2")]
    public void The_claim_in_the_token_is_read_before_anything_is_assumed()
    {
        var jwt = $"{Part("""{"alg":"none"}""")}.{Part("""{"exp":1772370000,"sub":"x"}""")}.c2ln";

        var tokens = Read($$"""{"access_token":"{{jwt}}"}""", Given.Provider with { Lifecycle = Documented(TimeSpan.FromDays(1)) });

        Assert.Equal((Time(InOneHour), ExpirySource.Jwt), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Theory]
    [InlineData("a.b.c")]
    [InlineData("..")]
    [InlineData("eyJhIjoxfQ.bm90IGpzb24.x")]
    [InlineData("eyJhIjoxfQ.eyJleHAiOiJ4In0.x")]
    [InlineData("eyJhIjoxfQ.eyJleHAiOi0xfQ.x")]
    [InlineData("not-a-jwt")]
    public void A_token_that_is_no_jwt_with_an_expiry_is_none(string token)
    {
        Assert.Null(JwtExpiry.Read(token));
    }

    [Fact]
    public void A_documented_lifetime_stands_in()
    {
        var tokens = Tokens("\"x\":1", Given.Provider with { Lifecycle = Documented(TimeSpan.FromHours(2)) });

        Assert.Equal((Given.Now.AddHours(2), ExpirySource.ProviderDefault), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Theory]
    [InlineData(7200, 900)]
    [InlineData(300, 300)]
    public void An_assumed_lifetime_can_only_shorten(int assumed, int expected)
    {
        var provider = Given.Provider with { Lifecycle = new ProviderLifecycle { AccessTokenLifetime = Assumed(TimeSpan.FromSeconds(assumed)) } };

        var tokens = Tokens("\"x\":1", provider);

        Assert.Equal((Given.Now.AddSeconds(expected), ExpirySource.Assumed), (tokens.ExpiresAt, tokens.ExpirySource));
    }

    [Fact]
    public void Immortal_is_a_token_only_where_the_provider_is_known_for_it()
    {
        var known = Given.Provider with { Lifecycle = new ProviderLifecycle { AccessTokenImmortal = new Fact<bool>(true, Confidence.Confirmed) } };
        var guessed = Given.Provider with { Lifecycle = new ProviderLifecycle { AccessTokenImmortal = new Fact<bool>(true, Confidence.Assumed) } };

        Assert.Equal((null, ExpirySource.Immortal), (Tokens("\"x\":1", known).ExpiresAt, Tokens("\"x\":1", known).ExpirySource));
        Assert.Equal(ExpirySource.Assumed, Tokens("\"x\":1", guessed).ExpirySource);
        Assert.Equal(Given.Now.AddHours(8), Tokens("\"expires_in\":28800", known).ExpiresAt);
    }

    [Theory]
    [Trait("Failure", "F86")]
    [InlineData("12:05:00", "12:55:00")] // their clock is ahead: an hour on it is 55 minutes from its now
    [InlineData("11:55:00", "13:00:00")] // behind: ours gives the earlier end
    [InlineData("13:30:00", "13:00:00")] // past on theirs: only ours lies ahead
    public void An_absolute_time_is_read_on_the_clock_that_gives_the_earlier_end_ahead(string theirNow, string end)
    {
        var result = Given.Answer(200, $$"""{"access_token":"a","expires_at":"{{InOneHour}}"}""", "application/json", ("Date", $"Sun, 01 Mar 2026 {theirNow} GMT"));

        Assert.Equal(Time($"2026-03-01T{end}Z"), Given.Provider.Classify(result).Tokens!.ExpiresAt);
    }

    [Theory]
    [InlineData("\"refresh_token_expires_in\":8640000", 8_640_000)]
    [InlineData("\"refresh_expires_in\":\"5184000\"", 5_184_000)]
    public void The_refresh_tokens_own_end_is_kept(string field, int seconds)
    {
        Assert.Equal(Given.Now.AddSeconds(seconds), Tokens(field).RefreshTokenExpiresAt);
    }

    [Theory]
    [InlineData("\"refresh_token_expires_in\":0")]
    [InlineData("\"refresh_token_expires_in\":null")]
    public void A_refresh_token_without_end_has_none(string field)
    {
        Assert.Null(Tokens(field).RefreshTokenExpiresAt);
    }

    private static TokenAnswer Tokens(string field, ProviderDefinition? provider = null) =>
        Read($$"""{"access_token":"a",{{field}}}""", provider ?? Given.Provider);

    private static TokenAnswer Read(string body, ProviderDefinition provider) =>
        AnswerReader.Read(provider, Given.Answer(200, body).Answer!, Given.Now).Tokens!;

    private static Fact<TimeSpan> Assumed(TimeSpan lifetime) => new(lifetime, Confidence.Assumed);

    private static ProviderLifecycle Documented(TimeSpan lifetime) => new() { AccessTokenLifetime = new Fact<TimeSpan>(lifetime, Confidence.Confirmed) };

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
