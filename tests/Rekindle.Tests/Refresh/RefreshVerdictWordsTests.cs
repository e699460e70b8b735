using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Tests.Refresh;

/// <summary>What an operator reads of a verdict: what was decided, and what comes next and when (D1).</summary>
[Trait("Req", "D1")]
public sealed class RefreshVerdictWordsTests
{
    private const string Time = @"2026-03-01 \d\d:\d\d:\d\dZ";

    [Theory]
    [InlineData(RefreshClass.RateLimited, "connection paused: the provider is rate limiting", "next try " + Time)]
    [InlineData(RefreshClass.Network, "transient failure 1: back-off", "next try " + Time)]
    [InlineData(RefreshClass.ProviderUnavailable, "transient failure 1: back-off", "next try " + Time)]
    [InlineData(RefreshClass.OutcomeUnknown, "outcome unknown: the provider may have rotated the refresh token", "sent once more " + Time)]
    [InlineData(RefreshClass.GrantDead, "grant over: grant_invalid", "the user has to connect the account again")]
    [InlineData(RefreshClass.AuthAmbiguous, "strike 1 of 3", "next try " + Time)]
    [InlineData(RefreshClass.NotDueYet, "the provider says it is too early", "asked again " + Time)]
    [InlineData(RefreshClass.DecryptFailed, "nothing sent: the stored token cannot be opened", "next try " + Time)]
    [InlineData(RefreshClass.NoRefreshToken, "nothing sent: there is no refresh token", "the access token serves until 2026-03-01 12:10:00Z")]
    [InlineData(RefreshClass.Unclassified, "unclassified answer: never a reason to end a grant by itself", "next try " + Time)]
    public void Each_failure_says_what_was_decided_and_what_comes_next(RefreshClass @class, string decision, string nextStep) =>
        Says(Rig.Facts(Rig.Of(@class)), decision, nextStep);

    [Fact]
    public void Success_says_when_it_is_due_again() => Says(Rig.Facts(Rig.Success()), "committed", "next refresh due " + Time);

    [Fact]
    public void A_token_that_does_not_end_is_not_due_again()
    {
        var success = Rig.Success();
        Says(
            Rig.Facts(success with { Tokens = success.Tokens! with { ExpiresAt = null, ExpirySource = ExpirySource.Immortal } }),
            "committed",
            "no further refresh: the token does not end");
    }

    [Fact]
    public void Behind_a_provider_that_is_away_it_says_what_it_waits_for() => Says(
        Rig.Facts(Rig.Of(RefreshClass.Network)) with { BlamesIntegration = true },
        "the provider does not answer: the connection keeps its place",
        "tried when the integration's probe succeeds");

    [Fact]
    public void Behind_a_client_that_is_wrong_it_says_who_has_to_correct_what() => Says(
        Rig.Facts(Rig.Of(RefreshClass.ClientMisconfigured)) with { BlamesIntegration = true },
        "the integration's client is at fault, not this connection",
        "waits until the integration is corrected");

    [Fact]
    public void A_throttled_integration_says_that_all_of_it_is_paused() => Says(
        Rig.Facts(Rig.Of(RefreshClass.RateLimited)) with { Provider = Rig.Provider(throttle: Reach.Integration) },
        "integration paused: the provider is rate limiting",
        "next try " + Time);

    [Fact]
    public void A_reusable_token_says_that_it_may_go_again() => Says(
        Rig.Facts(Rig.Of(RefreshClass.OutcomeUnknown)) with { Provider = Rig.Provider(new(ReuseKind.Reusable)) },
        "outcome unknown; this token may be sent again",
        "next try " + Time);

    [Fact]
    public void A_strike_that_does_not_count_says_why() => Says(
        Rig.Facts(Rig.Of(RefreshClass.AuthAmbiguous), Rig.Connection() with { Strikes = 1, LastStrikeAt = Rig.Now.AddMinutes(-1) }),
        "no strike: less than 5 min after the last",
        "next try " + Time);

    [Fact]
    public void The_last_strike_says_that_it_was_the_last() => Says(
        Rig.Facts(
            Rig.Of(RefreshClass.AuthAmbiguous),
            Rig.Connection() with { Strikes = 2, FirstStrikeAt = Rig.Now.AddMinutes(-10), LastStrikeAt = Rig.Now.AddMinutes(-5) },
            expired: true),
        "strike 3 of 3",
        "the user has to connect the account again");

    [Fact]
    public void A_held_verdict_says_when_it_is_published()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.GrantDead));
        Says(
            facts with { Integration = facts.Integration with { Policy = new() } },
            "grant over: grant_invalid",
            "nothing is sent any more; published 2026-03-01 12:01:00Z, unless too many die at once");
    }

    [Fact]
    public void Giving_up_says_after_how_many_failures()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Network), Rig.Connection() with { ConsecutiveTransientFailures = 5, ConsecutiveFailures = 4 });
        Says(
            facts with { Integration = facts.Integration with { Policy = Rig.AtOnce with { GiveUpAfter = 10 } } },
            "gave up after 10 failures, as the policy asks",
            "the user has to connect the account again");
    }

    [Fact]
    public void Without_refresh_token_the_end_is_said()
    {
        Says(
            Rig.Facts(Rig.Of(RefreshClass.NoRefreshToken), expired: true),
            "nothing sent: there is no refresh token and the access token has ended",
            "the user has to connect the account again");
        var facts = Rig.Facts(Rig.Of(RefreshClass.NoRefreshToken));
        Says(
            facts with { Claim = facts.Claim with { Tokens = facts.Claim.Tokens with { ExpiresAt = null } } },
            "nothing sent: there is no refresh token",
            "the access token does not end");
    }

    [Fact]
    public void Answers_nobody_can_explain_say_how_many_there_were()
    {
        var facts = Rig.Facts(Rig.Of(RefreshClass.Unclassified), expired: true);
        var worn = facts.Claim.Connection with { Strikes = 4, FirstStrikeAt = Rig.Now.AddHours(-25), LastRefreshError = facts.ErrorText };
        Says(
            facts with { Claim = facts.Claim with { Connection = worn, Tokens = facts.Claim.Tokens with { ExpiresAt = Rig.Now.AddHours(-24) } } },
            "5 identical answers nobody can explain",
            "the user has to connect the account again");
    }

    private static void Says(RefreshFacts facts, string decision, string nextStep)
    {
        var verdict = RefreshVerdicts.Decide(facts);

        Assert.Equal(decision, verdict.Decision);
        Assert.Matches($@"\A{nextStep}\z", verdict.NextStep);
    }
}
