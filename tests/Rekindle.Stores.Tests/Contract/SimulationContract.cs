using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>A simulated failure shows, hides what is true, and leaves no trace when it ends (A12).</summary>
[Trait("Req", "A12")]
public abstract class SimulationContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private static readonly SimulatedFailure Death = new(RefreshClass.GrantDead, 2);

    [Fact]
    public async Task What_it_shows_is_stored_with_its_messages_and_dependents_and_the_tokens_are_left_alone()
    {
        var id = await WatchedAsync();
        var before = await GetAsync(id);

        var after = await SimulateAsync(id);

        Assert.Equal(
            (ConnectionStatus.NeedsReauthorization, DisconnectReason.GrantInvalid, "TEST: over", null),
            (after.Connection.Status, after.Connection.DisconnectReason, after.Connection.LastRefreshError, after.DueAt));
        Assert.Equal((RefreshClass.GrantDead, 2, Now), (after.Connection.Simulation!.Kind, after.Connection.Simulation.Count, after.Connection.Simulation.StartedAt));
        Assert.Equal((before.Tokens!.Version, "refresh-1"), (after.Tokens!.Version, Given.Text(after.Tokens.RefreshToken)));
        Assert.Equal(DependentState.Paused, (await DependentAsync(id)).State);
        Assert.True(Assert.Single(await OpenMessagesAsync(id)).IsTest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Its_end_restores_everything_exactly(bool twice)
    {
        var id = await WatchedAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(id), Now) with { Strikes = 1, FirstStrikeAt = Now, LastStrikeAt = Now, OpenIntents = 2, DueAt = Now.AddHours(1) });
        var (before, dependent) = (await GetAsync(id), await DependentAsync(id));
        Clock.Advance(TimeSpan.FromMinutes(1));
        await SimulateAsync(id);
        if (twice)
        {
            await SimulateAsync(id, new SimulatedFailure(RefreshClass.Network), s => s with { DueAt = Now.AddMinutes(3) });
        }

        Clock.Advance(TimeSpan.FromMinutes(1));
        var after = await ApplyAsync(id, new LeverChange.EndSimulation(null));

        Assert.Equal(before.Connection with { UpdatedAt = after.Connection.UpdatedAt, Metadata = after.Connection.Metadata, Variables = after.Connection.Variables }, after.Connection);
        Assert.Equal((before.DueAt, before.OpenIntents, before.InDoubtSince), (after.DueAt, after.OpenIntents, after.InDoubtSince));
        Assert.Equal(dependent, await DependentAsync(id));
        Assert.Empty(await OpenMessagesAsync(id));
    }

    [Fact]
    public async Task Its_end_sets_no_due_time_into_the_past()
    {
        var id = await WatchedAsync();
        await SimulateAsync(id);
        Clock.Advance(TimeSpan.FromHours(2));

        var after = await ApplyAsync(id, new LeverChange.EndSimulation(null));

        Assert.Equal(Now, after.DueAt);
        // The token ended meanwhile, and the sweep says so within its cycle (A9).
        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now, 10, default));
    }

    [Fact]
    public async Task A_real_message_that_was_open_stays_and_goes_on_counting()
    {
        var id = await WatchedAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(id), Now) with { Opens = [Given.Draft(NotificationKind.Disconnected)], DueAt = Now });

        await SimulateAsync(id);
        Assert.Equal(2, (await OpenMessagesAsync(id)).Count);
        await ApplyAsync(id, new LeverChange.EndSimulation(null));
        await CommitAsync(Given.Trouble(await ClaimAsync(id), Now) with { Opens = [Given.Draft(NotificationKind.Disconnected)] });

        var message = Assert.Single(await OpenMessagesAsync(id));
        Assert.Equal((false, 2), (message.IsTest, message.Count));
    }

    [Fact]
    public async Task A_refresh_that_was_under_way_keeps_its_token_and_leaves_the_simulation_until_it_ends()
    {
        var id = await WatchedAsync(due: true);
        var claim = await ClaimAsync(id);
        await SimulateAsync(id);

        await CommitAsync(Given.Success(claim, Now));
        var simulated = await GetAsync(id);
        var ended = await ApplyAsync(id, new LeverChange.EndSimulation(Now.AddMinutes(40)));

        Assert.Equal((2, ConnectionStatus.NeedsReauthorization, null), (simulated.Tokens!.Version, simulated.Connection.Status, simulated.DueAt));
        Assert.NotNull(simulated.Connection.Simulation);
        Assert.Equal((ConnectionStatus.Active, null, null), (ended.Connection.Status, ended.Connection.LastRefreshError, ended.Connection.Simulation));
        Assert.Equal((Now.AddMinutes(40), 0), (ended.DueAt, ended.Connection.ConsecutiveFailures));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_real_result_ends_it(bool success)
    {
        var id = await WatchedAsync();
        await SimulateAsync(id, new SimulatedFailure(RefreshClass.Network, 4), s => s with
        {
            Connection = s.Connection with { Status = ConnectionStatus.Active, DisconnectReason = null, ConsecutiveTransientFailures = 4 },
            DueAt = Now,
        });

        var claim = Assert.Single(await ClaimDueAsync());
        await CommitAsync(success ? Given.Success(claim, Now) : Given.Trouble(claim, Now) with { ConsecutiveTransientFailures = 1 });

        var after = await GetAsync(id);
        Assert.Null(after.Connection.Simulation);
        Assert.Equal(success ? 0 : 1, after.Connection.ConsecutiveTransientFailures);
        Assert.Equal(success ? null : "provider_unavailable: 503", after.Connection.LastRefreshError);
        Assert.Empty(await OpenMessagesAsync(id));
    }

    [Fact]
    public async Task Another_lever_acts_on_what_is_true_and_ends_it()
    {
        var id = await WatchedAsync();
        await SimulateAsync(id);

        var disabled = await ApplyAsync(id, new LeverChange.Disable());
        var enabled = await ApplyAsync(id, new LeverChange.Enable());

        Assert.Equal((ConnectionStatus.Disabled, null, null), (disabled.Connection.Status, disabled.Connection.Simulation, disabled.Connection.LastRefreshError));
        Assert.Equal((ConnectionStatus.Active, null), (enabled.Connection.Status, enabled.Connection.DisconnectReason));
        Assert.Empty(await OpenMessagesAsync(id));
    }

    [Fact]
    public async Task A_new_grant_ends_it()
    {
        var id = await WatchedAsync();
        await SimulateAsync(id);
        var key = (await GetAsync(id)).Connection.Key;

        await Connections.SaveGrantAsync(Given.Grant(Mail, key.Subject, Now), default);

        var after = await GetAsync(id);
        Assert.Equal((ConnectionStatus.Active, null), (after.Connection.Status, after.Connection.Simulation));
        Assert.Empty(await OpenMessagesAsync(id));
    }

    [Fact]
    public async Task It_means_nothing_to_what_is_not_refreshed_nor_its_end_to_what_is_not_simulated()
    {
        var standby = await ConnectAsync(g => g with { Status = ConnectionStatus.Standby });
        var active = await ConnectAsync();
        var position = await Stores.Changes.LastPositionAsync(default);

        Assert.Null((await SimulateAsync(standby.Id)).Connection.Simulation);
        await ApplyAsync(active.Id, new LeverChange.EndSimulation(Now));

        Assert.Equal(position, await Stores.Changes.LastPositionAsync(default));
    }

    private async Task<ConnectionId> WatchedAsync(bool due = false)
    {
        var connection = due ? await ConnectDueAsync() : await ConnectAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        return connection.Id;
    }

    private Task<ConnectionSnapshot> SimulateAsync(ConnectionId id, SimulatedFailure? failure = null, Func<SimulatedState, SimulatedState>? change = null) =>
        ApplyAsync(id, new LeverChange.Simulate(failure ?? Death, truth =>
        {
            var state = new SimulatedState(
                truth.Connection with
                {
                    Status = ConnectionStatus.NeedsReauthorization,
                    DisconnectReason = DisconnectReason.GrantInvalid,
                    ConsecutiveFailures = 1,
                    LastRefreshError = "TEST: over",
                },
                null,
                [Given.Draft()]);
            return change is null ? state : change(state);
        }));

    private async Task<ConnectionSnapshot> ApplyAsync(ConnectionId id, LeverChange change) => (await Connections.ApplyAsync(id, change, Now, default))!;

    private async Task<Dependent> DependentAsync(ConnectionId id) => Assert.Single(await Stores.Dependents.ListAsync(id, default));

    private Task<IReadOnlyList<Notification>> OpenMessagesAsync(ConnectionId id) =>
        Stores.Notifications.ListAsync(Environment, openOnly: true, id, null, 10, default);
}
