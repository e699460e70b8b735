using Rekindle.Drills.Chaos;

namespace Rekindle.Server.Tests.Drills;

/// <summary>A checker that cannot fail proves nothing: each rule of the chaos drill is shown a history that breaks it, and its near neighbour that does not.</summary>
public sealed class HistoryCheckerTests
{
    private const string Worker = "worker-1";
    private const string Reuse = "no refresh token is presented again";
    private const string Expired = "no expired token";
    private const string Versions = "versions never go backwards";
    private const string Rotation = "no rotation is lost";
    private const string Record = "every presented token";
    private const string Ending = "every connection ends";

    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private static readonly ChaosBounds Bounds = new(
        Skew: TimeSpan.FromSeconds(2), Staleness: TimeSpan.FromSeconds(5), Durable: TimeSpan.FromSeconds(1), HttpDeadline: TimeSpan.FromSeconds(5),
        DoubtHeld: TimeSpan.FromSeconds(20));

    private int _number;

    [Fact]
    public void A_good_history_is_clean()
    {
        var verdicts = HistoryChecker.Check(Of(
            presented: [Rotates(1, at: 10), Rotates(2, at: 20)],
            recorded: [Attempt(1), Attempt(2)],
            served: [Serve("api-1", 2, asked: 11), Serve("api-2", 3, asked: 21)],
            final: [new("con", "active", null, IsAtRest: true, IsServed: true)]));

        Assert.All(verdicts, v => Assert.Empty(v.Violations));
        Assert.Equal([2, 2, 2, 2, 2, 1], verdicts.Select(v => v.Checked));
    }

    [Fact]
    public void A_token_that_comes_back_without_a_recorded_doubt_is_found()
    {
        Presented[] presented = [Rotates(1, at: 10), Comes(1, at: 20) with { IsReuse = true }];

        Assert.NotEmpty(Violations(Reuse, Of(presented, recorded: [Attempt(1), Attempt(1)])));
        Assert.Empty(Violations(Reuse, Of(presented, recorded: [Attempt(1) with { IsUnknown = true }, Attempt(1)])));
        Assert.Empty(Violations(Reuse, Of(presented, recorded: [Lost(), Attempt(1)])));
    }

    [Fact]
    public void A_doubt_that_is_recorded_afterwards_allows_nothing() => Assert.NotEmpty(Violations(Reuse, Of(
        [Rotates(1, at: 10), Comes(1, at: 20) with { IsReuse = true }], recorded: [Attempt(1), Attempt(1) with { IsUnknown = true }])));

    [Fact]
    public void One_doubt_allows_one_more_presentation_and_no_second()
    {
        Presented[] presented = [Rotates(1, at: 10), Comes(1, at: 20) with { IsReuse = true }, Comes(1, at: 30) with { IsReuse = true }];
        var doubt = Attempt(1) with { IsUnknown = true };

        Assert.NotEmpty(Violations(Reuse, Of(presented, recorded: [doubt, Attempt(1), Attempt(1)])));
        Assert.Empty(Violations(Reuse, Of(presented, recorded: [doubt, Attempt(1) with { IsUnknown = true }, Attempt(1)])));
    }

    [Fact]
    public void The_doubt_about_another_token_or_connection_allows_nothing() => Assert.NotEmpty(Violations(Reuse, Of(
        [Rotates(1, at: 10), Comes(1, at: 20) with { IsReuse = true }],
        recorded: [Attempt(2) with { IsUnknown = true }, Lost() with { Connection = "other" }, Attempt(1), Attempt(1)])));

    [Fact]
    public void An_expired_token_that_is_served_is_found()
    {
        var served = Serve("api-1", 2, asked: 50);

        Assert.NotEmpty(Violations(Expired, Of(served: [served with { EndsAt = At(47) }])));
        Assert.Empty(Violations(Expired, Of(served: [served with { EndsAt = At(49), ExpiresAt = At(49) }])));
    }

    [Fact]
    public void A_token_that_is_said_to_live_longer_than_it_does_is_found() => Assert.NotEmpty(Violations(Expired, Of(
        served: [Serve("api-1", 2, asked: 10) with { EndsAt = At(30), ExpiresAt = At(60) }])));

    [Fact]
    public void A_version_that_falls_for_one_server_is_found_at_once() => Assert.NotEmpty(Violations(Versions, Of(
        served: [Serve("api-1", 3, asked: 10), Serve("api-1", 2, asked: 11)])));

    [Fact]
    public void Answers_that_cross_on_the_way_do_not_count_as_falling() => Assert.Empty(Violations(Versions, Of(
        served: [Serve("api-1", 3, asked: 10), Serve("api-1", 2, asked: 9.9) with { Answered = At(12) }])));

    [Fact]
    public void Another_server_may_be_behind_for_the_staleness_bound_and_no_longer()
    {
        var newer = Serve("api-1", 3, asked: 10);

        Assert.Empty(Violations(Versions, Of(served: [newer, Serve("api-2", 2, asked: 15)])));
        Assert.NotEmpty(Violations(Versions, Of(served: [newer, Serve("api-2", 2, asked: 15.2)])));
        Assert.Empty(Violations(Versions, Of(served: [newer, Serve("api-2", 2, asked: 15.2) with { IsStale = true }])));
        Assert.Empty(Violations(Versions, Of(served: [newer, Serve("api-2", 2, asked: 15.2) with { Connection = "other" }])));
    }

    [Fact]
    public void What_was_served_while_the_database_was_away_is_known_elsewhere_when_it_is_back()
    {
        Served[] served = [Serve("api-1", 3, asked: 10), Serve("api-2", 2, asked: 19)];

        Assert.Empty(Violations(Versions, Of(served: served, storeAway: [new("database", At(9), At(15))])));
        Assert.NotEmpty(Violations(Versions, Of(served: served, storeAway: [new("database", At(9), At(13.5))])));
        Assert.NotEmpty(Violations(Versions, Of(served: served, storeAway: [new("database", At(11), At(20))])));
    }

    [Fact]
    public void A_rotation_whose_answer_came_and_whose_parent_is_presented_again_is_found()
    {
        var first = Rotates(1, at: 10);

        Assert.NotEmpty(Violations(Rotation, Of([first, Comes(1, at: 20)])));
        Assert.NotEmpty(Violations(Rotation, Of([first, Comes(1, at: 20) with { IsReuse = true, IsRefused = true }])));
    }

    [Fact]
    public void A_rotation_that_the_provider_alone_knows_of_is_no_loss_of_ours()
    {
        var again = Comes(1, at: 30) with { IsReuse = true, IsRefused = true };

        Assert.Empty(Violations(Rotation, Of([Rotates(1, at: 10) with { IsAnswerSpoiled = true }, again])));
        Assert.Empty(Violations(Rotation, Of([Rotates(1, at: 10) with { AnsweredAt = null }, again])));
        Assert.Empty(Violations(Rotation, Of([Rotates(1, at: 10) with { AnsweredAt = At(15) }, again])));
        Assert.Empty(Violations(Rotation, Of([Rotates(1, at: 10), again], interruptions: [new(Worker, At(10.5), At(14))])));
    }

    [Fact]
    public void A_process_that_dies_long_after_the_answer_or_another_one_excuses_nothing()
    {
        Presented[] presented = [Rotates(1, at: 10), Comes(1, at: 30) with { IsReuse = true, IsRefused = true }];

        Assert.NotEmpty(Violations(Rotation, Of(presented, interruptions: [new(Worker, At(11.2), At(14))])));
        Assert.NotEmpty(Violations(Rotation, Of(presented, interruptions: [new("worker-2", At(10), At(14))])));
        Assert.NotEmpty(Violations(Rotation, Of(presented, interruptions: [new(Worker, At(5), At(9))])));
    }

    [Fact]
    public void A_machine_that_stays_away_longer_than_the_doubt_is_held_takes_what_it_knows_along()
    {
        Presented[] presented = [Rotates(1, at: 10), Comes(1, at: 50) with { IsReuse = true, IsRefused = true }];

        Assert.Empty(Violations(Rotation, Of(presented, interruptions: [new(Worker, At(15), At(60))])));
        Assert.NotEmpty(Violations(Rotation, Of(presented, interruptions: [new(Worker, At(15), At(34))])));
        Assert.NotEmpty(Violations(Rotation, Of(presented, interruptions: [new(Worker, At(31), At(60))])));
    }

    [Fact]
    public void A_refusal_out_of_nothing_is_found() =>
        Assert.NotEmpty(Violations(Rotation, Of([Comes(1, at: 10) with { IsRefused = true }])));

    [Fact]
    public void A_presentation_without_a_record_is_found()
    {
        Presented[] presented = [Rotates(1, at: 10), Rotates(2, at: 20)];

        Assert.NotEmpty(Violations(Record, Of(presented, recorded: [Attempt(1)])));
        Assert.NotEmpty(Violations(Record, Of(presented, recorded: [Attempt(1), Attempt(1)])));
        Assert.Empty(Violations(Record, Of(presented, recorded: [Attempt(1), Lost()])));
        Assert.NotEmpty(Violations(Record, Of(presented, recorded: [Lost()])));
    }

    [Fact]
    public void One_attempt_told_of_twice_is_one_attempt()
    {
        var lost = Lost();
        Recorded[] recorded = [lost, Attempt(1) with { Id = lost.Id }];

        Assert.NotEmpty(Violations(Record, Of([Rotates(1, at: 10), Comes(1, at: 20)], recorded)));
    }

    [Theory]
    [InlineData("degraded", null, true, true)]
    [InlineData("needs_reauthorization", "revoked", true, false)]
    [InlineData("needs_reauthorization", "rotation_lost", true, false)]
    [InlineData("active", null, false, true)]
    [InlineData("active", null, true, false)]
    public void A_connection_that_does_not_end_well_is_found(string status, string? reason, bool isAtRest, bool isServed) =>
        Assert.NotEmpty(Violations(Ending, Of(final: [new("con", status, reason, isAtRest, isServed)])));

    [Fact]
    public void A_lost_rotation_that_the_provider_refused_is_an_honest_ending() => Assert.Empty(Violations(Ending, Of(
        [Rotates(1, at: 10) with { IsAnswerSpoiled = true }, Comes(1, at: 20) with { IsReuse = true, IsRefused = true }],
        final: [new("con", "needs_reauthorization", "rotation_lost", IsAtRest: true, IsServed: false)])));

    private static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    private static IReadOnlyList<string> Violations(string rule, ChaosHistory history) =>
        Assert.Single(HistoryChecker.Check(history), v => v.Rule.StartsWith(rule, StringComparison.Ordinal)).Violations;

    private static ChaosHistory Of(
        Presented[]? presented = null, Recorded[]? recorded = null, Served[]? served = null, FinalState[]? final = null, Interruption[]? interruptions = null,
        Interruption[]? storeAway = null) => new()
        {
            Presented = presented ?? [],
            Recorded = recorded ?? [],
            Served = served ?? [],
            Final = final ?? [],
            Interruptions = interruptions ?? [],
            StoreAway = storeAway ?? [],
            Bounds = Bounds,
        };

    private static TokenName Token(int generation) => new("revoking", "g1", generation);

    private Presented Comes(int generation, double at) => new(++_number, Token(generation), "con", Worker, At(at), At(at + 0.1));

    private Presented Rotates(int generation, double at) => Comes(generation, at) with { Successor = generation + 1 };

    private static Recorded Attempt(int generation) => new(Guid.NewGuid(), "con", Token(generation), IsUnknown: false);

    private static Recorded Lost() => new(Guid.NewGuid(), "con", null, IsUnknown: true);

    private static Served Serve(string reader, int version, double asked) =>
        new(reader, "con", version, At(asked), At(asked + 0.05), At(asked + 30), At(asked + 30), IsStale: false);
}
