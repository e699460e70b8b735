using System.Globalization;
using System.Text;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Providers;

/// <summary>
/// Every entry of the catalogue against its table in Dialects/: the requests it makes, the facts that decide how careful
/// the engine is, and what its answers mean.
/// </summary>
public sealed class DialectTests
{
    private static readonly ProviderCatalogue Catalogue = ProviderCatalogue.Load();
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClientCredentials Client = new("client", new Secret("secret-1"));

    private static readonly GrantMaterial Grant = new()
    {
        AccessToken = new Secret("access-1"),
        RefreshToken = new Secret("refresh-1"),
        ExpiresAt = Now.AddMinutes(5),
        Scopes = ["scope-1"],
    };

    [Fact]
    public void Every_entry_has_a_table()
    {
        Assert.Equal(Catalogue.All.Select(provider => provider.Key), DialectTable.All.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    [Trait("Req", "D3")]
    public void Its_requests_stand_on_the_wire_as_written(string key)
    {
        var table = DialectTable.All[key];

        Assert.Equal(Lines(table.Requests), Lines(Requests(Catalogue.Find(key)!, table.Variables)));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Its_facts_make_the_engine_as_careful_as_written(string key)
    {
        Assert.Equal(Lines(DialectTable.All[key].Facts), Lines(Facts(Catalogue.Find(key)!.Lifecycle)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("Req", "A7")]
    [Trait("Failure", "F46")]
    public void Its_answers_mean_what_the_table_says(string key, string name)
    {
        var (provider, expected) = (Catalogue.Find(key)!, Case(key, name));

        var actual = RefreshClassifier.Classify(provider, Result(expected), Grant);

        Assert.Equal(Describe(expected), Describe(actual));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Each_of_its_rules_decides_a_case(string key)
    {
        var provider = Catalogue.Find(key)!;
        var decided = DialectTable.All[key].AllCases().Select(one => Rule(provider, one)).OfType<ErrorRule>().ToHashSet();

        Assert.DoesNotContain(provider.Errors.Rules, rule => !decided.Contains(rule));
    }

    public static TheoryData<string> Tables => [.. DialectTable.All.Keys.Order(StringComparer.Ordinal)];

    public static TheoryData<string, string> Cases =>
        [.. DialectTable.All.SelectMany(table => table.Value.AllCases().Select(one => (table.Key, one.Name)))];

    private static DialectCase Case(string key, string name) => DialectTable.All[key].AllCases().Single(one => one.Name == name);

    private static ExchangeResult Result(DialectCase one) => new()
    {
        RequestedAt = Now,
        ContentWritten = true,
        Answer = new ProviderAnswer
        {
            Status = one.Status,
            ContentType = one.ContentType,
            Headers = [.. one.Headers],
            Body = Encoding.UTF8.GetBytes(one.Body),
        },
    };

    private static ErrorRule? Rule(ProviderDefinition provider, DialectCase one)
    {
        var answer = Result(one).Answer!;
        var reading = AnswerReader.Read(provider, answer, Now);
        return reading.Tokens is null
            ? Dialect.Find(provider.Errors.Rules, answer.Status, reading, GeneralTable.Decide(answer, reading, brokeOff: false).Class)
            : null;
    }

    private static string Describe(DialectCase one) => Describe(
        one.Class, one.Reason, one.WhoActs ?? one.Class.WhoActs(), one.Halts, one.RetryAfterSeconds,
        one.Class is not RefreshClass.Success ? null : Describe(
            one.RefreshToken, one.ExpiresInSeconds, one.RefreshExpiresInSeconds, one.Scopes, one.Metadata));

    private static string Describe(Classified classified) => Describe(
        classified.Class, classified.Reason, classified.WhoActs, classified.HaltsAtOnce, (int?)classified.RetryAfter?.TotalSeconds,
        classified.Tokens is not { } tokens ? null : Describe(
            tokens.RefreshToken?.Reveal(), Seconds(tokens.ExpiresAt), Seconds(tokens.RefreshTokenExpiresAt),
            tokens.Scopes is { } scopes ? string.Join(' ', scopes) : null, tokens.Metadata));

    private static string Describe(
        RefreshClass @class, DisconnectReason? reason, WhoActs whoActs, bool halts, int? retryAfter, string? tokens) =>
        $"{@class}, reason {reason}, {whoActs} acts, halts {halts}, retry after {retryAfter}; {tokens}";

    private static string Describe(
        string? refreshToken, int? expiresIn, int? refreshExpiresIn, string? scopes, IReadOnlyDictionary<string, string> metadata) =>
        $"refresh token {refreshToken}, ends in {expiresIn}, refresh token ends in {refreshExpiresIn}, scopes {scopes}, {string.Join(", ", metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))}";

    private static int? Seconds(DateTimeOffset? at) => (int?)(at - Now)?.TotalSeconds;

    private static Dictionary<string, string> Requests(ProviderDefinition provider, Dictionary<string, string> variables)
    {
        var grant = Grant with { Variables = variables };
        var code = new CodeGrant
        {
            Code = new Secret("code-1"),
            RedirectUri = "https://app.example/callback",
            CodeVerifier = new Secret("verifier-1"),
            Variables = variables,
        };
        var authorize = new AuthorizeRequest
        {
            RedirectUri = code.RedirectUri,
            State = "state-1",
            CodeChallenge = "challenge-1",
            Variables = variables,
        };

        return new()
        {
            ["authorize"] = TokenRequestBuilder.Authorize(provider, Client, authorize) is AuthorizeOutcome.Ready(var address)
                ? Uri.UnescapeDataString(address.AbsoluteUri)
                : "none",
            ["exchange"] = Wire(TokenRequestBuilder.ExchangeCode(provider, Client, code, Now)),
            ["upgrade"] = Wire(TokenRequestBuilder.Upgrade(provider, Client, grant, Now)),
            ["refresh"] = Wire(TokenRequestBuilder.Refresh(provider, Client, grant, Now)),
            ["revoke"] = Wire(TokenRequestBuilder.Revoke(provider, Client, grant, Now)),
            ["identity"] = provider.Identity.Source is IdentitySource.Request
                ? Wire(TokenRequestBuilder.Identity(provider, grant))
                : $"{provider.Identity.Source}: {provider.Identity.Path}",
        };
    }

    private static string Wire(TokenRequestOutcome outcome)
    {
        if (outcome is not TokenRequestOutcome.Ready(var request))
        {
            return "none";
        }

        var headers = request.Headers
            .Where(header => header.Key is not "User-Agent" && header is not { Key: "Accept", Value: "application/json" })
            .Select(header => header.Value.StartsWith("Basic ", StringComparison.Ordinal)
                ? $"Basic {Encoding.UTF8.GetString(Convert.FromBase64String(header.Value["Basic ".Length..]))}"
                : $"{header.Key}: {header.Value}");
        var content = Uri.UnescapeDataString(Encoding.UTF8.GetString(request.Content.Span));
        return string.Join(" | ", [$"{request.Method} {Uri.UnescapeDataString(request.Uri.AbsoluteUri)}", .. headers, .. content.Length > 0 ? [content] : Array.Empty<string>()]);
    }

    private static Dictionary<string, string> Facts(ProviderLifecycle lifecycle) => new()
    {
        ["rotation"] = Fact(lifecycle.Rotation),
        ["reuse"] = lifecycle.EffectiveReuse is { Grace: { } grace } reuse ? $"{reuse.Kind} {grace}" : $"{lifecycle.EffectiveReuse.Kind}",
        ["access_token_ends"] = Fact(lifecycle.AccessTokenLifetime),
        ["without_expiry_it_lives_on"] = lifecycle.EffectiveImmortal ? "yes" : "no",
        ["refresh_token_idle"] = Fact(lifecycle.RefreshTokenInactivity),
        ["refresh_token_ends"] = Fact(lifecycle.RefreshTokenAbsolute) + (lifecycle.RefreshExtendsAbsolute?.Value == true ? ", anew with each refresh" : ""),
        ["throttling_pauses"] = lifecycle.EffectiveThrottleScope.ToString(),
        ["orphans_may_be_revoked"] = lifecycle.RevocationIsHarmless ? "yes" : "no",
    };

    private static string Fact<T>(Fact<T>? fact) =>
        fact is null ? "unknown" : string.Create(CultureInfo.InvariantCulture, $"{fact.Value} ({fact.Confidence})");

    /// <summary>Sorted, and without what goes without saying.</summary>
    private static string Lines(Dictionary<string, string> pairs) =>
        string.Join('\n', Telling(pairs).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}"));

    private static IEnumerable<KeyValuePair<string, string>> Telling(Dictionary<string, string> pairs) =>
        pairs.Where(pair => pair.Value is not ("none" or "unknown" or "no" or "Integration"));
}
