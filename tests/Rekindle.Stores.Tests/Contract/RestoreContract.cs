using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>New grants, levers and ends that a promoted replica has forgotten, given back to it (F4).</summary>
public abstract class RestoreContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "F4"), Trait("Req", "I5")]
    public async Task A_connection_that_was_forgotten_lives_again_and_so_does_the_refresh_built_on_it()
    {
        var connection = await ConnectDueAsync(grant => grant with
        {
            Label = "sales",
            Metadata = new Dictionary<string, string> { ["region"] = "eu" },
            ProviderAccountId = "account-1",
        });
        var made = await GetAsync(connection.Id);
        var refreshed = Given.Success(await ClaimAsync(connection.Id), Now);
        await CommitAsync(refreshed);
        await ForgetAsync(connection.Id);

        // Another worker is first: it knows the refresh, and not the connection.
        var waits = await Refresh.ReplayAsync([JournalledResult.Of(refreshed) with { IsSettled = true }], Now, default);
        var nothing = await Refresh.ApplyLateResultsAsync(Now, 10, default);
        var restored = await Connections.RestoreAsync([made], Now, default);
        await Refresh.ApplyLateResultsAsync(Now, 10, default);

        Assert.Equal((ReplayResult.Deferred, 0, 1), (Assert.Single(waits), nothing, restored));
        var after = await GetAsync(connection.Id);
        Assert.Equal((2, 1, "refresh-new"), (after.Tokens!.Version, after.Tokens.GrantNo, Given.Text(after.Tokens.RefreshToken)));
        Assert.Equal(("sales", "eu", "account-1", ConnectionStatus.Active), (after.Connection.Label, after.Connection.Metadata["region"], after.Connection.ProviderAccountId, after.Connection.Status));
        Assert.Equal(connection.Key, after.Connection.Key);
    }

    [Fact, Trait("Req", "I5")]
    public async Task A_forgotten_reconnect_wins_over_the_grant_before_it_under_its_own_numbers()
    {
        var connection = await ConnectDueAsync();
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default);
        var reconnected = await GetAsync(connection.Id);
        await Stores.Database.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("update token_sets set grant_no = 1, version = 1, refresh_token = @old", ("old", Given.Sealed("refresh-1")));
                await session.ExecuteAsync("update refresh_schedule set epoch = 0");
            },
            default);

        Assert.Equal(1, await Connections.RestoreAsync([reconnected], Now, default));
        Assert.Equal(0, await Connections.RestoreAsync([reconnected], Now, default));

        var after = await GetAsync(connection.Id);
        Assert.Equal((2, 2, "refresh-2", reconnected.Epoch), (after.Tokens!.GrantNo, after.Tokens.Version, Given.Text(after.Tokens.RefreshToken), after.Epoch));
    }

    [Fact, Trait("Req", "A12")]
    public async Task A_forgotten_lever_counts_again_and_a_later_one_is_left_alone()
    {
        var connection = await ConnectDueAsync();
        var disabled = (await Connections.ApplyAsync(connection.Id, new LeverChange.Disable(), Now, default))!;
        await Stores.Database.WriteAsync(
            async session =>
            {
                await session.ExecuteAsync("update connections set status = 'active'");
                await session.ExecuteAsync("update refresh_schedule set epoch = epoch - 1, due_at = @now", ("now", Now));
            },
            default);

        Assert.Equal(1, await Connections.RestoreAsync([disabled], Now, default));
        Assert.Equal((ConnectionStatus.Disabled, null), ((await GetAsync(connection.Id)).Connection.Status, (await GetAsync(connection.Id)).DueAt));
        Assert.Empty(await ClaimDueAsync());

        await Connections.ApplyAsync(connection.Id, new LeverChange.Enable(), Now, default);
        Assert.Equal(0, await Connections.RestoreAsync([disabled], Now, default));
        Assert.Equal(ConnectionStatus.Active, (await GetAsync(connection.Id)).Connection.Status);
    }

    [Fact, Trait("Req", "A12")]
    public async Task A_forgotten_revocation_ends_the_connection_again_and_erases_its_tokens()
    {
        var connection = await ConnectDueAsync();
        var before = await GetAsync(connection.Id);
        var stopped = (await Connections.ApplyAsync(connection.Id, new LeverChange.Revoke(DisconnectReason.OperatorRequest), Now, default))!;
        await Connections.EraseTokensAsync(connection.Id, Now, default);
        var erased = await GetAsync(connection.Id);
        await ForgetAsync(connection.Id);
        await Connections.RestoreAsync([before], Now, default);

        Assert.Equal(2, await Connections.RestoreAsync([stopped, erased], Now, default));

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Revoked, null), (after.Connection.Status, after.Tokens));
        Assert.Equal(0, await Connections.RestoreAsync([stopped, erased], Now, default));
    }

    [Fact, Trait("Req", "I5")]
    public async Task A_connection_that_was_deleted_does_not_come_back()
    {
        var connection = await ConnectDueAsync();
        var made = await GetAsync(connection.Id);
        await Connections.DeleteAsync(connection.Id, "gone", Now, default);

        Assert.Equal(0, await Connections.RestoreAsync([made], Now, default));
        Assert.Null(await Connections.GetAsync(connection.Id, default));
    }

    [Fact, Trait("Req", "I5")]
    public async Task Somebody_who_was_connected_anew_under_the_same_key_is_left_alone()
    {
        var connection = await ConnectDueAsync();
        var made = await GetAsync(connection.Id);
        await ForgetAsync(connection.Id);
        var anew = Assert.IsType<GrantResult.Created>(await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now), default));

        Assert.Equal(0, await Connections.RestoreAsync([made], Now, default));
        Assert.Equal(anew.Snapshot.Connection.Id, (await Connections.FindAsync(connection.Key, default))!.Connection.Id);
    }

    // As a replica that never heard of it.
    private Task ForgetAsync(ConnectionId id) => Stores.Database.WriteAsync(
        async session =>
        {
            foreach (var table in (string[])["token_sets", "refresh_schedule"])
            {
                await session.ExecuteAsync($"delete from {table} where connection_id = @id", ("id", id));
            }

            await session.ExecuteAsync("delete from connections where id = @id", ("id", id));
        },
        default);
}
