using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Verdicts that a grant is over, from the answer to their publication (I10, F1).</summary>
public abstract class VerdictContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private IVerdictStore Verdicts => Stores.Verdicts;

    [Fact, Trait("Req", "I10"), Trait("Req", "I7")]
    public async Task A_caller_who_looked_before_the_verdict_gets_no_lease_and_an_operator_does()
    {
        var connection = await HoldAsync();

        var asked = await Refresh.ClaimOneAsync(connection.Id, 1, Given.Terms(Now), Delay, default);
        var ordered = await Refresh.ClaimOneAsync(connection.Id, 1, Given.Terms(Now) with { DespiteVerdict = true }, Delay, default);

        Assert.True(Assert.IsType<ClaimAnswer.Moved>(asked).Snapshot.VerdictHeld);
        Assert.IsType<ClaimAnswer.Taken>(ordered);
    }

    [Fact, Trait("Req", "I10")]
    public async Task A_held_verdict_stops_refreshing_and_changes_nothing_else()
    {
        var connection = await HoldAsync();

        var held = await GetAsync(connection.Id);

        Assert.Equal((ConnectionStatus.Active, true, null, null), (held.Connection.Status, held.VerdictHeld, held.DueAt, held.LeaseUntil));
        Assert.Null(held.Connection.DisconnectReason);
        Assert.Empty(await NoticesAsync());
        Assert.Empty(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "I10")]
    public async Task A_verdict_is_published_when_its_time_has_come_with_status_dependents_and_message()
    {
        var connection = await HoldAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "sync", Label = "Sync", State = DependentState.Active, StateSince = Now }, Now, default);

        Assert.Equal(0, await PublishAsync());
        Clock.Advance(Delay);
        var feed = await Stores.Changes.LastPositionAsync(default);
        Assert.Equal(1, await PublishAsync());

        var after = await GetAsync(connection.Id);
        Assert.Equal(
            (ConnectionStatus.NeedsReauthorization, DisconnectReason.GrantInvalid, false), (after.Connection.Status, after.Connection.DisconnectReason, after.VerdictHeld));
        Assert.Equal("refresh-1", Given.Text(after.Tokens!.RefreshToken));
        Assert.Equal(DependentState.Paused, Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default)).State);
        Assert.Equal(NotificationKind.Disconnected, Assert.Single(await NoticesAsync()).Kind);
        Assert.True(await Stores.Changes.LastPositionAsync(default) > feed);
        Assert.Equal(0, await PublishAsync());
    }

    [Fact, Trait("Req", "I10")]
    public async Task Many_verdicts_can_be_published_as_one_message()
    {
        for (var i = 0; i < 3; i++)
        {
            await HoldAsync();
        }

        Clock.Advance(Delay);
        var one = Given.Draft(NotificationKind.TenantDisconnected) with { Tenant = "contoso" };
        Assert.Equal(3, await Verdicts.PublishAsync(Mail.Id, one, Now, 100, default));

        var notice = Assert.Single(await NoticesAsync());
        Assert.Equal((NotificationKind.TenantDisconnected, null), (notice.Kind, notice.ConnectionId));
    }

    [Fact, Trait("Req", "I10")]
    public async Task A_new_grant_ends_a_held_verdict()
    {
        var connection = await HoldAsync();
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);
        Clock.Advance(Delay);

        Assert.False((await GetAsync(connection.Id)).VerdictHeld);
        Assert.Empty(await Verdicts.TallyAsync(Now, Window, default));
        Assert.Equal(0, await PublishAsync());
    }

    [Fact, Trait("Req", "I10"), Trait("Req", "A12")]
    public async Task A_lever_ends_a_held_verdict()
    {
        var connection = await HoldAsync();
        await Connections.ApplyAsync(connection.Id, new LeverChange.ForceRetry(), Now, default);
        Clock.Advance(Delay);

        Assert.Equal(0, await PublishAsync());
        Assert.Single(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "I10"), Trait("Req", "C1")]
    public async Task A_refresh_that_succeeds_ends_a_held_verdict()
    {
        var connection = await HoldAsync();
        await Verdicts.SampleAsync(Mail.Id, 1, Now, default);
        await CommitAsync(Given.Success(Assert.Single(await ClaimDueAsync()), Now));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, false, 0), (after.Connection.Status, after.VerdictHeld, after.Connection.ConsecutiveFailures));
        Assert.True(Assert.Single(await Verdicts.TallyAsync(Now, Window, default)).SampleLives);
        Clock.Advance(Delay);
        Assert.Equal(0, await PublishAsync());
    }

    [Fact, Trait("Req", "F1")]
    public async Task A_failure_that_passes_leaves_a_held_verdict_held()
    {
        var connection = await HoldAsync();
        await Verdicts.SampleAsync(Mail.Id, 1, Now, default);
        await CommitAsync(Given.Trouble(Assert.Single(await ClaimDueAsync()), Now));

        Assert.True((await GetAsync(connection.Id)).VerdictHeld);
    }

    [Fact, Trait("Req", "F1")]
    public async Task Samples_are_few_and_others_come_next_time()
    {
        for (var i = 0; i < 5; i++)
        {
            await HoldAsync();
        }

        Assert.Equal(3, await Verdicts.SampleAsync(Mail.Id, 3, Now, default));
        var first = (await ClaimDueAsync()).Select(c => c.Connection.Id).ToHashSet();
        Clock.Advance(TimeSpan.FromMinutes(10));
        await Verdicts.SampleAsync(Mail.Id, 2, Now, default);
        var second = (await ClaimDueAsync()).Select(c => c.Connection.Id).ToHashSet();

        Assert.Equal((3, 2), (first.Count, second.Count));
        Assert.Empty(first.Intersect(second));
    }

    [Fact, Trait("Req", "F1")]
    public async Task A_released_verdict_that_is_found_again_is_published_with_its_commit()
    {
        var connection = await HoldAsync();
        Assert.Equal(1, await Verdicts.ReleaseAsync(Mail.Id, Now, default));

        await CommitAsync(Dead(Assert.Single(await ClaimDueAsync())));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.NeedsReauthorization, false), (after.Connection.Status, after.VerdictHeld));
        Assert.Single(await NoticesAsync());
    }

    [Fact, Trait("Req", "F1")]
    public async Task The_tally_counts_what_is_held_due_and_recent_and_names_a_tenant_of_its_own()
    {
        await HoldAsync(tenant: "contoso");
        Clock.Advance(Delay);
        await HoldAsync(tenant: "contoso");

        var one = Assert.Single(await Verdicts.TallyAsync(Now, Window, default));
        await HoldAsync(tenant: "fabrikam");
        var several = Assert.Single(await Verdicts.TallyAsync(Now, Window, default));
        Clock.Advance(Window);
        var old = Assert.Single(await Verdicts.TallyAsync(Now, Window - TimeSpan.FromSeconds(1), default));

        Assert.Equal(new VerdictTally(Mail.Id, 2, 1, 2, "contoso", false, false), one);
        Assert.Equal((3, 3, null), (several.Held, several.Recent, several.Tenant));
        Assert.Equal((3, 3, 3), (old.Held, old.Due, old.Recent));
    }

    [Fact, Trait("Req", "F1")]
    public async Task Published_verdicts_count_as_recent_until_the_integration_changes_its_state()
    {
        await HoldAsync();
        Clock.Advance(Delay);
        await PublishAsync();
        await HoldAsync();

        var before = Assert.Single(await Verdicts.TallyAsync(Now, Window, default));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Stores.Integrations.SetStateAsync(Mail.Id, new() { State = IntegrationState.Suspect }, Now, default);
        var after = Assert.Single(await Verdicts.TallyAsync(Now, Window, default));

        Assert.Equal((1, 2, 1), (before.Held, before.Recent, after.Recent));
    }

    [Fact, Trait("Req", "I2")]
    public async Task A_verdict_under_an_older_epoch_is_not_held()
    {
        var connection = await ConnectDueAsync();
        var claim = await ClaimAsync(connection.Id);
        await Connections.ApplyAsync(connection.Id, new LeverChange.ForceRetry(), Now, default);

        await CommitAsync(Dead(claim));

        Assert.False((await GetAsync(connection.Id)).VerdictHeld);
        Assert.Empty(await Verdicts.TallyAsync(Now, Window, default));
    }

    private async Task<Connection> HoldAsync(string tenant = "")
    {
        var connection = await ConnectDueAsync(grant => grant with { Key = grant.Key with { Tenant = tenant }, NewId = ConnectionId.New(grant.Key with { Tenant = tenant }) });
        Assert.Equal(CommitResult.Applied, await CommitAsync(Dead(await ClaimAsync(connection.Id))));
        return connection;
    }

    private RefreshCommit Dead(Claim claim) => Given.Death(claim, Now) with
    {
        Status = null,
        DisconnectReason = null,
        Dependents = null,
        Opens = [],
        Holds = new(DisconnectReason.GrantInvalid, Now + Delay, Given.Draft()),
    };

    private Task<int> PublishAsync() => Verdicts.PublishAsync(Mail.Id, null, Now, 100, default);

    private Task<IReadOnlyList<Notification>> NoticesAsync() => Stores.Notifications.ListAsync(Environment, true, null, null, 100, default);
}
