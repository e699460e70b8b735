using Rekindle.Connections;
using Rekindle.Sql;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>A refresh writes as little as it can: tables grow by what changes, not by what is looked at.</summary>
[Collection(Alone.Name)]
public sealed class HotUpdateTests : PostgresTest
{
    [Fact, Trait("Req", "A2")]
    public async Task A_token_is_renewed_in_its_page_and_a_connection_that_does_not_change_is_not_written()
    {
        var program = OpenWithOneSession();
        await program.Attempts.MaintainAsync(Now, TimeSpan.FromDays(30), default);
        await SeedAsync(Mail, 200, Now);
        for (var round = 0; round < 200; round++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            var claims = await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 5)]), default);
            await program.Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, Now) with { DueAt = Now })], default);
        }

        Assert.Equal(0L, (await UpdatesAsync(program, "connections")).All);
        var tokens = await UpdatesAsync(program, "token_sets");
        Assert.Equal(1000L, tokens.All);
        Assert.InRange(tokens.Hot, 800, 1000);
    }

    [Fact, Trait("Req", "A3")]
    public async Task Remembering_that_a_connection_is_still_in_use_writes_no_index()
    {
        var program = OpenWithOneSession();
        var ids = new List<ConnectionId>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add((await ConnectAsync()).Id);
        }

        await program.Refresh.TouchUsedAsync(ids, Now, default);
        var before = await UpdatesAsync(program);
        Clock.Advance(TimeSpan.FromHours(1));
        await program.Refresh.TouchUsedAsync(ids, Now, default);
        await program.Refresh.TouchUsedAsync(ids, Now, default);

        var after = await UpdatesAsync(program);
        Assert.Equal((20L, 20L), (after.All - before.All, after.Hot - before.Hot));
    }

    [Fact, Trait("Req", "A9")]
    public async Task What_the_sweep_has_marked_as_ended_during_the_flight_is_put_right()
    {
        await SeedAsync(Mail, 1, Now);
        var claim = Assert.Single(await ClaimDueAsync());
        Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(1, await Refresh.DegradeExpiredAsync(Now, 10, default));

        Assert.Equal(CommitResult.Applied, await CommitAsync(Given.Success(claim, Now)));

        var after = (await GetAsync(claim.Connection.Id)).Connection;
        Assert.Equal((ConnectionStatus.Active, null), (after.Status, after.DegradedAt));
    }

    private async Task<(long All, long Hot)> UpdatesAsync(StoreSet program, string table = "refresh_schedule")
    {
        await program.Database.ReadAsync(session => session.AnyAsync("select pg_stat_force_next_flush()"), default);
        await using var beside = await ConnectBesideAsync();
        var counts = (long[])(await ScalarAsync(beside, $"select array[n_tup_upd, n_tup_hot_upd] from pg_stat_user_tables where relname = '{table}'"))!;
        return (counts[0], counts[1]);
    }
}
