using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>What levers do to a connection at rest (A12).</summary>
public abstract class LeverContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A12")]
    public async Task Force_retry_makes_it_due_now_and_clears_counters_and_back_off()
    {
        var id = await InTroubleAsync();

        var after = await ApplyAsync(id, new LeverChange.ForceRetry());

        Assert.Equal((ConnectionStatus.Active, Now), (after.Connection.Status, after.DueAt));
        Assert.Equal((0, 0, 0), (after.Connection.ConsecutiveFailures, after.Connection.ConsecutiveTransientFailures, after.Connection.Strikes));
        Assert.Equal((null, null, null), (after.Connection.NextRetryAt, after.Connection.FirstStrikeAt, after.Connection.LastStrikeAt));
    }

    [Theory, Trait("Req", "A12")]
    [InlineData(1, ConnectionStatus.Active)]
    [InlineData(-1, ConnectionStatus.Degraded)]
    public async Task Force_retry_tries_a_connection_that_needs_its_user_again(int expiresInMinutes, ConnectionStatus expected)
    {
        var connection = await ConnectDueAsync(g => g with { ExpiresAt = Now.AddMinutes(expiresInMinutes) });
        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now));

        var after = await ApplyAsync(connection.Id, new LeverChange.ForceRetry());

        Assert.Equal((expected, null, Now), (after.Connection.Status, after.Connection.DisconnectReason, after.DueAt));
        Assert.Equal(expected == ConnectionStatus.Degraded, after.Connection.DegradedAt is not null);
        Assert.Single(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "A12")]
    public async Task Force_retry_ends_the_count_of_lost_leases()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with { OpenIntents = 3, DueAt = null, InDoubtSince = Now });

        var after = await ApplyAsync(connection.Id, new LeverChange.ForceRetry());

        // The doubt stays: whoever refreshes next must know that the token may have been used up.
        Assert.Equal((0, Now), (after.OpenIntents, after.InDoubtSince));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Clear_backoff_clears_counters_and_sets_the_due_time_it_is_given()
    {
        var id = await InTroubleAsync();

        var after = await ApplyAsync(id, new LeverChange.ClearBackoff(Now.AddMinutes(20)));

        Assert.Equal((0, null, Now.AddMinutes(20)), (after.Connection.ConsecutiveTransientFailures, after.Connection.NextRetryAt, after.DueAt));
    }

    [Fact, Trait("Req", "A12")]
    public async Task No_lever_sets_a_due_time_into_the_past()
    {
        var active = await ConnectAsync();
        var standby = await ConnectAsync(g => g with { Status = ConnectionStatus.Standby });

        Assert.Equal(Now, (await ApplyAsync(active.Id, new LeverChange.ClearBackoff(Now.AddHours(-1)))).DueAt);
        Assert.Equal(Now, (await ApplyAsync(standby.Id, new LeverChange.TakeOver(Now.AddHours(-1)))).DueAt);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Require_reauthorization_ends_refreshing_and_says_why()
    {
        var connection = await ConnectDueAsync();

        var after = await ApplyAsync(connection.Id, new LeverChange.RequireReauthorization("key leaked"));

        Assert.Equal(
            (ConnectionStatus.NeedsReauthorization, DisconnectReason.OperatorRequest), (after.Connection.Status, after.Connection.DisconnectReason));
        Assert.Equal(("key leaked", null), (after.Connection.LastRefreshError, after.DueAt));
        Assert.NotNull(after.Tokens!.RefreshToken);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Disable_stops_refreshing_keeps_material_and_Enable_makes_it_due()
    {
        var connection = await ConnectDueAsync();

        var disabled = await ApplyAsync(connection.Id, new LeverChange.Disable());
        Clock.Advance(TimeSpan.FromMinutes(1));
        var enabled = await ApplyAsync(connection.Id, new LeverChange.Enable());

        Assert.Equal((ConnectionStatus.Disabled, null), (disabled.Connection.Status, disabled.DueAt));
        Assert.NotNull(disabled.Tokens!.RefreshToken);
        Assert.Equal((ConnectionStatus.Active, Now), (enabled.Connection.Status, enabled.DueAt));
    }

    [Fact, Trait("Req", "A12"), Trait("Req", "A9")]
    public async Task Enable_finds_a_token_that_ended_meanwhile_degraded()
    {
        var connection = await ConnectDueAsync(g => g with { ExpiresAt = Now.AddMinutes(1) });
        await ApplyAsync(connection.Id, new LeverChange.Disable());
        Clock.Advance(TimeSpan.FromMinutes(2));

        var after = await ApplyAsync(connection.Id, new LeverChange.Enable());

        Assert.Equal((ConnectionStatus.Degraded, Now, Now), (after.Connection.Status, after.Connection.DegradedAt, after.DueAt));
    }

    [Fact, Trait("Req", "A12"), Trait("Failure", "F45")]
    public async Task Enable_does_not_revive_a_grant_that_was_known_dead()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now));
        await ApplyAsync(connection.Id, new LeverChange.Disable());

        var after = await ApplyAsync(connection.Id, new LeverChange.Enable());

        Assert.Equal((ConnectionStatus.NeedsReauthorization, null), (after.Connection.Status, after.DueAt));
        Assert.Equal(DisconnectReason.GrantInvalid, after.Connection.DisconnectReason);
    }

    [Theory, Trait("Req", "A12")]
    [InlineData(ConnectionStatus.Active)]
    [InlineData(ConnectionStatus.Pending)]
    [InlineData(ConnectionStatus.Standby)]
    public async Task Revoke_stops_whatever_is_not_revoked_yet_and_keeps_the_material(ConnectionStatus status)
    {
        var connection = await ConnectAsync(g => g with { Status = status });

        var after = await ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.Revoked));

        Assert.Equal((ConnectionStatus.Revoked, DisconnectReason.Revoked, null), (after.Connection.Status, after.Connection.DisconnectReason, after.DueAt));
        Assert.NotNull(after.Tokens!.RefreshToken);
    }

    [Fact, Trait("Req", "C3")]
    public async Task Revoke_closes_what_asked_the_user_to_act()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Death(await ClaimAsync(connection.Id), Now));

        await ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest));

        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Theory, Trait("Req", "F8")]
    [InlineData(1, ConnectionStatus.Active)]
    [InlineData(-1, ConnectionStatus.Degraded)]
    public async Task Take_over_ends_standby(int expiresInMinutes, ConnectionStatus expected)
    {
        var connection = await ConnectAsync(g => g with { Status = ConnectionStatus.Standby, ExpiresAt = Now.AddMinutes(expiresInMinutes) });

        var after = await ApplyAsync(connection.Id, new LeverChange.TakeOver(Now.AddSeconds(30)));

        Assert.Equal((expected, Now.AddSeconds(30)), (after.Connection.Status, after.DueAt));
    }

    [Theory, Trait("Req", "A12")]
    [InlineData("force_retry", ConnectionStatus.Revoked)]
    [InlineData("force_retry", ConnectionStatus.Disabled)]
    [InlineData("force_retry", ConnectionStatus.Pending)]
    [InlineData("force_retry", ConnectionStatus.Standby)]
    [InlineData("clear_backoff", ConnectionStatus.NeedsReauthorization)]
    [InlineData("clear_backoff", ConnectionStatus.Disabled)]
    [InlineData("require", ConnectionStatus.Revoked)]
    [InlineData("require", ConnectionStatus.Pending)]
    [InlineData("disable", ConnectionStatus.Revoked)]
    [InlineData("disable", ConnectionStatus.Standby)]
    [InlineData("enable", ConnectionStatus.Active)]
    [InlineData("enable", ConnectionStatus.NeedsReauthorization)]
    [InlineData("enable", ConnectionStatus.Revoked)]
    [InlineData("revoke", ConnectionStatus.Revoked)]
    [InlineData("take_over", ConnectionStatus.Active)]
    [InlineData("take_over", ConnectionStatus.Disabled)]
    public async Task A_lever_that_means_nothing_in_a_status_changes_nothing(string lever, ConnectionStatus status)
    {
        var id = await InStatusAsync(status);
        var position = await Stores.Changes.LastPositionAsync(default);
        Clock.Advance(TimeSpan.FromMinutes(1));

        var after = await ApplyAsync(id, Lever(lever));

        Assert.Equal(status, after.Connection.Status);
        Assert.NotEqual(Now, after.Connection.UpdatedAt);
        Assert.Equal(position, await Stores.Changes.LastPositionAsync(default));
    }

    [Theory, Trait("Req", "C6")]
    [InlineData("force_retry", ConnectionStatus.NeedsReauthorization, DependentState.Active)]
    [InlineData("require", ConnectionStatus.Active, DependentState.Paused)]
    [InlineData("disable", ConnectionStatus.Active, DependentState.Paused)]
    [InlineData("enable", ConnectionStatus.Disabled, DependentState.Active)]
    [InlineData("revoke", ConnectionStatus.Active, DependentState.Paused)]
    [InlineData("take_over", ConnectionStatus.Standby, DependentState.Active)]
    public async Task Dependents_follow_the_lever(string lever, ConnectionStatus status, DependentState expected)
    {
        var id = await InStatusAsync(status);
        await Stores.Dependents.PutAsync(new() { ConnectionId = id, Name = "watcher", Label = "Email sync" }, Now, default);

        await ApplyAsync(id, Lever(lever));

        Assert.Equal(expected, Assert.Single(await Stores.Dependents.ListAsync(id, default)).State);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Every_lever_is_told_to_the_change_feed()
    {
        var connection = await ConnectAsync();
        var position = await Stores.Changes.LastPositionAsync(default);

        await ApplyAsync(connection.Id, new LeverChange.ForceRetry());

        var change = Assert.Single(await Stores.Changes.ReadAsync(position, [], 10, default));
        Assert.Equal((ChangeKind.Connection, connection.Id, 1), (change.Kind, change.ConnectionId, change.Version));
    }

    [Fact, Trait("Req", "A12"), Trait("Req", "I11")]
    public async Task The_change_feed_says_when_nothing_may_be_handed_out_any_more()
    {
        var connection = await ConnectAsync();
        var position = await Stores.Changes.LastPositionAsync(default);

        await ApplyAsync(connection.Id, new LeverChange.Disable());
        await ApplyAsync(connection.Id, new LeverChange.Enable());
        await ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest));
        await Connections.EraseTokensAsync(connection.Id, Now, default);

        var changes = await Stores.Changes.ReadAsync(position, [], 10, default);
        Assert.Equal(
            [ChangeKind.ConnectionWithheld, ChangeKind.Connection, ChangeKind.ConnectionWithheld, ChangeKind.ConnectionWithheld],
            changes.Select(c => c.Kind));
    }

    [Fact, Trait("Req", "A12")]
    public async Task A_lever_on_nothing_finds_nothing() =>
        Assert.Null(await Connections.ApplyAsync(ConnectionId.New(Given.Key(Mail, "nobody")), new LeverChange.ForceRetry(), Now, default));

    [Fact, Trait("Req", "E3")]
    public async Task A_pending_connection_is_completed_once_and_is_due_then()
    {
        var connection = await ConnectAsync(g => g with { Status = ConnectionStatus.Pending });
        Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await Connections.CompleteAsync(connection.Id, 1, Now.AddMinutes(45), Now, default));
        Assert.False(await Connections.CompleteAsync(connection.Id, 1, Now.AddMinutes(45), Now, default));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Active, Now.AddMinutes(45)), (after.Connection.Status, after.DueAt));
        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now.AddDays(1), 10, default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task The_completion_of_one_grant_does_not_complete_the_next()
    {
        var first = Given.Grant(Mail, "user-1", Now) with { Status = ConnectionStatus.Pending, IfExists = IfExists.Replace };
        await Connections.SaveGrantAsync(first, default);
        var connection = Assert.IsType<GrantResult.Replaced>(await Connections.SaveGrantAsync(first, default)).Snapshot.Connection;

        Assert.False(await Connections.CompleteAsync(connection.Id, 1, Now, Now, default));
        Assert.True(await Connections.CompleteAsync(connection.Id, 2, Now, Now, default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task What_was_revoked_cannot_be_completed()
    {
        var connection = await ConnectAsync(g => g with { Status = ConnectionStatus.Pending });
        await ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest));

        Assert.False(await Connections.CompleteAsync(connection.Id, 1, Now, Now, default));
        Assert.False(await Connections.CompleteAsync(ConnectionId.New(Given.Key(Mail, "nobody")), 1, Now, Now, default));
    }

    [Fact, Trait("Req", "E3")]
    public async Task A_pending_connection_is_deleted_with_the_grant_that_nobody_completed_and_no_other()
    {
        var grant = Given.Grant(Mail, "user-1", Now) with { Status = ConnectionStatus.Pending };
        await Connections.SaveGrantAsync(grant, default);
        var id = Assert.IsType<GrantResult.Replaced>(await Connections.SaveGrantAsync(grant, default)).Snapshot.Connection.Id;

        Assert.False(await Connections.DeletePendingAsync(id, 1, "late", Now, default));
        Assert.True(await Connections.DeletePendingAsync(id, 2, "late", Now, default));
        Assert.False(await Connections.DeletePendingAsync(id, 2, "late", Now, default));

        var active = await ConnectAsync(g => g);
        Assert.False(await Connections.DeletePendingAsync(active.Id, 1, "late", Now, default));
        Assert.NotNull(await Connections.GetAsync(active.Id, default));
    }

    private static LeverChange Lever(string name) => name switch
    {
        "force_retry" => new LeverChange.ForceRetry(),
        "clear_backoff" => new LeverChange.ClearBackoff(DateTimeOffset.MaxValue),
        "require" => new LeverChange.RequireReauthorization("asked for"),
        "disable" => new LeverChange.Disable(),
        "enable" => new LeverChange.Enable(),
        "revoke" => new LeverChange.Revoke(DisconnectReason.OperatorRequest),
        "take_over" => new LeverChange.TakeOver(DateTimeOffset.MaxValue),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    private async Task<ConnectionSnapshot> ApplyAsync(ConnectionId id, LeverChange change) => (await Connections.ApplyAsync(id, change, Now, default))!;

    private async Task<ConnectionId> InTroubleAsync()
    {
        var connection = await ConnectDueAsync();
        await CommitAsync(Given.Trouble(await ClaimAsync(connection.Id), Now) with
        {
            ConsecutiveFailures = 2,
            Strikes = 1,
            FirstStrikeAt = Now,
            LastStrikeAt = Now,
        });
        return connection.Id;
    }

    private async Task<ConnectionId> InStatusAsync(ConnectionStatus status)
    {
        var connection = await ConnectAsync(g => g with
        {
            Status = status is ConnectionStatus.Pending or ConnectionStatus.Standby ? status : ConnectionStatus.Active,
        });
        LeverChange? lever = status switch
        {
            ConnectionStatus.NeedsReauthorization => Lever("require"),
            ConnectionStatus.Disabled => Lever("disable"),
            ConnectionStatus.Revoked => Lever("revoke"),
            _ => null,
        };
        if (lever is not null)
        {
            await ApplyAsync(connection.Id, lever);
        }

        return connection.Id;
    }
}
