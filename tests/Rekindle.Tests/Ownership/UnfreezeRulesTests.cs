using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Tests.Ownership;

/// <summary>What presenting a refresh token again could do, by catalogue facts and by what is known of the time in between.</summary>
[Trait("Req", "I14")]
public sealed class UnfreezeRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ProviderDefinition Base = ProviderCatalogue.Load(new ProviderCatalogueOptions()).Find("ebay")!;

    private static readonly RefreshableGrant Grant = new()
    {
        Id = new ConnectionId(42),
        IntegrationId = 1,
        HasRefreshToken = true,
        GrantNo = 1,
        Version = 7,
        DueAt = Now.AddHours(-1),
        ExpiresAt = Now.AddMinutes(-30),
    };

    // An hour is missing, from a backup of two hours ago until an hour ago.
    private static readonly ForeignWork Backup = new(Now.AddHours(-2), Now.AddHours(-1).AddMinutes(1), Now);

    [Theory]
    [InlineData(ReuseKind.Reusable, 0, UnfreezeClass.Safe)]
    [InlineData(ReuseKind.Strict, 0, UnfreezeClass.Doubtful)]
    [InlineData(ReuseKind.Grace, 1, UnfreezeClass.Doubtful)]
    [InlineData(ReuseKind.Grace, 3, UnfreezeClass.Safe)]
    [InlineData(ReuseKind.UntilSuccessorUsed, 24 * 30, UnfreezeClass.Doubtful)]
    public void The_provider_s_reuse_rule_decides_first(ReuseKind kind, int graceHours, UnfreezeClass expected) =>
        Assert.Equal(expected, UnfreezeRules.Sort(Grant, Provider(new ReuseRule(kind, TimeSpan.FromHours(graceHours))), Backup, JournalledFate.Unknown));

    [Fact]
    public void An_unknown_rule_is_strict() => Assert.Equal(
        UnfreezeClass.Doubtful, UnfreezeRules.Sort(Grant, Base with { Lifecycle = new ProviderLifecycle() }, Backup, JournalledFate.Unknown));

    [Fact]
    public void What_was_not_due_before_the_other_work_ended_was_not_touched_unless_it_was_in_doubt_already()
    {
        var notDue = Grant with { DueAt = Now.AddMinutes(-30) };

        Assert.Equal(UnfreezeClass.Safe, Sort(notDue));
        Assert.Equal(UnfreezeClass.Doubtful, Sort(notDue with { IsInDoubt = true }));
    }

    [Fact]
    public void A_valid_access_token_gives_time() => Assert.Equal(UnfreezeClass.Valid, Sort(Grant with { ExpiresAt = Now.AddMinutes(1) }));

    [Fact]
    public void A_refresh_token_that_has_ended_is_lost() => Assert.Equal(UnfreezeClass.Lost, Sort(Grant with { RefreshTokenExpiresAt = Now }));

    [Fact]
    public void Where_nothing_is_presented_nothing_can_happen() => Assert.Equal(UnfreezeClass.Safe, Sort(Grant with { HasRefreshToken = false }));

    [Fact]
    public void Where_nobody_else_has_worked_everything_is_safe() => Assert.Equal(
        UnfreezeClass.Safe, UnfreezeRules.Sort(Grant, Provider(ReuseRule.Strict), Backup with { Until = null }, JournalledFate.Unknown));

    [Theory]
    [InlineData(new[] { 7 }, 0, UnfreezeClass.Safe)]
    [InlineData(new[] { 7, 8, 9 }, 0, UnfreezeClass.Safe)]
    [InlineData(new[] { 5, 6 }, 0, UnfreezeClass.Doubtful)]
    [InlineData(new[] { 9 }, 0, UnfreezeClass.Lost)]
    [InlineData(new[] { 7, 9 }, 0, UnfreezeClass.Lost)]
    // It was due again while the other work went on, perhaps on another machine, whose journal is not here.
    [InlineData(new[] { 7 }, -2, UnfreezeClass.Doubtful)]
    public void The_journal_knows_what_came_after(int[] parents, int dueInHours, UnfreezeClass expected)
    {
        var journal = new JournalMemory();
        foreach (var version in parents)
        {
            journal.Add(Result(version) with { DueAt = Now.AddHours(dueInHours) });
        }

        Assert.Equal(expected, UnfreezeRules.Sort(Grant, Provider(ReuseRule.Strict), Backup, journal.Of(Grant.Id, Grant.GrantNo, Grant.Version)));
    }

    private static UnfreezeClass Sort(RefreshableGrant grant) => UnfreezeRules.Sort(grant, Provider(ReuseRule.Strict), Backup, JournalledFate.Unknown);

    private static ProviderDefinition Provider(ReuseRule rule) => Base with
    {
        Lifecycle = new ProviderLifecycle { Reuse = new Fact<ReuseRule>(rule, Confidence.Confirmed) },
    };

    private static JournalledResult Result(int version) => new()
    {
        GrantNo = 1,
        Version = version,
        Epoch = 0,
        Tokens = new NewTokens { AccessToken = new([1]), IssuedAt = Now, ExpirySource = ExpirySource.ExpiresIn },
        Attempt = new Attempt
        {
            Id = Guid.CreateVersion7(Now),
            CreatedAt = Now,
            ConnectionId = Grant.Id,
            IntegrationId = 1,
            Key = new ConnectionKey("production", "acme", "", "u", "default", ""),
            Source = RefreshSource.Scheduled,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            Decision = "",
            NextStep = "",
            Worker = "w",
            WorkerVersion = "1",
        },
    };
}
