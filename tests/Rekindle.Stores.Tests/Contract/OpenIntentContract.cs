using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Leases that end without outcome (I3, A4).</summary>
public abstract class OpenIntentContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    [Fact, Trait("Req", "A4"), Trait("Failure", "F01")]
    public async Task A_lease_that_still_runs_is_not_taken_over()
    {
        await ConnectDueAsync();
        await ClaimDueAsync(holder: "alive");

        Assert.Empty(await TakeOverAsync(TimeSpan.Zero));
    }

    [Fact, Trait("Req", "A4"), Trait("Failure", "F01")]
    public async Task An_open_intent_waits_for_its_integration_s_time()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "lost");
        await RunOutAsync(connection.Id, ago: Wait - TimeSpan.FromMinutes(1));

        Assert.Empty(await TakeOverAsync(Wait));
        Assert.Single(await TakeOverAsync(Wait - TimeSpan.FromMinutes(2)));
    }

    [Fact, Trait("Req", "D1"), Trait("Failure", "F01")]
    public async Task Taking_over_records_the_lost_attempt_under_its_own_id()
    {
        var connection = await ConnectDueAsync();
        var lost = Assert.Single(await ClaimDueAsync(holder: "lost"));
        await RunOutAsync(connection.Id, ago: Wait * 2);

        var claim = Assert.Single(await TakeOverAsync(Wait));

        Assert.NotEqual(lost.AttemptId, claim.AttemptId);
        Assert.Equal((1, 2L), (claim.OpenIntents, claim.Fence));
        var attempt = (await Stores.Attempts.GetAsync(lost.AttemptId, default))!;
        Assert.Equal(
            (connection.Id, RefreshClass.OutcomeUnknown, AttemptAction.TokenRefreshError),
            (attempt.ConnectionId, attempt.Class, attempt.Action));
        Assert.Equal((Given.Worker, "2.0", true, 1, 1), (attempt.Worker, attempt.WorkerVersion, attempt.IsTransient, attempt.GrantNo, attempt.Version));
        Assert.Contains("lost", attempt.Error, StringComparison.Ordinal);
        Assert.Equal(attempt.CreatedAt, claim.InDoubtSince);
    }

    [Fact, Trait("Req", "A4"), Trait("Failure", "F01")]
    public async Task Open_intents_in_a_row_are_counted_and_the_doubt_keeps_its_beginning()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "lost");
        await RunOutAsync(connection.Id, ago: Wait * 2);
        var first = Assert.Single(await TakeOverAsync(Wait));
        await RunOutAsync(connection.Id, ago: Wait);

        var second = Assert.Single(await TakeOverAsync(Wait));

        Assert.Equal((2, first.InDoubtSince), (second.OpenIntents, second.InDoubtSince));
    }

    [Fact, Trait("Req", "A4")]
    public async Task An_outcome_ends_the_count()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "lost");
        await RunOutAsync(connection.Id, ago: Wait * 2);
        var claim = Assert.Single(await TakeOverAsync(Wait));

        await CommitAsync(Given.Success(claim, Now));

        var after = await GetAsync(connection.Id);
        Assert.Equal((0, null), (after.OpenIntents, after.InDoubtSince));
    }

    [Fact, Trait("Req", "A4")]
    public async Task No_more_are_taken_than_asked_and_only_of_the_integrations_named()
    {
        var shop = await CreateIntegrationAsync("shop");
        var other = await ConnectDueAsync(_ => Given.Grant(shop, "other", Now));
        await ClaimAsync(other.Id, "lost");
        await RunOutAsync(other.Id, Wait * 2);
        var mine = new List<ConnectionId>();
        for (var i = 0; i < 3; i++)
        {
            mine.Add((await ConnectDueAsync()).Id);
            await ClaimAsync(mine[i], "lost");
            await RunOutAsync(mine[i], Wait * (2 + i));
        }

        var claims = await Refresh.ClaimOpenIntentsAsync(Request([new(Mail.Id, Wait, 2)]), default);

        // The longest lost first.
        Assert.Equal([mine[2], mine[1]], claims.Select(c => c.Connection.Id));
    }

    [Fact, Trait("Req", "I3")]
    public async Task What_the_caller_knows_the_outcome_of_is_left_alone_and_stands_in_nobody_s_way()
    {
        var ids = new List<ConnectionId>();
        for (var i = 0; i < 4; i++)
        {
            ids.Add((await ConnectDueAsync()).Id);
            await ClaimAsync(ids[i], "lost");
            await RunOutAsync(ids[i], Wait * (5 - i));
        }

        var request = Request([new(Mail.Id, Wait, 1)]) with { Except = new HashSet<ConnectionId> { ids[0], ids[1] } };
        var first = await Refresh.ClaimOpenIntentsAsync(request, default);
        var second = await Refresh.ClaimOpenIntentsAsync(request, default);
        var third = await Refresh.ClaimOpenIntentsAsync(request, default);

        Assert.Equal((ids[2], ids[3]), (Assert.Single(first).Connection.Id, Assert.Single(second).Connection.Id));
        Assert.Empty(third);
        Assert.Equal(2, (await Refresh.ListLeasesAsync(Environment, 10, default)).Count(l => l.Holder == "lost"));
    }

    [Fact, Trait("Req", "A7")]
    public async Task What_must_not_be_refreshed_is_not_taken_over()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "lost");
        await RunOutAsync(connection.Id, Wait * 2);
        await Connections.ApplyAsync(connection.Id, new LeverChange.Disable(), Now, default);

        Assert.Empty(await TakeOverAsync(Wait));
    }

    [Fact, Trait("Req", "D1"), Trait("Req", "I15")]
    public async Task The_lost_attempt_of_what_is_not_refreshed_any_more_goes_on_record_and_nobody_waits_for_it()
    {
        var connection = await ConnectDueAsync();
        var lost = Assert.Single(await ClaimDueAsync(holder: "lost"));
        await Connections.ApplyAsync(connection.Id, new LeverChange.Disable(), Now, default);
        await RunOutAsync(connection.Id, Wait * 2);

        Assert.Empty(await TakeOverAsync(Wait));

        Assert.Empty(await Refresh.ListLeasesAsync(Environment, 10, default));
        Assert.Equal(RefreshClass.OutcomeUnknown, (await Stores.Attempts.GetAsync(lost.AttemptId, default))!.Class);
        await Connections.ApplyAsync(connection.Id, new LeverChange.Enable(), Now, default);
        Assert.NotNull(Assert.Single(await ClaimDueAsync()).InDoubtSince);
    }

    [Fact, Trait("Req", "D1")]
    public async Task Material_that_comes_after_its_open_intent_was_ended_is_stored_all_the_same()
    {
        var connection = await ConnectDueAsync();
        var lost = Assert.Single(await ClaimDueAsync(holder: "lost"));
        await Connections.ApplyAsync(connection.Id, new LeverChange.Disable(), Now, default);
        await RunOutAsync(connection.Id, Wait * 2);
        await TakeOverAsync(Wait);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(lost, Now)));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Disabled, "refresh-new"), (after.Connection.Status, Given.Text(after.Tokens!.RefreshToken)));
    }

    [Fact, Trait("Req", "A4")]
    public async Task The_lost_holder_may_still_tell_the_outcome_before_anybody_took_over()
    {
        var connection = await ConnectDueAsync();
        var claim = Assert.Single(await ClaimDueAsync());
        await RunOutAsync(connection.Id, TimeSpan.FromHours(1));

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
        Assert.Empty(await TakeOverAsync(TimeSpan.Zero));
    }

    [Fact, Trait("Req", "A4")]
    public async Task Breaking_a_lease_raises_the_fence_and_frees_nothing()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "stuck");

        Assert.True(await Refresh.BreakLeaseAsync(connection.Id, Now, default));

        var lease = Assert.Single(await Refresh.ListLeasesAsync(Environment, 10, default));
        Assert.Equal(2L, lease.Fence);
        Assert.True(lease.LeaseUntil - lease.AcquiredAt < Given.Lease);
        Assert.Empty(await ClaimDueAsync(holder: "worker-2"));
        Assert.Empty(await TakeOverAsync(Wait));
    }

    [Fact, Trait("Req", "A4")]
    public async Task The_wait_of_a_broken_lease_counts_from_its_breaking()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync(holder: "stuck");
        await Refresh.BreakLeaseAsync(connection.Id, Now, default);
        await AgeLeaseAsync(connection.Id, Wait + TimeSpan.FromSeconds(1));

        Assert.Single(await TakeOverAsync(Wait));
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_broken_lease_does_not_cost_the_result_that_comes_after_all()
    {
        var connection = await ConnectDueAsync();
        var claim = Assert.Single(await ClaimDueAsync());
        await Refresh.BreakLeaseAsync(connection.Id, Now, default);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
        Assert.Equal("refresh-new", Given.Text((await GetAsync(connection.Id)).Tokens!.RefreshToken));
    }

    [Fact, Trait("Req", "A4")]
    public async Task There_is_nothing_to_break_without_a_lease()
    {
        var connection = await ConnectDueAsync();

        Assert.False(await Refresh.BreakLeaseAsync(connection.Id, Now, default));
        Assert.False(await Refresh.BreakLeaseAsync(ConnectionId.New(Given.Key(Mail, "nobody")), Now, default));
    }

    [Fact, Trait("Req", "A4")]
    public async Task Open_intents_are_counted_by_integration_and_running_leases_are_not()
    {
        var lost = await ConnectDueAsync();
        await ClaimAsync(lost.Id, "lost");
        await RunOutAsync(lost.Id, TimeSpan.FromMinutes(1));
        await ClaimAsync((await ConnectDueAsync()).Id);

        Assert.Equal(new Dictionary<int, int> { [Mail.Id] = 1 }, await Refresh.CountOpenIntentsAsync(Now, default));
    }

    [Fact, Trait("Req", "A4")]
    public async Task Leases_are_listed_with_what_is_known_of_their_holders_oldest_first()
    {
        var first = await ConnectDueAsync();
        await ClaimAsync(first.Id, "worker-1");
        var second = await ConnectDueAsync();
        await ClaimAsync(second.Id, "worker-2");
        await AgeLeaseAsync(second.Id, TimeSpan.FromMinutes(1));
        await Stores.Workers.BeatAsync(
            new() { InstanceId = "worker-2", Version = "1.2.3", StartedAt = Now, SeenAt = Now.AddSeconds(5) }, default);

        var leases = await Refresh.ListLeasesAsync(Environment, 10, default);

        Assert.Equal([second.Id, first.Id], leases.Select(l => l.ConnectionId));
        Assert.Equal(("1.2.3", Now.AddSeconds(5)), (leases[0].HolderVersion, leases[0].HolderSeenAt));
        Assert.Equal((null, null), (leases[1].HolderVersion, leases[1].HolderSeenAt));
        Assert.Single(await Refresh.ListLeasesAsync(Environment, 1, default));
        Assert.Empty(await Refresh.ListLeasesAsync("sandbox", 10, default));
    }

    [Fact, Trait("Req", "A2")]
    public async Task A_release_gives_the_connection_back_as_it_was()
    {
        var connection = await ConnectDueAsync();
        var claim = Assert.Single(await ClaimDueAsync());

        await Refresh.ReleaseAsync([new(connection.Id, claim.AttemptId)], default);

        var after = await GetAsync(connection.Id);
        Assert.Equal((null, Now, 0), (after.LeaseUntil, after.DueAt, after.OpenIntents));
        Assert.Single(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "A2")]
    public async Task A_release_may_postpone()
    {
        var connection = await ConnectDueAsync();
        var claim = Assert.Single(await ClaimDueAsync());

        await Refresh.ReleaseAsync([new(connection.Id, claim.AttemptId, Now.AddMinutes(1))], default);

        Assert.Equal(Now.AddMinutes(1), (await GetAsync(connection.Id)).DueAt);
    }

    [Fact, Trait("Req", "A2")]
    public async Task A_release_neither_brings_back_a_due_time_that_was_taken_away_nor_hurries_up_a_new_grant()
    {
        var disabled = await ConnectDueAsync();
        var renewed = await ConnectDueAsync();
        var claims = await ClaimDueAsync();
        await Connections.ApplyAsync(disabled.Id, new LeverChange.Disable(), Now, default);
        await Connections.SaveGrantAsync(Given.Grant(Mail, renewed.Key.Subject, Now), default);

        await Refresh.ReleaseAsync([.. claims.Select(c => new LeaseRelease(c.Connection.Id, c.AttemptId, Now.AddMinutes(1)))], default);

        Assert.Null((await GetAsync(disabled.Id)).DueAt);
        Assert.Equal(Now.AddMinutes(50), (await GetAsync(renewed.Id)).DueAt);
    }

    [Fact, Trait("Req", "A4"), Trait("Failure", "F17")]
    public async Task A_release_that_is_no_longer_ours_does_nothing()
    {
        var connection = await ConnectDueAsync();
        var slow = Assert.Single(await ClaimDueAsync(holder: "slow"));
        await RunOutAsync(connection.Id, Wait * 2);
        await TakeOverAsync(Wait);

        await Refresh.ReleaseAsync([new(connection.Id, slow.AttemptId, Now)], default);

        Assert.NotNull((await GetAsync(connection.Id)).LeaseUntil);
    }

    private Task<IReadOnlyList<Claim>> TakeOverAsync(TimeSpan wait) => Refresh.ClaimOpenIntentsAsync(Request([new(Mail.Id, wait, 10)]), default);

    private OpenIntentRequest Request(IReadOnlyList<OpenIntentWait> waits) => new(Given.Worker, "2.0", Now, Given.Lease, waits);
}
