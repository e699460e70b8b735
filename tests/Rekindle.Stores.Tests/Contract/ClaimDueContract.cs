using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Claiming what is due (A2, A3).</summary>
public abstract class ClaimDueContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A2")]
    public async Task A_due_connection_is_claimed_with_all_a_refresh_needs()
    {
        var connection = await ConnectDueAsync(g => g with { Jitter = 417, Variables = new Dictionary<string, string> { ["shop"] = "acme" } });

        var claim = Assert.Single(await ClaimDueAsync());

        Assert.Equal(connection.Key, claim.Connection.Key);
        Assert.Equal("acme", claim.Connection.Variables["shop"]);
        Assert.Equal("refresh-1", Given.Text(claim.Tokens.RefreshToken));
        Assert.Equal((1, 1), (claim.Tokens.GrantNo, claim.Tokens.Version));
        Assert.Equal((Given.Worker, 1L, 0, 417), (claim.Holder, claim.Fence, claim.Epoch, claim.Jitter));
        Assert.Equal(Now, claim.DueAt);
        Assert.Equal((0, null), (claim.OpenIntents, claim.InDoubtSince));
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_claim_is_an_intent_that_others_can_see_before_anything_is_sent()
    {
        var connection = await ConnectDueAsync();

        var claim = Assert.Single(await ClaimDueAsync());

        var lease = Assert.Single(await Refresh.ListLeasesAsync(Environment, 10, default));
        Assert.Equal((connection.Id, claim.AttemptId, Given.Worker, 1L), (lease.ConnectionId, lease.AttemptId, lease.Holder, lease.Fence));
        Assert.Equal(Given.Lease, lease.LeaseUntil - lease.AcquiredAt);
        Assert.Equal(7, claim.AttemptId.Version);
    }

    [Fact, Trait("Req", "A2")]
    public async Task What_is_not_due_yet_is_left()
    {
        await ConnectAsync(g => g with { DueAt = Now.AddSeconds(1) });
        await ConnectAsync(g => g with { DueAt = null });

        Assert.Empty(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "C5")]
    public async Task What_is_due_within_the_asked_time_counts_as_due()
    {
        var soon = await ConnectAsync(g => g with { DueAt = Now.AddMinutes(5) });
        await ConnectAsync(g => g with { DueAt = Now.AddMinutes(6) });

        var claims = await Refresh.ClaimDueAsync(
            new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)], DueWithin: TimeSpan.FromMinutes(5)), default);

        Assert.Equal(soon.Id, Assert.Single(claims).Connection.Id);
    }

    [Fact, Trait("Req", "A2")]
    public async Task The_soonest_due_come_first_and_no_more_than_the_quota()
    {
        var third = await ConnectAsync(g => g with { DueAt = Now.AddSeconds(3) });
        var first = await ConnectAsync(g => g with { DueAt = Now.AddSeconds(1) });
        var second = await ConnectAsync(g => g with { DueAt = Now.AddSeconds(2) });
        Clock.Advance(TimeSpan.FromMinutes(1));

        var claims = await ClaimDueAsync(limit: 2);
        var rest = await ClaimDueAsync(limit: 2);

        Assert.Equal([first.Id, second.Id], claims.Select(c => c.Connection.Id));
        Assert.Equal(third.Id, Assert.Single(rest).Connection.Id);
    }

    [Fact, Trait("Req", "A2")]
    public async Task Only_integrations_with_a_quota_are_claimed_from_each_up_to_its_own()
    {
        var shop = await CreateIntegrationAsync("shop");
        var closed = await CreateIntegrationAsync("closed");
        foreach (var integration in new[] { Mail, shop, closed })
        {
            for (var i = 0; i < 3; i++)
            {
                await ConnectDueAsync(g => Given.Grant(integration, $"{integration.Key}-{i}", Now) with { DueAt = Now });
            }
        }

        var claims = await Refresh.ClaimDueAsync(
            new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 1), new(shop.Id, 2), new(closed.Id, 0)]), default);

        Assert.Equal(
            [(Mail.Id, 1), (shop.Id, 2)],
            claims.GroupBy(c => c.Connection.IntegrationId).Select(g => (g.Key, g.Count())).Order());
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_leased_connection_is_not_claimed_again()
    {
        await ConnectDueAsync();
        await ClaimDueAsync();

        Assert.Empty(await ClaimDueAsync(holder: "worker-2"));
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_lease_that_ran_out_is_an_open_intent_and_not_a_due_row()
    {
        var connection = await ConnectDueAsync();
        await ClaimDueAsync();
        await RunOutAsync(connection.Id, TimeSpan.FromDays(1));

        Assert.Empty(await ClaimDueAsync(holder: "worker-2"));
    }

    [Theory, Trait("Req", "A2")]
    [InlineData(ConnectionStatus.Pending)]
    [InlineData(ConnectionStatus.Standby)]
    public async Task What_is_not_ours_to_refresh_yet_is_not_claimed_though_a_due_time_was_given(ConnectionStatus status)
    {
        await ConnectDueAsync(g => g with { Status = status });

        Assert.Empty(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "A2")]
    public async Task What_was_ended_or_paused_is_not_claimed()
    {
        LeverChange[] levers = [new LeverChange.Disable(), new LeverChange.Revoke(default), new LeverChange.RequireReauthorization("asked for")];
        foreach (var lever in levers)
        {
            var connection = await ConnectDueAsync();
            await Connections.ApplyAsync(connection.Id, lever, Now, default);
        }

        Assert.Empty(await ClaimDueAsync());
    }

    [Fact, Trait("Req", "A2")]
    public async Task A_degraded_connection_is_still_tried()
    {
        await ConnectDueAsync(g => g with { ExpiresAt = Now.AddSeconds(1) });
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Refresh.DegradeExpiredAsync(Now, 10, default);

        Assert.Equal(ConnectionStatus.Degraded, Assert.Single(await ClaimDueAsync()).Connection.Status);
    }

    [Fact, Trait("Req", "A3")]
    public async Task Recently_used_connections_go_before_idle_ones_that_are_due_longer()
    {
        var idle = await ConnectDueAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var used = await ConnectManyDueAsync(9, used: true);

        var claims = await ClaimDueAsync(limit: 9);

        // Eight that callers use, and one for the idle: at least a tenth.
        Assert.Equal(8, claims.Select(c => c.Connection.Id).Intersect(used).Count());
        Assert.Contains(idle.Id, claims.Select(c => c.Connection.Id));
    }

    [Fact, Trait("Req", "A3")]
    public async Task Idle_connections_get_a_tenth_while_used_ones_abound_so_they_age_and_do_not_starve()
    {
        var used = await ConnectManyDueAsync(40, used: true);
        var idle = await ConnectManyDueAsync(10, used: false);

        var claims = (await ClaimDueAsync(limit: 30)).Select(c => c.Connection.Id).ToArray();

        Assert.Equal((27, 3), (claims.Intersect(used).Count(), claims.Intersect(idle).Count()));
    }

    [Fact, Trait("Req", "A3")]
    public async Task Neither_queue_leaves_permits_unused_that_the_other_needs()
    {
        var used = await ConnectManyDueAsync(2, used: true);
        var idle = await ConnectManyDueAsync(20, used: false);

        var first = (await ClaimDueAsync(limit: 10)).Select(c => c.Connection.Id).ToArray();

        Assert.Equal((2, 8), (first.Intersect(used).Count(), first.Intersect(idle).Count()));
    }

    [Fact, Trait("Req", "A3")]
    public async Task A_single_permit_goes_to_whichever_is_due_first()
    {
        var idle = await ConnectDueAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        var used = Assert.Single(await ConnectManyDueAsync(1, used: true));

        Assert.Equal(idle.Id, Assert.Single(await ClaimDueAsync(limit: 1)).Connection.Id);
        Assert.Equal(used, Assert.Single(await ClaimDueAsync(limit: 1)).Connection.Id);
    }

    [Fact, Trait("Req", "A3")]
    public async Task A_use_long_ago_counts_as_idle_from_the_next_result_on()
    {
        var id = Assert.Single(await ConnectManyDueAsync(1, used: true));
        Clock.Advance(TimeSpan.FromDays(2));
        await CommitAsync(Given.Success(await ClaimAsync(id), Now));

        Assert.Equal(1L, Convert.ToInt64(await QueryAsync<object>("select priority from refresh_schedule"), null));
    }

    [Fact, Trait("Req", "A3")]
    public async Task Uses_are_remembered_to_the_hour()
    {
        var connection = await ConnectAsync();
        Clock.Advance(TimeSpan.FromMinutes(59.5));

        await Refresh.TouchUsedAsync([connection.Id], Now, default);

        Assert.Equal(Now.AddMinutes(-59.5), (await GetAsync(connection.Id)).Connection.LastUsedAt);
    }

    private async Task<ConnectionId[]> ConnectManyDueAsync(int count, bool used)
    {
        var ids = new List<ConnectionId>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await ConnectDueAsync()).Id);
        }

        if (used)
        {
            await Refresh.TouchUsedAsync(ids, Now, default);
        }

        return [.. ids];
    }
}
