using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

public sealed class RefreshVerdictsTests
{
    public static TheoryData<RefreshClass> Survivable =>
    [
        RefreshClass.RateLimited, RefreshClass.ProviderUnavailable, RefreshClass.Network, RefreshClass.AuthAmbiguous, RefreshClass.ClientMisconfigured,
        RefreshClass.RequestRejected, RefreshClass.NotDueYet, RefreshClass.OutcomeUnknown, RefreshClass.DecryptFailed,
        RefreshClass.ClientCredentialsMissing, RefreshClass.Unclassified,
    ];

    [Theory]
    [MemberData(nameof(Survivable))]
    [Trait("Req", "A7")]
    [Trait("Failure", "F44")]
    public void One_failure_that_is_no_verdict_never_ends_a_connection(RefreshClass @class)
    {
        foreach (var expired in new[] { false, true })
        {
            var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(@class), expired: expired));

            Assert.NotEqual(ConnectionStatus.NeedsReauthorization, verdict.Status);
            Assert.Null(verdict.Holds);
            Assert.NotNull(verdict.DueAt);
            Assert.NotEqual(DependentState.Paused, verdict.Dependents);
        }
    }

    [Theory]
    [MemberData(nameof(Survivable))]
    [Trait("Failure", "F51")]
    public void Transient_failures_never_disconnect_however_many(RefreshClass @class)
    {
        if (@class is RefreshClass.AuthAmbiguous or RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.ClientCredentialsMissing)
        {
            return;
        }

        var worn = Rig.Connection() with { ConsecutiveTransientFailures = 10_000, LastRefreshError = "other" };

        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(@class), worn, expired: true));

        Assert.NotEqual(ConnectionStatus.NeedsReauthorization, verdict.Status);
    }

    [Theory]
    [InlineData(RefreshClass.GrantDead, DisconnectReason.GrantInvalid)]
    [InlineData(RefreshClass.ConsentRequired, DisconnectReason.Consent)]
    [InlineData(RefreshClass.InteractionRequired, DisconnectReason.Policy)]
    [Trait("Req", "A7")]
    public void A_dead_grant_needs_its_user_at_the_first_verdict(RefreshClass @class, DisconnectReason reason)
    {
        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(@class)));

        Assert.Equal(ConnectionStatus.NeedsReauthorization, verdict.Status);
        Assert.Equal(reason, verdict.DisconnectReason);
        Assert.Null(verdict.DueAt);
        Assert.Equal(DependentState.Paused, verdict.Dependents);
        Assert.Equal(WhoActs.User, verdict.WhoActs);
        Assert.Equal(NotificationKind.Disconnected, Assert.Single(verdict.Opens).Kind);
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, ConnectionStatus.Degraded)]
    [Trait("Req", "I10")]
    public void By_default_a_dead_verdict_stops_sending_and_is_published_later(bool expired, ConnectionStatus? status)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.GrantDead), expired: expired);

        var verdict = RefreshVerdicts.Decide(facts with { Integration = facts.Integration with { Policy = new IntegrationPolicy() } });

        Assert.Equal(status, verdict.Status);
        Assert.Equal((null, null), (verdict.DueAt, verdict.DisconnectReason));
        Assert.Equal((DisconnectReason.GrantInvalid, Rig.Now.AddSeconds(60)), (verdict.Holds!.Reason, verdict.Holds.PublishAt));
        Assert.Empty(verdict.Opens);
    }

    [Fact]
    public void A_dead_verdict_on_a_token_in_doubt_is_a_lost_rotation()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.GrantDead));

        var verdict = RefreshVerdicts.Decide(facts with { Claim = facts.Claim with { InDoubtSince = Rig.Now.AddMinutes(-6) } });

        Assert.Equal(DisconnectReason.RotationLost, verdict.DisconnectReason);
    }

    [Fact]
    [Trait("Req", "C1")]
    public void Success_clears_everything_that_failures_left()
    {
        var worn = Rig.Connection() with
        {
            ConsecutiveFailures = 2,
            ConsecutiveTransientFailures = 4,
            Strikes = 2,
            FirstStrikeAt = Rig.Now,
            LastStrikeAt = Rig.Now,
            NextRetryAt = Rig.Now,
            LastRefreshError = "network:",
            DegradedAt = Rig.Now,
            DisconnectReason = DisconnectReason.Unclear,
        };

        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Success(), worn));

        Assert.Equal(
            new RefreshVerdict
            {
                Status = ConnectionStatus.Active,
                DueAt = verdict.DueAt,
                Dependents = DependentState.Active,
                ClosesNotifications = true,
                Opens = verdict.Opens,
                Decision = verdict.Decision,
                NextStep = verdict.NextStep,
            },
            verdict);
        Assert.Empty(verdict.Opens);
        Assert.Equal(Rig.Now.AddMinutes(50), verdict.DueAt);
    }

    [Fact]
    [Trait("Req", "E5")]
    [Trait("Failure", "F76")]
    public void Scopes_that_shrink_are_reported()
    {
        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Success("read")));

        var message = Assert.Single(verdict.Opens);
        Assert.Equal(NotificationKind.MissingScopes, message.Kind);
        Assert.Contains("write", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Req", "A9")]
    public void Only_a_connection_without_valid_token_is_degraded()
    {
        var valid = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.ProviderUnavailable)));
        var ended = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.ProviderUnavailable), expired: true));

        Assert.Null(valid.Status);
        Assert.Null(valid.DegradedAt);
        Assert.Equal(ConnectionStatus.Degraded, ended.Status);
        Assert.Equal(Rig.Now, ended.DegradedAt);
        Assert.Equal(DependentState.Degraded, ended.Dependents);
    }

    [Fact]
    [Trait("Req", "C2")]
    public void Three_spaced_strikes_past_expiry_disconnect_and_no_fewer()
    {
        var twice = Rig.Connection() with { Strikes = 2, FirstStrikeAt = Rig.Now.AddMinutes(-10), LastStrikeAt = Rig.Now.AddMinutes(-5) };

        var third = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), twice, expired: true));
        var whileValid = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), twice));
        var tooSoon = RefreshVerdicts.Decide(Rig.Facts(
            Rig.Of(RefreshClass.AuthAmbiguous), twice with { LastStrikeAt = Rig.Now.AddMinutes(-4) }, expired: true));
        var tooShort = RefreshVerdicts.Decide(Rig.Facts(
            Rig.Of(RefreshClass.AuthAmbiguous), twice with { FirstStrikeAt = Rig.Now.AddMinutes(-9) }, expired: true));

        Assert.Equal(ConnectionStatus.NeedsReauthorization, third.Status);
        Assert.Null(whileValid.Status);
        Assert.Equal(ConnectionStatus.Degraded, tooSoon.Status);
        Assert.Equal(2, tooSoon.Strikes);
        Assert.Equal(ConnectionStatus.Degraded, tooShort.Status);
    }

    [Fact]
    [Trait("Req", "C3")]
    public void The_second_strike_warns_once()
    {
        var once = Rig.Connection() with { Strikes = 1, FirstStrikeAt = Rig.Now.AddMinutes(-6), LastStrikeAt = Rig.Now.AddMinutes(-6) };

        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), once));

        Assert.Equal(NotificationKind.Warning, Assert.Single(verdict.Opens).Kind);
    }

    [Theory]
    [InlineData(RefreshClass.RateLimited, true)]
    [InlineData(RefreshClass.ProviderUnavailable, false)]
    [Trait("Req", "C3")]
    public void The_fifth_transient_failure_is_noted_and_says_rate_limiting_only_for_that(RefreshClass @class, bool saysRateLimiting)
    {
        var four = Rig.Connection() with { ConsecutiveTransientFailures = 4 };

        var note = Assert.Single(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(@class), four)).Opens);

        Assert.Equal(NotificationKind.TransientNote, note.Kind);
        Assert.Equal(saysRateLimiting, note.Text.Contains("rate limiting", StringComparison.Ordinal));
        Assert.Empty(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(@class), four with { ConsecutiveTransientFailures = 5 })).Opens);
    }

    [Fact]
    [Trait("Req", "A8")]
    public void Giving_up_is_a_policy_and_off_by_default()
    {
        var nine = Rig.Connection() with { ConsecutiveTransientFailures = 9 };
        var facts = Rig.Facts(Rig.Of(RefreshClass.Network), nine, expired: true);
        var strict = facts with { Integration = facts.Integration with { Policy = Rig.AtOnce with { GiveUpAfter = 10 } } };

        Assert.Equal(ConnectionStatus.Degraded, RefreshVerdicts.Decide(facts).Status);
        Assert.Equal(DisconnectReason.GaveUp, RefreshVerdicts.Decide(strict).DisconnectReason);
    }

    [Fact]
    public void A_throttled_integration_pauses_as_a_whole_where_the_provider_counts_so()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.RateLimited) with { RetryAfter = TimeSpan.FromSeconds(90) });
        var whole = facts with { Provider = Rig.Provider(throttle: Reach.Integration) };

        Assert.Null(RefreshVerdicts.Decide(facts).ThrottleIntegrationUntil);
        Assert.Equal(Rig.Now.AddSeconds(90), RefreshVerdicts.Decide(whole).ThrottleIntegrationUntil);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 4)]
    [InlineData(4, 32)]
    [Trait("Failure", "F92")]
    public void One_of_many_that_met_a_limit_for_all_is_tried_soon_after_the_pause_and_its_user_hears_nothing(int before, int seconds)
    {
        var connection = Rig.Connection() with { ConsecutiveTransientFailures = before };
        var facts = Rig.Facts(Rig.Of(RefreshClass.RateLimited) with { RetryAfter = TimeSpan.FromSeconds(2) }, connection) with
        {
            Provider = Rig.Provider(throttle: Reach.Integration),
        };

        var verdict = RefreshVerdicts.Decide(facts);

        Assert.Equal(Rig.Now.AddSeconds(seconds), verdict.DueAt);
        Assert.Equal(verdict.DueAt, verdict.NextRetryAt);
        Assert.Equal(Rig.Now.AddSeconds(2), verdict.ThrottleIntegrationUntil);
        Assert.Empty(verdict.Opens);
    }

    [Fact]
    public void One_that_meets_a_limit_for_all_each_time_climbs_no_further_than_the_ladder()
    {
        var facts = Rig.Facts(
            Rig.Of(RefreshClass.RateLimited) with { RetryAfter = TimeSpan.FromSeconds(50) }, Rig.Connection() with { ConsecutiveTransientFailures = 40 }, expired: true);
        var whole = facts with { Provider = Rig.Provider(throttle: Reach.Integration) };

        Assert.InRange(RefreshVerdicts.Decide(whole).DueAt!.Value, Rig.Now.AddMinutes(48), Rig.Now.AddMinutes(72));
    }

    [Fact]
    public void A_provider_cannot_pause_us_for_longer_than_an_hour()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.RateLimited) with { RetryAfter = TimeSpan.FromDays(30) });

        Assert.Equal(Rig.Now.AddHours(1), RefreshVerdicts.Decide(facts).NextRetryAt);
    }

    [Fact]
    public void An_unknown_outcome_waits_out_the_hold_when_the_token_may_be_gone()
    {
        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown)));

        Assert.Equal(Rig.Now, verdict.InDoubtSince);
        Assert.True(verdict.DueAt >= Rig.Now.AddMinutes(5));
    }

    [Fact]
    public void An_unknown_outcome_is_repeated_well_within_a_grace_period()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown)) with
        {
            Provider = Rig.Provider(new ReuseRule(ReuseKind.Grace, TimeSpan.FromSeconds(60))),
        };

        Assert.True(RefreshVerdicts.Decide(facts).DueAt <= Rig.Now.AddSeconds(30));
    }

    [Fact]
    public void An_unknown_outcome_of_a_reusable_token_is_just_a_failure()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown)) with { Provider = Rig.Provider(new ReuseRule(ReuseKind.Reusable)) };

        Assert.Null(RefreshVerdicts.Decide(facts).InDoubtSince);
    }

    [Fact]
    [Trait("Req", "F2")]
    public void An_integration_at_fault_costs_its_connections_nothing()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.ClientMisconfigured)) with { BlamesIntegration = true };

        var verdict = RefreshVerdicts.Decide(facts);

        Assert.Equal((0, 0, 0), (verdict.ConsecutiveFailures, verdict.ConsecutiveTransientFailures, verdict.Strikes));
        Assert.Equal(facts.Claim.DueAt, verdict.DueAt);
        Assert.Empty(verdict.Opens);
    }

    [Fact]
    [Trait("Failure", "F46")]
    public void Five_identical_answers_over_a_day_past_expiry_are_given_to_the_user_without_claiming_to_know()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Unclassified), expired: true);
        var worn = facts.Claim.Connection with
        {
            Strikes = 4,
            FirstStrikeAt = Rig.Now.AddHours(-25),
            LastRefreshError = facts.ErrorText,
        };
        var old = facts with
        {
            Claim = facts.Claim with { Connection = worn, Tokens = facts.Claim.Tokens with { ExpiresAt = Rig.Now.AddHours(-24) } },
        };

        var verdict = RefreshVerdicts.Decide(old);

        Assert.Equal(DisconnectReason.Unclear, verdict.DisconnectReason);
        Assert.Contains("cannot tell", Assert.Single(verdict.Opens).Text, StringComparison.Ordinal);
        Assert.Equal(
            ConnectionStatus.Degraded,
            RefreshVerdicts.Decide(old with { Claim = old.Claim with { Connection = worn with { LastRefreshError = "another" } } }).Status);
    }

    [Fact]
    [Trait("Req", "C2")]
    public void Without_refresh_token_the_access_token_serves_to_its_end()
    {
        Assert.Null(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.NoRefreshToken))).Status);
        Assert.Equal(DisconnectReason.NoRefreshToken, RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.NoRefreshToken), expired: true)).DisconnectReason);
    }
}
