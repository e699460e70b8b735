using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>
/// Whatever an operator or a user does while a refresh is under way: the token it brings is not lost, and what they did stands
/// (I2, I5).
/// </summary>
public abstract class InFlightContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A12")]
    public async Task Force_retry_keeps_the_token_and_its_own_due_time()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.ForceRetry());

        var after = await LandAsync(claim);

        Assert.Equal((2, Now), (after.Tokens!.Version, after.DueAt));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Force_retry_s_cleared_counters_survive_the_failure_of_the_flight()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.ForceRetry());

        await CommitAsync(Given.Trouble(claim, Now));

        var after = await GetAsync(claim.Connection.Id);
        Assert.Equal((0, null, Now), (after.Connection.ConsecutiveTransientFailures, after.Connection.NextRetryAt, after.DueAt));
        Assert.Null(after.LeaseUntil);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Force_retry_of_a_connection_that_needs_its_user_is_not_undone_by_the_old_verdict()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.RequireReauthorization("looks odd"));
        await ApplyAsync(claim, new LeverChange.ForceRetry());

        await CommitAsync(Given.Death(claim, Now));

        var after = await GetAsync(claim.Connection.Id);
        Assert.Equal((ConnectionStatus.Active, Now), (after.Connection.Status, after.DueAt));
        Assert.Empty(await Stores.Notifications.ListAsync(Environment, openOnly: true, null, null, 10, default));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Clear_backoff_keeps_the_token_and_its_own_due_time()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.ClearBackoff(Now.AddMinutes(7)));

        var after = await LandAsync(claim);

        Assert.Equal((2, Now.AddMinutes(7)), (after.Tokens!.Version, after.DueAt));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Require_reauthorization_keeps_the_token_and_stands()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.RequireReauthorization("looks odd"));

        var after = await LandAsync(claim);

        Assert.Equal((2, null), (after.Tokens!.Version, after.DueAt));
        Assert.Equal(
            (ConnectionStatus.NeedsReauthorization, DisconnectReason.OperatorRequest), (after.Connection.Status, after.Connection.DisconnectReason));
        Assert.Equal(DependentState.Paused, await DependentAsync(claim));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Disable_keeps_the_token_and_stands()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.Disable());

        var after = await LandAsync(claim);

        Assert.Equal((2, null), (after.Tokens!.Version, after.DueAt));
        Assert.Equal(ConnectionStatus.Disabled, after.Connection.Status);
        Assert.Equal(DependentState.Paused, await DependentAsync(claim));
        Assert.Equal(0, await Refresh.DegradeExpiredAsync(Now.AddDays(1), 10, default));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Disable_and_enable_keep_the_token_and_the_connection_is_due()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.Disable());
        await ApplyAsync(claim, new LeverChange.Enable());

        var after = await LandAsync(claim);

        Assert.Equal((2, Now, ConnectionStatus.Active), (after.Tokens!.Version, after.DueAt, after.Connection.Status));
        Assert.Equal(DependentState.Active, await DependentAsync(claim));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Revoke_keeps_the_newest_token_so_that_it_can_be_revoked_and_stands()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.Revoke(DisconnectReason.OperatorRequest));

        var after = await LandAsync(claim);

        Assert.Equal(("refresh-new", null), (Given.Text(after.Tokens!.RefreshToken), after.DueAt));
        Assert.Equal(ConnectionStatus.Revoked, after.Connection.Status);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Erased_material_does_not_come_back_with_a_late_result()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.Revoke(DisconnectReason.OperatorRequest));
        await Connections.EraseTokensAsync(claim.Connection.Id, Now, default);

        Assert.Equal(CommitResult.Superseded, await CommitAsync(Given.Success(claim, Now)));
        Assert.Null((await GetAsync(claim.Connection.Id)).Tokens);
    }

    [Fact, Trait("Req", "A12")]
    public async Task Delete_leaves_nothing_for_the_flight_to_land_on()
    {
        var claim = await InFlightAsync();
        await Connections.DeleteAsync(claim.Connection.Id, "asked for", Now, default);

        Assert.Equal(CommitResult.LeaseLost, await CommitAsync(Given.Success(claim, Now)));
        Assert.Null(await Connections.GetAsync(claim.Connection.Id, default));
        Assert.Equal(1L, await QueryAsync<object>("select count(*) from late_results"));
    }

    [Fact, Trait("Req", "A12")]
    public async Task Patch_and_flight_both_survive()
    {
        var claim = await InFlightAsync();
        var patch = new ConnectionPatch("Anna's mailbox", new Dictionary<string, string?> { ["team"] = "sales" });
        await Connections.PatchAsync(claim.Connection.Id, patch, Now, default);

        var after = await LandAsync(claim);

        Assert.Equal((2, Now.AddMinutes(50), ConnectionStatus.Active), (after.Tokens!.Version, after.DueAt, after.Connection.Status));
        Assert.Equal(("Anna's mailbox", "sales"), (after.Connection.Label, after.Connection.Metadata["team"]));
    }

    [Fact, Trait("Req", "C7"), Trait("Failure", "F07")]
    public async Task Reconnect_wins_and_the_flight_s_token_is_kept_aside()
    {
        var claim = await InFlightAsync();
        await ReconnectAsync(claim, IfExists.Replace);

        Assert.Equal(CommitResult.Superseded, await CommitAsync(Given.Success(claim, Now)));

        var after = await GetAsync(claim.Connection.Id);
        Assert.Equal((2, 2, "refresh-2"), (after.Tokens!.GrantNo, after.Tokens.Version, Given.Text(after.Tokens.RefreshToken)));
        Assert.Equal((Now.AddMinutes(50), null), (after.DueAt, after.LeaseUntil));
        Assert.Equal(1L, await QueryAsync<object>("select count(*) from late_results"));
    }

    [Fact, Trait("Req", "C7")]
    public async Task A_reconnected_connection_can_be_refreshed_again_as_soon_as_the_old_flight_has_landed()
    {
        var claim = await InFlightAsync();
        await ReconnectAsync(claim, IfExists.Replace);
        await CommitAsync(Given.Success(claim, Now));

        var next = await ClaimAsync(claim.Connection.Id);

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(next, Now, "next")));
    }

    [Fact, Trait("Req", "F8")]
    public async Task Import_over_a_live_connection_changes_nothing()
    {
        var claim = await InFlightAsync();
        await ReconnectAsync(claim, IfExists.Refuse);

        var after = await LandAsync(claim);

        Assert.Equal((1, 2, "refresh-new"), (after.Tokens!.GrantNo, after.Tokens.Version, Given.Text(after.Tokens.RefreshToken)));
        Assert.Equal(Now.AddMinutes(50), after.DueAt);
    }

    [Fact, Trait("Req", "A9")]
    public async Task The_sweep_does_not_take_the_verdict_from_a_flight()
    {
        var claim = await InFlightAsync();
        Clock.Advance(TimeSpan.FromHours(2));
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        var after = await LandAsync(claim);

        Assert.Equal((ConnectionStatus.Active, Now.AddMinutes(50)), (after.Connection.Status, after.DueAt));
        Assert.Equal(DependentState.Active, await DependentAsync(claim));
    }

    [Fact, Trait("Req", "A9")]
    public async Task A_token_that_comes_after_a_lever_still_ends_degradation()
    {
        var claim = await InFlightAsync();
        Clock.Advance(TimeSpan.FromHours(2));
        await Refresh.DegradeExpiredAsync(Now, 10, default);
        await ApplyAsync(claim, new LeverChange.ForceRetry());

        var after = await LandAsync(claim);

        Assert.Equal((ConnectionStatus.Active, null, Now), (after.Connection.Status, after.Connection.DegradedAt, after.DueAt));
        Assert.Equal(DependentState.Active, await DependentAsync(claim));
        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now.AddHours(1), 10, default));
    }

    [Fact, Trait("Req", "A11")]
    public async Task The_doubt_about_a_token_is_a_fact_and_survives_a_lever()
    {
        var claim = await InFlightAsync();
        await ApplyAsync(claim, new LeverChange.ForceRetry());

        await CommitAsync(Given.Trouble(claim, Now) with { InDoubtSince = Now });

        Assert.Equal(Now, (await GetAsync(claim.Connection.Id)).InDoubtSince);
    }

    [Fact, Trait("Req", "C6")]
    public async Task A_dependent_attached_meanwhile_follows_the_result()
    {
        var claim = await InFlightAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = claim.Connection.Id, Name = "late", Label = "Late" }, Now, default);

        await CommitAsync(Given.Death(claim, Now));

        Assert.All(await Stores.Dependents.ListAsync(claim.Connection.Id, default), d => Assert.Equal(DependentState.Paused, d.State));
    }

    [Fact, Trait("Req", "A3")]
    public async Task A_use_meanwhile_is_not_forgotten()
    {
        var claim = await InFlightAsync();
        await Refresh.TouchUsedAsync([claim.Connection.Id], Now, default);

        await LandAsync(claim);

        Assert.Equal(0L, Convert.ToInt64(await QueryAsync<object>("select priority from refresh_schedule"), null));
    }

    private async Task<Claim> InFlightAsync()
    {
        var connection = await ConnectDueAsync();
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        var claim = await ClaimAsync(connection.Id);
        Clock.Advance(TimeSpan.FromSeconds(1));
        return claim;
    }

    private async Task ApplyAsync(Claim claim, LeverChange change) =>
        Assert.NotNull(await Connections.ApplyAsync(claim.Connection.Id, change, Now, default));

    private Task<GrantResult> ReconnectAsync(Claim claim, IfExists ifExists) =>
        Connections.SaveGrantAsync(Given.Grant(Mail, claim.Connection.Key.Subject, Now) with { IfExists = ifExists }, default);

    private async Task<ConnectionSnapshot> LandAsync(Claim claim)
    {
        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));
        var after = await GetAsync(claim.Connection.Id);
        Assert.Null(after.LeaseUntil);
        return after;
    }

    private async Task<DependentState> DependentAsync(Claim claim) =>
        Assert.Single(await Stores.Dependents.ListAsync(claim.Connection.Id, default)).State;
}
