using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Tests.Ownership;

/// <summary>When a database is ours to refresh, and when it is frozen (I14).</summary>
[Trait("Req", "I14")]
public sealed class OwnershipRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Span = TimeSpan.FromMinutes(10);
    private static readonly DatabasePlace Home = new("production", "db:5432/rekindle");
    private static readonly DatabaseOwner Owner = new() { DatabaseId = "id", Place = Home, Epoch = 3, Mark = Now.AddSeconds(-5) };

    [Theory]
    [InlineData("the same place", null)]
    [InlineData("another deployment", FreezeReason.OtherDeployment)]
    [InlineData("another endpoint", FreezeReason.OtherEndpoint)]
    [InlineData("a list with the endpoint in it", null)]
    [InlineData("other capitals", null)]
    [Trait("Failure", "F82")]
    public void A_copy_is_told_by_deployment_and_endpoint(string where, FreezeReason? reason)
    {
        var here = where switch
        {
            "another deployment" => Home with { Deployment = "staging" },
            "another endpoint" => Home with { Endpoint = "db:5432/rekindle_copy" },
            "a list with the endpoint in it" => Home with { Endpoint = "replica:5432/rekindle, db:5432/rekindle" },
            "other capitals" => Home with { Endpoint = "DB:5432/rekindle" },
            _ => Home,
        };

        Assert.Equal(reason, OwnershipRules.Judge(Owner, here, Remembered(), Span, Now)?.Reason);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(10 * 60, null)]
    [InlineData((10 * 60) + 1, FreezeReason.OldBackup)]
    [InlineData(7 * 24 * 3600, FreezeReason.OldBackup)]
    public void An_old_backup_is_behind_by_more_than_the_journal_can_make_good(int seconds, FreezeReason? reason) => Assert.Equal(
        reason, OwnershipRules.Judge(Owner, Home, new RememberedMark(3, Owner.Mark.AddSeconds(seconds)), Span, Now)?.Reason);

    [Fact]
    public void A_replica_that_was_promoted_with_a_short_tail_missing_is_ours() =>
        Assert.Null(OwnershipRules.Judge(Owner, Home, new RememberedMark(3, Owner.Mark + TimeSpan.FromSeconds(20)), Span, Now));

    [Fact]
    public void Without_a_volume_nothing_is_remembered_and_the_database_is_ours() => Assert.Null(OwnershipRules.Judge(Owner, Home, null, Span, Now));

    [Fact]
    public void A_database_from_before_its_owner_was_confirmed_is_an_old_backup_however_young_it_is()
    {
        var freeze = OwnershipRules.Judge(Owner, Home, new RememberedMark(4, Owner.Mark), Span, Now);

        Assert.Equal(FreezeReason.OldBackup, freeze?.Reason);
    }

    [Fact]
    public void What_an_operator_has_confirmed_since_is_ours_whatever_the_volume_remembers() =>
        Assert.Null(OwnershipRules.Judge(Owner with { Epoch = 4, Mark = Now.AddDays(-3) }, Home, new RememberedMark(3, Now), Span, Now));

    [Fact]
    public void A_freeze_on_record_is_everybody_s()
    {
        var freeze = new Freeze(FreezeReason.Undecryptable, "test", Now);

        Assert.Same(freeze, OwnershipRules.Judge(Owner with { Freeze = freeze }, Home, null, Span, Now));
    }

    [Theory]
    [InlineData("production", "db2:5432/rekindle", 1, null)]
    [InlineData("production", "db2:5432/rekindle", -1, FreezeReason.OtherEndpoint)]
    [InlineData("production", "db:5432/rekindle", 1, FreezeReason.Moving)]
    [InlineData("production", "db:5432/rekindle", -1, FreezeReason.Moving)]
    [InlineData("production", "db3:5432/rekindle", 1, FreezeReason.OtherEndpoint)]
    [InlineData("staging", "db2:5432/rekindle", 1, FreezeReason.OtherDeployment)]
    public void An_announced_move_is_for_its_target_alone_and_in_time_and_stops_the_place_it_leaves(
        string deployment, string endpoint, int hoursLeft, FreezeReason? reason)
    {
        var moving = Owner with { Move = new AnnouncedMove(Home with { Endpoint = "db2:5432/rekindle" }, Now.AddHours(hoursLeft)) };

        Assert.Equal(reason, OwnershipRules.Judge(moving, new DatabasePlace(deployment, endpoint), Remembered(), Span, Now)?.Reason);
    }

    [Fact]
    public void An_old_backup_is_none_the_younger_for_an_announced_move()
    {
        var moving = Owner with { Mark = Now.AddHours(-1), Move = new AnnouncedMove(Home with { Endpoint = "db2:5432/rekindle" }, Now.AddHours(1)) };

        Assert.Equal(FreezeReason.OldBackup, OwnershipRules.Judge(moving, moving.Move!.To, Remembered(), Span, Now)?.Reason);
    }

    [Fact]
    public void Every_reason_comes_with_what_to_do() => Assert.All(
        Enum.GetValues<FreezeReason>(), r => Assert.Matches("rekindle-server|Rekindle:KeyRingFile", new Freeze(r, "", Now).Remedy));

    private static RememberedMark Remembered() => new(3, Now);
}
