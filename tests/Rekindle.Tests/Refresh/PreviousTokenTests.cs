using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>When the refresh token before the present one is sent again, and when it is not (I8).</summary>
[Trait("Req", "I8"), Trait("Failure", "F10")]
public sealed class PreviousTokenTests
{
    private static readonly TimeSpan Lease = new RefreshOptions().Lease;

    public static TheoryData<ReuseKind, TimeSpan?, TimeSpan, bool> Rules => new()
    {
        { ReuseKind.Strict, null, TimeSpan.Zero, false },
        { ReuseKind.Reusable, null, TimeSpan.FromDays(400), true },
        { ReuseKind.Grace, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(20), true },
        { ReuseKind.Grace, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(30) - Lease - TimeSpan.FromSeconds(1), true },
        { ReuseKind.Grace, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(30) - Lease, false },
        { ReuseKind.Grace, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(31), false },
        { ReuseKind.Grace, TimeSpan.FromMinutes(2), TimeSpan.Zero, false },
        { ReuseKind.UntilSuccessorUsed, TimeSpan.FromDays(30), TimeSpan.FromDays(29), true },
        { ReuseKind.UntilSuccessorUsed, TimeSpan.FromDays(30), TimeSpan.FromDays(30), false },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void The_token_before_is_put_back_where_the_reuse_rule_still_takes_it(ReuseKind kind, TimeSpan? grace, TimeSpan age, bool expected)
    {
        var verdict = RefreshVerdicts.Decide(Refused(new ReuseRule(kind, grace), age));

        Assert.Equal(expected ? Fallback.InUse : null, verdict.Fallback);
        Assert.Equal(expected ? null : DisconnectReason.GrantInvalid, verdict.DisconnectReason);
    }

    [Fact]
    public void Falling_back_ends_nothing_and_is_due_at_once()
    {
        var verdict = RefreshVerdicts.Decide(Refused(Until, TimeSpan.FromHours(1)));

        Assert.Equal((null, null, Rig.Now, null), (verdict.Status, verdict.Dependents, verdict.DueAt, verdict.NextRetryAt));
        Assert.Equal((0, 0, WhoActs.Nobody), (verdict.ConsecutiveFailures, verdict.Strikes, verdict.WhoActs));
        Assert.Empty(verdict.Opens);
        Assert.Null(verdict.Holds);
        Assert.Contains("put back", verdict.Decision, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DisconnectReason.Revoked)]
    [InlineData(DisconnectReason.Expired)]
    [InlineData(DisconnectReason.PasswordChanged)]
    [InlineData(DisconnectReason.AccountDisabled)]
    public void A_cause_that_the_provider_names_is_about_the_grant_and_not_about_one_of_its_tokens(DisconnectReason reason)
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));

        var verdict = RefreshVerdicts.Decide(facts with { Result = facts.Result with { Reason = reason } });

        Assert.Equal((null, reason), (verdict.Fallback, verdict.DisconnectReason));
    }

    [Theory]
    [InlineData(RefreshClass.ConsentRequired, DisconnectReason.Consent)]
    [InlineData(RefreshClass.InteractionRequired, DisconnectReason.Policy)]
    public void What_the_user_has_to_do_is_not_spared_by_another_token(RefreshClass @class, DisconnectReason reason)
    {
        var verdict = RefreshVerdicts.Decide(Refused(Until, TimeSpan.FromHours(1)) with { Result = Rig.Of(@class) });

        Assert.Equal((null, reason), (verdict.Fallback, verdict.DisconnectReason));
    }

    [Fact]
    public void A_token_that_may_have_been_used_up_has_no_predecessor_any_more()
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));

        var verdict = RefreshVerdicts.Decide(facts with { Claim = facts.Claim with { InDoubtSince = Rig.Now.AddMinutes(-6) } });

        Assert.Equal((null, DisconnectReason.RotationLost), (verdict.Fallback, verdict.DisconnectReason));
    }

    [Fact]
    public void Without_a_token_before_it_the_verdict_counts()
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));

        var verdict = RefreshVerdicts.Decide(With(facts, facts.Claim.Tokens with { PreviousRefreshToken = null, PreviousSentAt = null }));

        Assert.Equal((null, ConnectionStatus.NeedsReauthorization), (verdict.Fallback, verdict.Status));
    }

    [Fact]
    public void A_token_set_whose_access_token_is_exchanged_falls_back_on_nothing()
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));
        var exchanged = facts.Provider with { Requests = facts.Provider.Requests with { RefreshKind = RefreshKind.AccessToken } };

        Assert.Null(RefreshVerdicts.Decide(facts with { Provider = exchanged }).Fallback);
    }

    [Theory]
    [InlineData(Fallback.InUse, Fallback.Spent)]
    [InlineData(Fallback.Spent, null)]
    public void It_is_done_once_and_the_newest_token_is_put_back(Fallback before, Fallback? after)
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));

        var verdict = RefreshVerdicts.Decide(With(facts, facts.Claim.Tokens with { Fallback = before }));

        Assert.Equal((after, DisconnectReason.GrantInvalid), (verdict.Fallback, verdict.DisconnectReason));
        Assert.Equal(NotificationKind.Disconnected, Assert.Single(verdict.Opens).Kind);
    }

    [Fact]
    public void A_held_verdict_puts_the_newest_token_back_too()
    {
        var facts = Refused(Until, TimeSpan.FromHours(1));
        var held = facts with { Integration = facts.Integration with { Policy = new IntegrationPolicy() } };

        var verdict = RefreshVerdicts.Decide(With(held, held.Claim.Tokens with { Fallback = Fallback.InUse }));

        Assert.Equal((Fallback.Spent, DisconnectReason.GrantInvalid), (verdict.Fallback, verdict.Holds!.Reason));
    }

    [Theory]
    [InlineData(RefreshClass.Network)]
    [InlineData(RefreshClass.RateLimited)]
    [InlineData(RefreshClass.OutcomeUnknown)]
    [InlineData(RefreshClass.AuthAmbiguous)]
    public void Trouble_on_the_way_leaves_it_in_use(RefreshClass @class)
    {
        var facts = Refused(Until, TimeSpan.FromHours(1)) with { Result = Rig.Of(@class) };

        Assert.Null(RefreshVerdicts.Decide(With(facts, facts.Claim.Tokens with { Fallback = Fallback.InUse })).Fallback);
    }

    [Fact]
    [Trait("Req", "I7")]
    public void Doubt_begins_when_the_token_was_sent()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown)) with { SentAt = Rig.Now.AddSeconds(-50) };

        Assert.Equal(Rig.Now.AddSeconds(-50), RefreshVerdicts.Decide(facts).InDoubtSince);
    }

    private static ReuseRule Until { get; } = new(ReuseKind.UntilSuccessorUsed, TimeSpan.FromDays(30));

    // The refresh token was refused; the one before was first sent so long ago.
    private static RefreshFacts Refused(ReuseRule rule, TimeSpan age)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.GrantDead)) with { Provider = Rig.Provider(rule) };
        return With(facts, facts.Claim.Tokens with { PreviousRefreshToken = new SealedSecret([3]), PreviousSentAt = Rig.Now - age });
    }

    private static RefreshFacts With(RefreshFacts facts, TokenSet tokens) => facts with { Claim = facts.Claim with { Tokens = tokens } };
}
