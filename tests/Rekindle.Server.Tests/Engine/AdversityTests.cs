using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>What fails beside a refresh must not cost its result, nor anybody else's.</summary>
[Trait("Req", "F4")]
public sealed class AdversityTests
{
    [Fact]
    public async Task A_rotated_token_is_not_lost_when_the_guard_cannot_write()
    {
        var away = false;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IIntegrationStore>.OnSqlite((m, a) => away && m.Name == "SetStateAsync" && a[1] is IntegrationStateChange { State: IntegrationState.Active }
                    ? new StoreException("lock timeout") { IsTransient = true } : null),
        });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        await engine.Get<IIntegrationStore>().SetStateAsync(
            engine.Integration.Id, new() { State = IntegrationState.Unavailable, NextProbeAt = engine.Clock.Now }, engine.Clock.Now, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        away = true;
        await engine.BeatAsync();
        away = false;
        await engine.RunAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(5));

        var after = await engine.ReadAsync(id);
        Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
    }

    [Fact]
    [Trait("Req", "I7")]
    public async Task A_request_that_broke_off_after_its_token_had_left_is_not_repeated_at_once()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Server.Faults.Add(Fault.LostAnswer().Times(1));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));

        await engine.BeatAsync();

        Assert.Single(engine.Simulator.History.Refreshes());
        Assert.NotNull((await engine.ReadAsync(id)).InDoubtSince);
    }

    [Fact]
    public async Task One_row_that_cannot_be_written_holds_up_nobody_else()
    {
        var bad = default(ConnectionId);
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IRefreshStore>.OnSqlite((m, a) => m.Name == "CommitAsync" && ((IReadOnlyList<RefreshCommit>)a[0]!).Any(c => c.Claim.Connection.Id == bad)
                    ? new StoreException("refused a statement") : null),
        });
        bad = await engine.ImportAsync("bad", TimeSpan.FromMinutes(3));
        var good = new List<ConnectionId>();
        for (var i = 0; i < 10; i++)
        {
            good.Add(await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3)));
        }

        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, CancellationToken.None);
        await engine.UntilAsync(async () => (await VersionsAsync()).All(v => v == 2), TimeSpan.FromMilliseconds(20));
        Assert.Equal(1, (await engine.ReadAsync(bad)).Tokens!.Version);

        // The bad row is written in the end, once it can be.
        var kept = bad;
        bad = default;
        await engine.UntilAsync(async () => (await engine.ReadAsync(kept)).Tokens!.Version == 2, TimeSpan.FromMilliseconds(200));

        async Task<int[]> VersionsAsync() => await Task.WhenAll(good.Select(async id => (await engine.ReadAsync(id)).Tokens!.Version));
    }

    [Fact]
    public async Task Claims_that_were_taken_when_the_process_was_told_to_stop_are_given_back_or_run()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            // What SemaphoreSlim.WaitAsync and NpgsqlDataSource.OpenConnectionAsync do with a token that is cancelled by now.
            Store = FaultyStore<IBudgetStore>.OnSqlite((m, _) => m.Name == "ReturnAsync" ? new OperationCanceledException() : null),
        });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.BeatAsync());
        await engine.Heartbeat.DrainAsync();
        Assert.Null((await engine.ReadAsync(id)).LeaseUntil);
    }

    [Fact]
    public async Task A_sweep_that_fails_does_not_stop_refreshing()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IVerdictStore>.OnSqlite((m, _) => m.Name == "TallyAsync" ? new StoreException("kept a row locked for too long") { IsTransient = true } : null),
        });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        for (var i = 0; i < 300; i++)
        {
            try
            {
                await engine.BeatAsync();
            }
            catch (StoreException)
            {
            }

            engine.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, (await engine.ReadAsync(id)).Tokens!.Version);
    }

    [Fact]
    public async Task An_on_demand_refresh_is_finished_before_the_process_ends()
    {
        var clock = new ManualClock();
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions
        {
            Time = clock,
            Servers = new Dictionary<string, Personality> { ["acme"] = EngineSettings.Strict },
        });
        using var folder = new TempFolder();
        var settings = new EngineSettings { Time = clock, Simulator = simulator, Folder = folder.Path };
        var first = await EngineHost.StartAsync(settings);
        var id = await first.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        clock.Advance(TimeSpan.FromMinutes(4));
        var hold = first.Server.Faults.Add(Fault.Hold(FaultStage.After));
        var asked = first.AskAsync(id).AsTask();
        await simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");

        // The answer comes when everything that does not wait for it has stopped.
        var closing = first.Get<FlightCount>();
        var stopping = first.DisposeAsync().AsTask();
        while (closing.TryEnter() is { } entered)
        {
            closing.Leave(entered);
            await Task.Yield();
        }

        hold.Remove();
        await stopping;
        var answer = await asked;
        Assert.True(answer.Token is not null, answer.Error?.Code.ToString());
        await using var second = await EngineHost.StartAsync(settings);
        await second.RunAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(5));
        Assert.Equal(ConnectionStatus.Active, (await second.ReadAsync(id)).Connection.Status);
    }
}
