using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>What a journal gives back, and what came too late (F4, I5).</summary>
public abstract class JournalContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "F4"), Trait("Failure", "F01")]
    public async Task A_result_that_never_reached_the_database_is_stored_and_ends_its_lease()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);

        Assert.Equal(ReplayResult.Applied, await ReplayAsync(commit));

        var after = await GetAsync(connection.Id);
        Assert.Equal((2, "refresh-new", "refresh-1"), (after.Tokens!.Version, Given.Text(after.Tokens.RefreshToken), Given.Text(after.Tokens.PreviousRefreshToken)));
        Assert.Equal((null, Now.AddMinutes(50)), (after.LeaseUntil, after.DueAt));
        Assert.Equal(RefreshClass.Success, (await Stores.Attempts.GetAsync(commit.Claim.AttemptId, default))!.Class);
    }

    [Fact, Trait("Req", "F4")]
    public async Task Replaying_twice_changes_nothing()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await ReplayAsync(commit);

        Assert.Equal(ReplayResult.AlreadyThere, await ReplayAsync(commit));
        Assert.Equal(ReplayResult.AlreadyThere, await ReplayAsync(commit, settled: true));
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
        Assert.Equal(1, await Stores.Attempts.CountAsync(new() { Environment = Environment }, 10, default));
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_result_that_was_committed_is_there_already()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await CommitAsync(commit);

        Assert.Equal(ReplayResult.AlreadyThere, await ReplayAsync(commit));
    }

    [Fact, Trait("Req", "F4")]
    public async Task Commits_that_the_database_forgot_come_back_in_their_order()
    {
        var connection = await ConnectDueAsync();
        var first = Given.Success(await ClaimAsync(connection.Id), Now, "first");
        await CommitAsync(first);
        var second = Given.Success(await ClaimAsync(connection.Id), Now, "second");
        await ForgetAsync(connection.Id);

        var answers = await Refresh.ReplayAsync([Journalled(first, settled: true), Journalled(second, settled: true)], Now, default);

        Assert.Equal([ReplayResult.Applied, ReplayResult.Applied], answers);
        var tokens = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal((3, "refresh-second", "refresh-first"), (tokens.Version, Given.Text(tokens.RefreshToken), Given.Text(tokens.PreviousRefreshToken)));
    }

    [Theory, Trait("Req", "F4"), Trait("Req", "I5")]
    [InlineData("1 2 3")]
    [InlineData("3 1 2")]
    [InlineData("3 2 1")]
    [InlineData("2 3 1")]
    public async Task What_the_database_forgot_of_several_workers_comes_back_in_whichever_order_they_bring_it(string order)
    {
        var connection = await ConnectDueAsync();
        var forgotten = new Dictionary<string, RefreshCommit>();
        foreach (var name in (string[])["1", "2", "3"])
        {
            forgotten[name] = Given.Success(await ClaimAsync(connection.Id, $"worker-{name}"), Now, name);
            await CommitAsync(forgotten[name]);
        }

        await ForgetAsync(connection.Id);

        foreach (var name in order.Split(' '))
        {
            await ReplayAsync(forgotten[name], settled: true);
            await Refresh.ApplyLateResultsAsync(Now, 10, default);
        }

        var tokens = (await GetAsync(connection.Id)).Tokens!;
        Assert.Equal((4, "refresh-3", "refresh-2"), (tokens.Version, Given.Text(tokens.RefreshToken), Given.Text(tokens.PreviousRefreshToken)));
        Assert.Equal(0L, await QueryAsync<long>("select count(*) from late_results where settled_at is null"));
    }

    [Fact, Trait("Req", "I5")]
    public async Task A_commit_whose_parent_was_forgotten_waits_for_it()
    {
        var connection = await ConnectDueAsync();
        var first = Given.Success(await ClaimAsync(connection.Id), Now, "first");
        await CommitAsync(first);
        var second = Given.Success(await ClaimAsync(connection.Id, "other"), Now, "second");
        await ForgetAsync(connection.Id);

        Assert.Equal(CommitResult.LeaseLost, await CommitAsync(second));
        Assert.Equal(0, await Refresh.ApplyLateResultsAsync(Now, 10, default));
        Assert.Equal(ReplayResult.Applied, await ReplayAsync(first, settled: true));

        Assert.Equal("refresh-second", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
    }

    [Fact, Trait("Req", "I5")]
    public async Task A_result_whose_parent_does_not_come_within_an_hour_is_superseded_and_kept_sealed()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "first"));
        var second = Given.Success(await ClaimAsync(connection.Id), Now, "second");
        await ForgetAsync(connection.Id);
        Assert.Equal(ReplayResult.Deferred, await ReplayAsync(second, settled: true));

        Assert.Equal(0, await Refresh.ApplyLateResultsAsync(Now.AddMinutes(61), 10, default));

        Assert.Equal("refresh-1", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
        Assert.Equal(1L, await QueryAsync<long>("select count(*) from late_results where settled_at is not null"));
    }

    [Fact, Trait("Req", "I5"), Trait("Failure", "F07")]
    public async Task A_result_of_a_replaced_grant_is_kept_sealed_and_changes_nothing()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);

        Assert.Equal(ReplayResult.Superseded, await ReplayAsync(commit));

        Assert.Equal("refresh-2", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
        Assert.Equal(1L, await CountLateAsync());
        Assert.Equal(0, await Refresh.ApplyLateResultsAsync(Now, 10, default));
        Assert.Equal("refresh-2", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
    }

    [Theory, Trait("Req", "I6"), Trait("Req", "F4"), Trait("Failure", "F16")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_result_refutes_what_was_said_of_its_parent_also_where_a_lever_was_pulled_meanwhile(bool disabled)
    {
        var connection = await ConnectDueAsync();
        var slow = Given.Success(await ClaimAsync(connection.Id, "slow"), Now);
        await Connections.ApplyAsync(connection.Id, new LeverChange.ClearBackoff(Now), Now, default);
        await RunOutAsync(connection.Id, TimeSpan.FromHours(1));
        var other = Assert.Single(await Refresh.ClaimOpenIntentsAsync(new("other", "2.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]), default));
        await CommitAsync(Given.Death(other, Now));
        if (disabled)
        {
            await Connections.ApplyAsync(connection.Id, new LeverChange.Disable(), Now, default);
        }

        Assert.Equal(ReplayResult.Applied, await ReplayAsync(slow));
        var stored = await GetAsync(connection.Id);
        await Connections.ApplyAsync(connection.Id, new LeverChange.Enable(), Now, default);
        var after = await GetAsync(connection.Id);

        Assert.Equal(disabled ? ConnectionStatus.Disabled : ConnectionStatus.Active, stored.Connection.Status);
        Assert.Equal((ConnectionStatus.Active, null), (after.Connection.Status, after.Connection.DisconnectReason));
        Assert.Equal((2, disabled ? Now : Now.AddMinutes(50)), (after.Tokens!.Version, after.DueAt));
    }

    [Fact, Trait("Req", "I2")]
    public async Task What_an_operator_asked_for_is_not_refuted_by_a_result()
    {
        var connection = await ConnectDueAsync();
        var slow = Given.Success(await ClaimAsync(connection.Id, "slow"), Now);
        await Connections.ApplyAsync(connection.Id, new LeverChange.RequireReauthorization("test"), Now, default);

        Assert.Equal(ReplayResult.Applied, await ReplayAsync(slow));

        var after = await GetAsync(connection.Id);
        Assert.Equal((2, ConnectionStatus.NeedsReauthorization), (after.Tokens!.Version, after.Connection.Status));
        Assert.Equal((DisconnectReason.OperatorRequest, null), (after.Connection.DisconnectReason, after.DueAt));
    }

    [Fact, Trait("Req", "I2"), Trait("Req", "I10")]
    public async Task Where_sending_had_stopped_because_of_a_token_it_goes_on_with_its_successor()
    {
        var connection = await ConnectDueAsync();
        var slow = Given.Success(await ClaimAsync(connection.Id, "slow"), Now);
        await Connections.ApplyAsync(connection.Id, new LeverChange.ClearBackoff(Now), Now, default);
        await RunOutAsync(connection.Id, TimeSpan.FromHours(1));
        var other = Assert.Single(await Refresh.ClaimOpenIntentsAsync(new("other", "2.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]), default));
        var held = Given.Death(other, Now);
        await CommitAsync(held with
        {
            Status = null,
            DisconnectReason = null,
            Dependents = null,
            Opens = [],
            Holds = new HeldVerdict(DisconnectReason.GrantInvalid, Now.AddMinutes(1), Given.Draft()),
        });

        await ReplayAsync(slow);

        var after = await GetAsync(connection.Id);
        Assert.Equal((2, false, Now.AddMinutes(50)), (after.Tokens!.Version, after.VerdictHeld, after.DueAt));
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_settled_result_that_is_superseded_leaves_no_trace()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await CommitAsync(commit);
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now, "newer"));

        Assert.Equal(ReplayResult.AlreadyThere, await ReplayAsync(commit, settled: true));
        Assert.Equal(0L, await CountLateAsync());
    }

    [Fact, Trait("Req", "I5")]
    public async Task A_revoked_connection_is_not_brought_back()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await Connections.ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default);

        await ReplayAsync(commit);

        Assert.Equal(ConnectionStatus.Revoked, (await GetAsync(connection.Id)).Connection.Status);
    }

    [Fact, Trait("Req", "I5"), Trait("Failure", "F15")]
    public async Task A_late_result_waits_for_the_refresh_in_flight_and_is_stored_when_that_brings_nothing()
    {
        var connection = await ConnectDueAsync();
        var (slow, other) = await TakenOverAsync(connection.Id);
        Assert.Equal(CommitResult.LeaseLost, await CommitAsync(Given.Success(slow, Now, "late")));
        Assert.Equal(0, await Refresh.ApplyLateResultsAsync(Now, 10, default));

        await CommitAsync(Given.Trouble(other, Now));

        Assert.Equal(1, await Refresh.ApplyLateResultsAsync(Now, 10, default));
        var after = await GetAsync(connection.Id);
        Assert.Equal(("refresh-late", 2, 0), (Given.Text(after.Tokens!.RefreshToken), after.Tokens.Version, after.Connection.ConsecutiveTransientFailures));
        Assert.Equal(0, await Refresh.ApplyLateResultsAsync(Now, 10, default));
    }

    [Fact, Trait("Req", "I6"), Trait("Failure", "F20")]
    public async Task A_dead_verdict_gives_way_to_a_late_result_of_the_same_parent()
    {
        var connection = await ConnectDueAsync();
        var (slow, other) = await TakenOverAsync(connection.Id);
        await CommitAsync(Given.Success(slow, Now, "late"));

        Assert.Equal(CommitResult.Superseded, await CommitAsync(Given.Death(other, Now)));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, "refresh-late"), (after.Connection.Status, Given.Text(after.Tokens!.RefreshToken)));
        Assert.Contains("late result", (await Stores.Attempts.GetAsync(other.AttemptId, default))!.Decision, StringComparison.Ordinal);
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, true, null, null, 10, default));
    }

    [Fact, Trait("Req", "I5"), Trait("Failure", "F01")]
    public async Task A_connection_given_up_as_lost_lives_again_when_its_holder_comes_back_with_the_result()
    {
        var connection = await ConnectDueAsync();
        var (slow, other) = await TakenOverAsync(connection.Id);
        await CommitAsync(Given.Death(other, Now));

        Assert.Equal(ReplayResult.Applied, await ReplayAsync(Given.Success(slow, Now, "late")));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, "refresh-late", null), (after.Connection.Status, Given.Text(after.Tokens!.RefreshToken), after.Connection.DisconnectReason));
        var attempts = await Stores.Attempts.ListAsync(new() { Environment = Environment }, null, 10, default);
        Assert.Contains(attempts, a => a.Decision.StartsWith("committed late", StringComparison.Ordinal) && a.Action == AttemptAction.TokenRefreshed);
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_result_of_a_deleted_connection_is_dropped()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await Connections.DeleteAsync(connection.Id, "gone", Now, default);

        Assert.Equal(ReplayResult.Superseded, await ReplayAsync(commit));
        Assert.Equal(0L, await CountLateAsync());
    }

    [Fact, Trait("Req", "I3"), Trait("Failure", "F01")]
    public async Task Leases_of_a_process_that_is_gone_are_given_back_where_nothing_left_and_in_doubt_where_it_may_have()
    {
        var unsent = await ConnectDueAsync();
        var sent = await ConnectDueAsync();
        var foreign = await ConnectDueAsync();
        await ClaimAsync(unsent.Id, "gone");
        var claim = await ClaimAsync(sent.Id, "gone");
        await ClaimAsync(foreign.Id, "alive");
        await Stores.Workers.BeatAsync(new() { InstanceId = "gone", Version = "1.0", StartedAt = Now, SeenAt = Now }, default);

        var lost = await Refresh.SettleHolderAsync(new("gone", new HashSet<Guid> { claim.AttemptId }, MarksAreComplete: true), Now, default);

        Assert.Equal(new LostLeases(1, 1), lost);
        Assert.Empty(await Stores.Workers.ListAsync(Now, default));
        Assert.Null((await GetAsync(unsent.Id)).LeaseUntil);
        Assert.NotNull((await GetAsync(foreign.Id)).LeaseUntil);
        Assert.Equal([unsent.Id], (await ClaimDueAsync()).Select(c => c.Connection.Id));
        var taken = Assert.Single(await Refresh.ClaimOpenIntentsAsync(new("other", "2.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 10)]), default));
        Assert.Equal(sent.Id, taken.Connection.Id);
    }

    [Fact, Trait("Req", "I3")]
    public async Task Without_complete_marks_every_lease_of_a_lost_process_is_in_doubt()
    {
        var connection = await ConnectDueAsync();
        await ClaimAsync(connection.Id, "gone");

        Assert.Equal(new LostLeases(0, 1), await Refresh.SettleHolderAsync(new("gone", new HashSet<Guid>(), MarksAreComplete: false), Now, default));
        Assert.Empty(await ClaimDueAsync());
    }

    private async Task<(Claim Slow, Claim Other)> TakenOverAsync(ConnectionId id)
    {
        var slow = await ClaimAsync(id, "slow");
        await RunOutAsync(id, TimeSpan.FromHours(1));
        var other = Assert.Single(await Refresh.ClaimOpenIntentsAsync(
            new("other", "2.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.FromMinutes(5), 10)]), default));
        return (slow, other);
    }

    // As a replica that never saw the last commits.
    private Task ForgetAsync(ConnectionId id) => Stores.Database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                "update token_sets set version = 1, attempt_id = null, refresh_token = @refresh, previous_refresh_token = null where connection_id = @id",
                ("refresh", Given.Sealed("refresh-1")), ("id", id));
            await session.ExecuteAsync(
                "update refresh_schedule set lease_until = null, holder = null, leased_at = null, attempt_id = null where connection_id = @id", ("id", id));
            await session.ExecuteAsync("delete from attempts");
        },
        default);

    private async Task<ReplayResult> ReplayAsync(RefreshCommit commit, bool settled = false) =>
        Assert.Single(await Refresh.ReplayAsync([Journalled(commit, settled)], Now, default));

    private static JournalledResult Journalled(RefreshCommit commit, bool settled) => JournalledResult.Of(commit) with { IsSettled = settled };

    private Task<long> CountLateAsync() => QueryAsync<long>("select count(*) from late_results");
}
