using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The sweep of ended tokens (A9) and the heads of the queues.</summary>
public abstract class ScheduleContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A9")]
    public async Task A_token_that_has_ended_degrades_its_connection_and_dependents_together()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now.AddMinutes(1) });
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);
        var ended = Now.AddMinutes(1);
        Clock.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now, 10, default));

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal((ConnectionStatus.Degraded, ended, Now), (after.Status, after.DegradedAt, after.UpdatedAt));
        var dependent = Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default));
        Assert.Equal((DependentState.Degraded, Now), (dependent.State, dependent.StateSince));
    }

    [Fact, Trait("Req", "A9")]
    public async Task Nothing_is_degraded_twice_or_before_its_time()
    {
        await ConnectAsync(g => g with { ExpiresAt = Now });
        await ConnectAsync(g => g with { ExpiresAt = Now.AddMilliseconds(1) });
        await ConnectAsync(g => g with { ExpiresAt = null });

        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now, 10, default));
        Assert.Equal(0, await Refresh.DegradeExpiredAsync(Now, 10, default));
    }

    [Fact, Trait("Req", "A9")]
    public async Task A_large_number_is_degraded_in_bites()
    {
        for (var i = 0; i < 5; i++)
        {
            await ConnectAsync(g => g with { ExpiresAt = Now });
        }

        Assert.Equal(3, await Refresh.DegradeExpiredAsync(Now, 3, default));
        Assert.Equal(2, await Refresh.DegradeExpiredAsync(Now, 3, default));
    }

    [Fact, Trait("Req", "A9")]
    public async Task Without_anything_to_refresh_with_only_the_user_can_help()
    {
        var connection = await ConnectAsync(g => g with
        {
            ExpiresAt = Now,
            DueAt = null,
            Seal = (_, _) => new(Given.Sealed("access"), null),
        });
        await Stores.Dependents.PutAsync(new() { ConnectionId = connection.Id, Name = "watcher", Label = "Email sync" }, Now, default);

        await Refresh.DegradeExpiredAsync(Now, 10, default);

        var after = (await GetAsync(connection.Id)).Connection;
        Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.NoRefreshToken), (after.Status, after.DisconnectReason));
        Assert.Equal(DependentState.Paused, Assert.Single(await Stores.Dependents.ListAsync(connection.Id, default)).State);
    }

    [Fact, Trait("Req", "A9")]
    public async Task An_access_token_that_is_renewed_by_itself_stays_due_and_the_provider_has_the_last_word()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now, DueAt = Now, Seal = (_, _) => new(Given.Sealed("access"), null) });

        await Refresh.DegradeExpiredAsync(Now, 10, default);

        var after = await GetAsync(connection.Id);
        Assert.Equal((ConnectionStatus.Degraded, Now), (after.Connection.Status, after.DueAt));
    }

    [Theory, Trait("Req", "A9")]
    [InlineData(ConnectionStatus.Pending)]
    [InlineData(ConnectionStatus.Standby)]
    public async Task Only_active_connections_are_degraded(ConnectionStatus status)
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now, Status = status });

        Assert.Equal(0, await Refresh.DegradeExpiredAsync(Now, 10, default));
        Assert.Equal(status, (await GetAsync(connection.Id)).Connection.Status);
    }

    [Fact, Trait("Req", "A9")]
    public async Task A_connection_is_watched_anew_after_each_success()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now });
        await Refresh.DegradeExpiredAsync(Now, 10, default);
        await CommitAsync(Given.Success(await ClaimAsync(connection.Id), Now));

        Assert.Equal(0, await Refresh.DegradeExpiredAsync(Now.AddMinutes(59), 10, default));
        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now.AddMinutes(60), 10, default));
    }

    [Fact, Trait("Req", "A9")]
    public async Task The_feed_tells_of_degraded_connections()
    {
        var connection = await ConnectAsync(g => g with { ExpiresAt = Now });
        var position = await Stores.Changes.LastPositionAsync(default);

        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.Equal(connection.Id, Assert.Single(await Stores.Changes.ReadAsync(position, [], 10, default)).ConnectionId);
    }

    [Fact, Trait("Req", "A5")]
    public async Task The_head_of_a_queue_is_what_is_due_first_with_the_end_of_its_token()
    {
        var shop = await CreateIntegrationAsync("shop");
        var empty = await CreateIntegrationAsync("empty");
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(20) });
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(10), ExpiresAt = Now.AddMinutes(25) });
        await ConnectAsync(_ => Given.Grant(shop, "shopper", Now) with { DueAt = Now.AddMinutes(5), ExpiresAt = null });

        var heads = await Refresh.ReadQueueHeadsAsync([Mail.Id, shop.Id, empty.Id], default);

        Assert.Equal(2, heads.Count);
        Assert.Equal(new QueueHead(Now.AddMinutes(10), Now.AddMinutes(25)), heads[Mail.Id]);
        Assert.Equal(new QueueHead(Now.AddMinutes(5), null), heads[shop.Id]);
    }

    [Fact, Trait("Req", "A5")]
    public async Task The_head_may_stand_in_either_queue()
    {
        var used = await ConnectAsync(g => g with { DueAt = Now.AddMinutes(3) });
        await Refresh.TouchUsedAsync([used.Id], Now, default);
        var idle = await ConnectAsync(g => g with { DueAt = Now.AddMinutes(2) });

        Assert.Equal(Now.AddMinutes(2), (await HeadAsync())!.DueAt);
        await ClaimAsync(idle.Id);
        Assert.Equal(Now.AddMinutes(3), (await HeadAsync())!.DueAt);
        await ClaimAsync(used.Id);
        Assert.Null(await HeadAsync());
    }

    [Fact, Trait("Req", "A5")]
    public async Task The_head_of_a_degraded_connection_has_ended()
    {
        await ConnectAsync(g => g with { DueAt = Now, ExpiresAt = Now });
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.Equal(new QueueHead(Now, null), await HeadAsync());
    }

    private async Task<QueueHead?> HeadAsync() => (await Refresh.ReadQueueHeadsAsync([Mail.Id], default)).GetValueOrDefault(Mail.Id);
}
