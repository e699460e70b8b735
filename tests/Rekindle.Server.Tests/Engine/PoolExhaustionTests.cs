using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>The database's connections are lent for statements, never for the time a provider takes.</summary>
[Trait("Failure", "F26")]
public sealed class PoolExhaustionTests
{
    private const int Due = 10;

    [Fact]
    public async Task A_provider_that_hangs_keeps_no_connection_of_the_pool()
    {
        await using var database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        await using var engine = await StartAsync(database, "Maximum Pool Size=2;Timeout=15");
        var ids = await ImportAsync(engine);
        var hold = engine.Server.Faults.Add(Fault.Hold(FaultStage.Before));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));

        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token", Due);
        await using var beside = new NpgsqlConnection(database.ConnectionString);
        await beside.OpenAsync();
        await using var inTransaction = new NpgsqlCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'", beside);
        var busy = await inTransaction.ExecuteScalarAsync();
        var imported = await engine.ImportAsync("while it hangs");
        var read = await Task.WhenAll(ids.Select(engine.ReadAsync));

        Assert.Equal(0L, busy);
        Assert.All(read, snapshot => Assert.NotNull(snapshot.LeaseUntil));
        Assert.Equal(imported, (await engine.ReadAsync(imported)).Connection.Id);

        hold.Remove();
        await engine.Heartbeat.DrainAsync();
        Assert.All(await Task.WhenAll(ids.Select(engine.ReadAsync)), snapshot => Assert.Equal(2, snapshot.Tokens!.Version));
    }

    [Fact]
    public async Task Without_a_free_connection_nothing_is_sent_valid_tokens_are_served_and_it_goes_on_by_itself()
    {
        await using var database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        await using var engine = await StartAsync(database, "Maximum Pool Size=2;Timeout=5");
        var fresh = await engine.ImportAsync("fresh");
        var ids = await ImportAsync(engine);
        Assert.NotNull((await engine.AskAsync(fresh)).Token);
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await using var beside = new NpgsqlConnection(database.ConnectionString);
        await beside.OpenAsync();
        await using var transaction = await beside.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("lock table connections, refresh_schedule in access exclusive mode", beside, transaction))
        {
            await hold.ExecuteNonQueryAsync();
        }

        // Statements wait for the lock with both connections: these two, or one of them and something that looked at the tables by itself.
        var waiting = Task.WhenAll(ids.Take(2).Select(engine.ReadAsync));
        await Assert.ThrowsAsync<StoreException>(() => engine.BeatAsync());
        var served = await engine.AskAsync(fresh);
        var refused = await engine.AskAsync(ids[0]);

        Assert.NotNull(served.Token);
        Assert.Equal(Connections.TokenErrorCode.StoreUnavailable, refused.Error?.Code);
        Assert.Empty(engine.Simulator.History.Refreshes());

        await transaction.RollbackAsync();
        await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await engine.RunAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));
        Assert.All(await Task.WhenAll(ids.Select(engine.ReadAsync)), snapshot => Assert.Equal(2, snapshot.Tokens!.Version));
    }

    private static async Task<EngineHost> StartAsync(Testing.PostgresDatabase database, string pool) => await EngineHost.StartAsync(new EngineSettings
    {
        Store = (builder, _) => builder.UsePostgres(options =>
        {
            options.ConnectionString = $"{database.ConnectionString};{pool}";
            options.LeasesByCallersClock = true;
        }),
    });

    private static async Task<Connections.ConnectionId[]> ImportAsync(EngineHost engine)
    {
        var ids = new Connections.ConnectionId[Due];
        for (var i = 0; i < Due; i++)
        {
            ids[i] = await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
        }

        return ids;
    }
}
