namespace Rekindle.Providers;

/// <summary>Reads lifecycle facts: each a mapping of <c>value</c>, <c>confidence</c>, <c>date</c> and <c>source</c>.</summary>
internal static class ProviderLifecycleReader
{
    public static ProviderLifecycle Read(CatalogueSection section) => new()
    {
        AccessTokenLifetime = Duration(section, "access_token_lifetime"),
        AccessTokenImmortal = Flag(section, "access_token_immortal"),
        RefreshTokenInactivity = Duration(section, "refresh_token_inactivity"),
        RefreshTokenAbsolute = Duration(section, "refresh_token_absolute"),
        RefreshExtendsAbsolute = Flag(section, "refresh_extends_absolute"),
        Rotation = Choice<Rotation>(section, "rotation"),
        Reuse = Fact(section, "reuse", Reuse),
        RefreshKillsAccessToken = Flag(section, "refresh_kills_access_token"),
        EarliestRefresh = Duration(section, "earliest_refresh"),
        MinimumInterval = Duration(section, "minimum_interval"),
        ThrottleScope = Choice<Reach>(section, "throttle_scope"),
        RevocationScope = Choice<Reach>(section, "revocation_scope"),
        GrantsPerUserAndClient = Fact(section, "grants_per_user_and_client", fact => fact.Number("value", 1, 100_000) ?? 1),
        Rate = Fact(section, "rate", Rate),
    };

    private static Fact<TimeSpan>? Duration(CatalogueSection section, string field) =>
        Fact(section, field, fact => fact.Duration("value") ?? TimeSpan.Zero);

    private static Fact<bool>? Flag(CatalogueSection section, string field) => Fact(section, field, fact => fact.Flag("value"));

    private static Fact<T>? Choice<T>(CatalogueSection section, string field)
        where T : struct, Enum => Fact(section, field, fact => fact.Choice<T>("value", default));

    private static ReuseRule Reuse(CatalogueSection fact)
    {
        var kind = fact.Choice("value", ReuseKind.Strict);
        var grace = fact.Duration("duration");
        if (kind is ReuseKind.Grace or ReuseKind.UntilSuccessorUsed && grace is null)
        {
            fact.Add("duration", "the field is missing; say for how long a used token is still accepted, such as 30m.");
        }

        if (kind is ReuseKind.Strict or ReuseKind.Reusable && grace is not null)
        {
            fact.Add("duration", $"contradicts the value: only `grace` and `until_successor_used` have a duration.");
        }

        return new ReuseRule(kind, grace);
    }

    private static RateFact Rate(CatalogueSection fact)
    {
        var requests = fact.Number("value", 1, 100_000_000) ?? 1;
        if (fact.Node("window") is null)
        {
            fact.Add("window", "the field is missing; say in which time so many requests are allowed, such as 10m.");
        }

        return new RateFact(requests, fact.Duration("window") ?? TimeSpan.FromMinutes(1));
    }

    private static Fact<T>? Fact<T>(CatalogueSection section, string field, Func<CatalogueSection, T> read)
    {
        if (section.Section(field) is not { } fact)
        {
            return null;
        }

        foreach (var required in (string[])["value", "confidence"])
        {
            if (fact.Node(required) is null)
            {
                fact.Add(required, "the field is missing; a fact has value, confidence (confirmed, reported, assumed), date and source.");
            }
        }

        var value = read(fact);
        var confidence = fact.Choice("confidence", Confidence.Assumed);
        var (date, source) = (fact.Date("date"), fact.Text("source"));
        if (confidence is not Confidence.Assumed && (date is null || string.IsNullOrWhiteSpace(source)))
        {
            fact.Add("confidence", "a confirmed or reported fact says when it was checked (date) and where it stands (source); else it is `assumed`.");
        }

        fact.Finish();
        return new Fact<T>(value, confidence, date, source);
    }
}
