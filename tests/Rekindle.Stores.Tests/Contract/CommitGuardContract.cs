using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>What a result may not change: something else than it started from (I5, I6), and nothing twice.</summary>
public abstract class CommitGuardContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task Repeating_a_success_that_took_effect_says_so_and_changes_nothing()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await CommitAsync(commit);
        var before = await GetAsync(connection.Id);
        var position = await Stores.Changes.LastPositionAsync(default);

        Assert.Equal(CommitResult.Applied, await CommitAsync(commit));

        Assert.Equal(Flat(before), Flat(await GetAsync(connection.Id)));
        Assert.Equal(position, await Stores.Changes.LastPositionAsync(default));
        Assert.Equal(1, await Stores.Attempts.CountAsync(new() { Environment = Environment }, 10, default));
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task Repeating_a_success_is_known_also_when_the_attempt_could_not_be_recorded()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Success(await ClaimAsync(connection.Id), Now);
        await CommitAsync(commit);
        await Stores.Database.WriteAsync(session => session.ExecuteAsync("delete from attempts"), default);

        Assert.Equal(CommitResult.Applied, await CommitAsync(commit));
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
    }

    [Fact, Trait("Req", "C3"), Trait("Failure", "F08")]
    public async Task Repeating_a_failure_that_took_effect_counts_nothing_twice()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Trouble(await ClaimAsync(connection.Id), Now) with { Opens = [Given.Draft(NotificationKind.TransientNote)] };
        await CommitAsync(commit);

        Assert.Equal(CommitResult.Applied, await CommitAsync(commit));

        Assert.Equal(1, (await GetAsync(connection.Id)).Connection.ConsecutiveTransientFailures);
        Assert.Equal(1, Assert.Single(await Stores.Notifications.ListAsync(Environment, true, null, null, 10, default)).Count);
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task Repeating_a_failure_after_somebody_else_has_claimed_leaves_their_lease_alone()
    {
        var connection = await ConnectDueAsync();
        var commit = Given.Trouble(await ClaimAsync(connection.Id), Now);
        await CommitAsync(commit);
        await ClaimAsync(connection.Id, "worker-2");

        Assert.Equal(CommitResult.Applied, await CommitAsync(commit));
        Assert.Equal("worker-2", Assert.Single(await Refresh.ListLeasesAsync(Environment, 10, default)).Holder);
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F15")]
    public async Task A_result_whose_lease_was_taken_over_is_lost_and_its_material_kept()
    {
        var connection = await ConnectDueAsync();
        var slow = await ClaimAsync(connection.Id, "slow");
        await RunOutAsync(connection.Id, TimeSpan.FromHours(1));
        var present = Assert.Single(await Refresh.ClaimOpenIntentsAsync(
            new("worker-2", "1.0", Now, Given.Lease, [new(Mail.Id, TimeSpan.Zero, 1)]), default));

        Assert.Equal(CommitResult.LeaseLost, await CommitAsync(Given.Success(slow, Now, "late")));

        var after = await GetAsync(connection.Id);
        Assert.Equal(("refresh-1", 1), (Given.Text(after.Tokens!.RefreshToken), after.Tokens.Version));
        Assert.Equal(present.AttemptId, Assert.Single(await Refresh.ListLeasesAsync(Environment, 10, default)).AttemptId);
        Assert.Equal(["access-late/refresh-late"], await LateResultsAsync());
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F20")]
    public async Task A_verdict_about_bytes_that_are_no_longer_ours_is_discarded()
    {
        var connection = await ConnectDueAsync();
        var slow = await ClaimAsync(connection.Id, "slow");
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);

        Assert.Equal(CommitResult.Superseded, await CommitAsync(Given.Death(slow, Now)));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, null), (after.Connection.Status, after.Connection.LastRefreshError));
        Assert.Null(after.LeaseUntil);
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "D1")]
    public async Task A_discarded_verdict_is_on_record_as_discarded()
    {
        var connection = await ConnectDueAsync();
        var slow = await ClaimAsync(connection.Id, "slow");
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);

        await CommitAsync(Given.Death(slow, Now));

        var attempt = (await Stores.Attempts.GetAsync(slow.AttemptId, default))!;
        Assert.Equal(RefreshClass.GrantDead, attempt.Class);
        Assert.StartsWith("verdict discarded", attempt.Decision, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "A11"), Trait("Failure", "F08")]
    public async Task Repeating_a_result_that_did_not_apply_says_the_same_again()
    {
        var connection = await ConnectDueAsync();
        var superseded = Given.Success(await ClaimAsync(connection.Id), Now, "late");
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);
        var gone = Given.Success(await ClaimAsync((await ConnectDueAsync()).Id), Now, "gone");
        await Connections.DeleteAsync(gone.Claim.Connection.Id, "test", Now, default);

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal([CommitResult.Superseded, CommitResult.LeaseLost], await Refresh.CommitAsync([superseded, gone], default));
        }

        Assert.Equal(["access-gone/refresh-gone", "access-late/refresh-late"], await LateResultsAsync());
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_result_without_material_leaves_no_late_result()
    {
        var connection = await ConnectDueAsync();
        var slow = await ClaimAsync(connection.Id);
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);

        await CommitAsync(Given.Trouble(slow, Now));

        Assert.Empty(await LateResultsAsync());
    }

    [Fact, Trait("Req", "A11")]
    public async Task The_second_of_two_results_of_one_version_does_not_apply()
    {
        // Cannot come about by the rules; if it does all the same, the store is the last line.
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        await CommitAsync(Given.Success(claim, Now, "first"));
        await ClaimAsync(connection.Id, "worker-2");
        var forged = claim with { AttemptId = Assert.Single(await Refresh.ListLeasesAsync(Environment, 10, default)).AttemptId };

        Assert.Equal(CommitResult.Superseded, await CommitAsync(Given.Success(forged, Now, "second")));
        Assert.Equal("refresh-first", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_token_that_came_after_its_lease_was_given_back_by_mistake_is_stored_all_the_same()
    {
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        await Refresh.ReleaseAsync([new(connection.Id, claim.AttemptId)], default);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
        Assert.Equal("refresh-new", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
    }

    [Fact, Trait("Req", "D1")]
    public async Task An_attempt_that_is_recorded_already_does_not_keep_its_token_from_being_written()
    {
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        await Stores.Attempts.AppendAsync([Commits.Attempt(claim, Now) with { Decision = "something else" }], default);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
        Assert.Equal(2, (await GetAsync(connection.Id)).Tokens!.Version);
    }

    private async Task<IEnumerable<string>> LateResultsAsync() => await Stores.Database.ReadAsync(
        session => session.ListAsync(
            "select access_token, refresh_token from late_results order by id desc",
            row => $"{Given.Text(row.Sealed())}/{Given.Text(row.SealedOrNull())}"),
        default);

    // Sealed values compare by reference; the texts behind them tell.
    private static string Flat(ConnectionSnapshot snapshot) =>
        $"{snapshot.Connection with { Metadata = Connection.Empty, Variables = Connection.Empty }} {snapshot.DueAt:O} {snapshot.LeaseUntil:O} {snapshot.Tokens!.Version} "
        + $"{Given.Text(snapshot.Tokens.RefreshToken)} {Given.Text(snapshot.Tokens.PreviousRefreshToken)}";
}
