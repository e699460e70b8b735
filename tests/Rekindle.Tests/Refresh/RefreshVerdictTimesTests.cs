using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>When a connection is tried again, and what is counted meanwhile: an hourly token ends in ten minutes, or ended a minute ago.</summary>
[Trait("Req", "A6")]
public sealed class RefreshVerdictTimesTests
{
    [Theory]
    [InlineData(10, 20)]
    [InlineData(29, 1)]
    public void A_doubt_inside_its_grace_is_settled_at_half_of_it_counted_from_the_first_doubt(int secondsAgo, int inSeconds)
    {
        var verdict = RefreshVerdicts.Decide(InDoubt(secondsAgo));

        Assert.Equal(Rig.Now.AddSeconds(inSeconds), verdict.DueAt);
        Assert.Equal(Rig.Now.AddSeconds(-secondsAgo), verdict.InDoubtSince);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(59)]
    public void A_doubt_past_half_of_its_grace_waits_out_the_hold(int secondsAgo) =>
        Assert.Equal(Rig.Now.AddMinutes(5), RefreshVerdicts.Decide(InDoubt(secondsAgo)).DueAt);

    [Theory]
    [InlineData(10, 5.5)] // ten minutes left, allowed in the last five: at nine tenths of those
    [InlineData(4, 1)]    // allowed already: a quarter of what is left
    public void Too_early_is_asked_again_when_the_provider_allows_it(double minutesLeft, double inMinutes)
    {
        var facts = Left(Rig.Facts(Rig.Of(RefreshClass.NotDueYet)), TimeSpan.FromMinutes(minutesLeft));
        var patient = facts.Provider with { Lifecycle = facts.Provider.Lifecycle with { EarliestRefresh = new(TimeSpan.FromMinutes(5), Confidence.Confirmed) } };

        var verdict = RefreshVerdicts.Decide(facts with { Provider = patient });

        Assert.Equal(Rig.Now.AddMinutes(inMinutes), verdict.DueAt);
        Assert.Null(verdict.Status);
    }

    [Fact]
    public void Too_early_is_not_asked_more_often_than_the_floor_and_degrades_what_has_ended()
    {
        var ended = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.NotDueYet), expired: true));

        Assert.Equal(Rig.Now + new RefreshOptions().RefreshFloor, ended.DueAt);
        Assert.Equal(ConnectionStatus.Degraded, ended.Status);
    }

    [Theory]
    [InlineData(60, 30)] // half a minute before the end
    [InlineData(2, 12)]  // of a short life a tenth
    public void The_ladder_does_not_sleep_past_the_end_of_the_token(int lifeMinutes, int secondsBefore)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Network), Rig.Connection() with { ConsecutiveTransientFailures = 9 });
        var tokens = facts.Claim.Tokens with { IssuedAt = Rig.Now.AddMinutes(10 - lifeMinutes) };

        var verdict = RefreshVerdicts.Decide(facts with { Claim = facts.Claim with { Tokens = tokens } });

        Assert.Equal(Rig.Now.AddMinutes(10).AddSeconds(-secondsBefore), verdict.DueAt);
    }

    [Fact]
    public void The_last_try_before_the_end_comes_no_sooner_than_the_first_rung_and_the_provider_s_wish()
    {
        var worn = Rig.Connection() with { ConsecutiveTransientFailures = 9 };
        var soon = Left(Rig.Facts(Rig.Of(RefreshClass.Network), worn), TimeSpan.FromSeconds(80));
        var wished = Left(Rig.Facts(Rig.Of(RefreshClass.ProviderUnavailable) with { RetryAfter = TimeSpan.FromMinutes(9.7) }, worn), TimeSpan.FromMinutes(10));

        // Tried once more after the end instead, when the ladder says.
        Assert.InRange(RefreshVerdicts.Decide(soon).DueAt!.Value, Rig.Now.AddMinutes(48), Rig.Now.AddMinutes(72));
        Assert.InRange(RefreshVerdicts.Decide(wished).DueAt!.Value, Rig.Now.AddMinutes(48), Rig.Now.AddMinutes(72));
        Assert.Equal(Rig.Now.AddSeconds(60), RefreshVerdicts.Decide(Left(soon, TimeSpan.FromSeconds(90))).DueAt);
    }

    [Fact]
    public void A_try_that_comes_before_the_end_anyway_stays_where_the_ladder_put_it() =>
        Assert.InRange(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.Network))).DueAt!.Value, Rig.Now.AddSeconds(48), Rig.Now.AddSeconds(72));

    [Fact]
    [Trait("Req", "C2")]
    public void A_strike_waits_at_least_the_spacing_and_one_that_comes_too_soon_moves_nothing()
    {
        var last = Rig.Now.AddMinutes(-4);
        var once = Rig.Connection() with { Strikes = 1, FirstStrikeAt = last, LastStrikeAt = last };

        var first = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous)));
        var tooSoon = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), once));

        Assert.Equal((1, Rig.Now, Rig.Now), (first.Strikes, first.FirstStrikeAt, first.LastStrikeAt));
        Assert.InRange(first.DueAt!.Value, Rig.Now.AddMinutes(5), Rig.Now.AddMinutes(6));
        Assert.Empty(first.Opens);
        Assert.Equal((1, last, last), (tooSoon.Strikes, tooSoon.FirstStrikeAt, tooSoon.LastStrikeAt));
    }

    [Fact]
    [Trait("Req", "C3")]
    public void The_warning_is_not_repeated_for_a_strike_that_does_not_count()
    {
        var twice = Rig.Connection() with { Strikes = 2, FirstStrikeAt = Rig.Now.AddMinutes(-7), LastStrikeAt = Rig.Now.AddMinutes(-1) };
        var once = twice with { Strikes = 1, LastStrikeAt = Rig.Now.AddMinutes(-1) };

        Assert.Empty(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), twice)).Opens);
        Assert.Empty(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), once)).Opens);
    }

    [Fact]
    [Trait("Req", "F2")]
    public void A_client_error_that_is_nobody_else_s_is_this_connection_s_strike()
    {
        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.ClientMisconfigured)));

        Assert.Equal((1, 1), (verdict.Strikes, verdict.ConsecutiveFailures));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 7)]
    public void Behind_a_provider_that_is_away_a_connection_keeps_its_place_and_its_count(int before, int after)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.ProviderUnavailable), Rig.Connection() with { ConsecutiveTransientFailures = before }) with { BlamesIntegration = true };

        var verdict = RefreshVerdicts.Decide(facts);

        Assert.Equal((after, Rig.Now, null), (verdict.ConsecutiveTransientFailures, verdict.DueAt, verdict.NextRetryAt));
    }

    [Fact]
    public void What_cannot_be_opened_counts_and_waits_for_the_ceiling()
    {
        var verdict = RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.DecryptFailed), Rig.Connection() with { ConsecutiveFailures = 2 }));

        Assert.Equal((3, Rig.Now.AddHours(1)), (verdict.ConsecutiveFailures, verdict.DueAt));
    }

    [Fact]
    [Trait("Failure", "F46")]
    public void Answers_nobody_can_explain_are_counted_while_they_are_the_same_and_end_nothing_within_a_day()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Unclassified), expired: true);
        var worn = facts.Claim.Connection with { Strikes = 3, FirstStrikeAt = Rig.Now.AddHours(-30), LastRefreshError = facts.ErrorText };

        var same = Decide(worn);
        var another = Decide(worn with { LastRefreshError = "another" });
        var fifthWithinTheDay = Decide(worn with { Strikes = 4 });

        Assert.Equal((4, worn.FirstStrikeAt), (same.Strikes, same.FirstStrikeAt));
        Assert.Equal((1, Rig.Now), (another.Strikes, another.FirstStrikeAt));
        Assert.Equal((5, ConnectionStatus.Degraded), (fifthWithinTheDay.Strikes, fifthWithinTheDay.Status));

        RefreshVerdict Decide(Connection connection) => RefreshVerdicts.Decide(facts with { Claim = facts.Claim with { Connection = connection } });
    }

    [Theory]
    [InlineData(5, 4, true)]
    [InlineData(4, 4, false)]
    [Trait("Req", "A8")]
    public void Giving_up_counts_failures_of_both_kinds(int transient, int others, bool givesUp)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Network), Rig.Connection() with { ConsecutiveTransientFailures = transient, ConsecutiveFailures = others });

        var verdict = RefreshVerdicts.Decide(facts with { Integration = facts.Integration with { Policy = Rig.AtOnce with { GiveUpAfter = 10 } } });

        Assert.Equal(givesUp ? DisconnectReason.GaveUp : null, verdict.DisconnectReason);
        Assert.Equal((transient + 1, others), (verdict.ConsecutiveTransientFailures, verdict.ConsecutiveFailures));
    }

    [Theory]
    [InlineData(RefreshClass.Network)]
    [InlineData(RefreshClass.RateLimited)]
    [InlineData(RefreshClass.OutcomeUnknown)]
    [InlineData(RefreshClass.Unclassified)]
    [Trait("Req", "A8")]
    public void Giving_up_is_the_last_word_whatever_failed(RefreshClass @class)
    {
        foreach (var reach in (Reach[])[Reach.Connection, Reach.Integration])
        {
            var facts = Rig.Facts(Rig.Of(@class), Rig.Connection() with { ConsecutiveTransientFailures = 9 }) with { Provider = Rig.Provider(throttle: reach) };

            var verdict = RefreshVerdicts.Decide(facts with { Integration = facts.Integration with { Policy = Rig.AtOnce with { GiveUpAfter = 10 } } });

            Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.GaveUp), (verdict.Status, verdict.DisconnectReason));
            Assert.Equal((null, null, WhoActs.User), (verdict.DueAt, verdict.NextRetryAt, verdict.WhoActs));
            Assert.StartsWith("gave up after 10", verdict.Decision, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Req", "I7")]
    public void Giving_up_on_an_unknown_outcome_leaves_the_token_in_doubt()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown), Rig.Connection() with { ConsecutiveTransientFailures = 9 });

        var verdict = RefreshVerdicts.Decide(facts with { Integration = facts.Integration with { Policy = Rig.AtOnce with { GiveUpAfter = 10 } } });

        Assert.Equal((DisconnectReason.GaveUp, Rig.Now), (verdict.DisconnectReason, verdict.InDoubtSince));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public void A_verdict_that_the_grant_is_over_is_one_more_failure(int confirmationSeconds)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.GrantDead), Rig.Connection() with { ConsecutiveFailures = 2 });
        var policy = Rig.AtOnce with { ConfirmationDelay = TimeSpan.FromSeconds(confirmationSeconds) };

        Assert.Equal(3, RefreshVerdicts.Decide(facts with { Integration = facts.Integration with { Policy = policy } }).ConsecutiveFailures);
    }

    [Fact]
    [Trait("Req", "A9")]
    public void A_connection_has_been_degraded_since_its_token_ended_and_only_then_are_its_dependents()
    {
        var since = Rig.Now.AddMinutes(-20);

        Assert.Equal(since, RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.Network), Rig.Connection() with { DegradedAt = since }, expired: true)).DegradedAt);
        Assert.Null(RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.Network))).Dependents);
    }

    [Fact]
    public void Scopes_that_stay_are_nothing_to_report() =>
        Assert.Empty(RefreshVerdicts.Decide(Rig.Facts(Rig.Success("write", "read"))).Opens);

    [Fact]
    public void A_cause_that_the_provider_names_is_the_reason() =>
        Assert.Equal(
            DisconnectReason.Revoked,
            RefreshVerdicts.Decide(Rig.Facts(Rig.Of(RefreshClass.GrantDead) with { Reason = DisconnectReason.Revoked })).DisconnectReason);

    private static RefreshFacts InDoubt(int secondsAgo)
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown));
        return facts with
        {
            Claim = facts.Claim with { InDoubtSince = Rig.Now.AddSeconds(-secondsAgo) },
            Provider = Rig.Provider(new ReuseRule(ReuseKind.Grace, TimeSpan.FromSeconds(60))),
        };
    }

    private static RefreshFacts Left(RefreshFacts facts, TimeSpan left) =>
        facts with { Claim = facts.Claim with { Tokens = facts.Claim.Tokens with { ExpiresAt = Rig.Now + left } } };
}
