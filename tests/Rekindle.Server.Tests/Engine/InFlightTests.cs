using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>Everything that can happen to a connection while its refresh is at the provider: the rotated token is kept, and the newer order wins.</summary>
[Trait("Req", "A12")]
public sealed class InFlightTests
{
    [Fact]
    [Trait("Failure", "F06")]
    public async Task A_patch_survives_and_so_does_the_token() =>
        await DuringAsync(
            (engine, id) => engine.Connections.PatchAsync(id, new ConnectionPatch("mailbox", new Dictionary<string, string?> { ["plan"] = "gold" }), engine.Clock.Now, default),
            (_, after) =>
            {
                Assert.Equal("mailbox", after.Connection.Label);
                Assert.Equal("gold", after.Connection.Metadata["plan"]);
                Assert.Equal(2, after.Tokens!.Version);
                Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
            });

    [Fact]
    [Trait("Failure", "F07")]
    public async Task A_reconnect_wins_over_the_flight() =>
        await DuringAsync(
            (engine, id) => engine.ImportAsync("user-1", change: g => g.Replace = true),
            (engine, after) =>
            {
                Assert.Equal(2, after.Tokens!.GrantNo);
                Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
                Assert.Equal(Opened(engine, after), engine.AskAsync(after.Connection.Id).AsTask().Result.Token!.Value.Reveal());
            });

    [Fact]
    public async Task An_import_without_replace_changes_nothing() =>
        await DuringAsync(
            (engine, id) => engine.ImportAsync("user-1"),
            (_, after) =>
            {
                Assert.Equal(1, after.Tokens!.GrantNo);
                Assert.Equal(2, after.Tokens.Version);
            });

    [Fact]
    public async Task A_disable_keeps_the_material_and_the_status() =>
        await DuringAsync(
            (engine, id) => engine.Levers.DisableAsync(id, "test"),
            (engine, after) =>
            {
                Assert.Equal(ConnectionStatus.Disabled, after.Connection.Status);
                Assert.Equal(2, after.Tokens!.Version);
                Assert.Null(after.DueAt);
                Assert.Equal(TokenErrorCode.ConnectionDisabled, engine.AskAsync(after.Connection.Id).AsTask().Result.Error!.Code);
            });

    [Fact]
    public async Task An_enable_after_it_refreshes_with_the_kept_material() =>
        await DuringAsync(
            async (engine, id) =>
            {
                await engine.Levers.DisableAsync(id, "test");
                await engine.Levers.EnableAsync(id, "test");
            },
            (_, after) =>
            {
                Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
                Assert.Equal(2, after.Tokens!.Version);
                Assert.NotNull(after.DueAt);
            });

    [Fact]
    public async Task A_forced_retry_makes_it_due_again_and_the_floor_spares_the_provider() =>
        await DuringAsync(
            (engine, id) => engine.Levers.RetryAsync(id, "test"),
            (_, after) =>
            {
                Assert.Equal(2, after.Tokens!.Version);
                Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
            });

    [Fact]
    public async Task A_demand_for_reauthorization_stands() =>
        await DuringAsync(
            (engine, id) => engine.Levers.RequireReauthorizationAsync(id, "security review", "test"),
            (_, after) =>
            {
                Assert.Equal(ConnectionStatus.NeedsReauthorization, after.Connection.Status);
                Assert.Equal(2, after.Tokens!.Version);
                Assert.Null(after.DueAt);
            });

    [Fact]
    public async Task A_simulated_failure_stands_and_its_end_finds_the_refreshed_connection() =>
        await DuringAsync(
            (engine, id) => engine.Levers.SimulateAsync(id, new SimulatedFailure(RefreshClass.GrantDead), "test"),
            (engine, during) =>
            {
                var after = engine.Levers.EndSimulationAsync(during.Connection.Id, "test").Result.Snapshot!;

                Assert.Equal((ConnectionStatus.NeedsReauthorization, 2, null), (during.Connection.Status, during.Tokens!.Version, during.DueAt));
                Assert.Equal((ConnectionStatus.Active, 0, null), (after.Connection.Status, after.Connection.ConsecutiveFailures, after.Connection.LastRefreshError));
                Assert.True(after.DueAt > engine.Clock.Now.AddMinutes(20));
            },
            "sandbox");

    [Fact]
    public async Task A_broken_lease_frees_nothing_and_the_late_result_is_kept_aside() =>
        await DuringAsync(
            (engine, id) => engine.Levers.BreakLeaseAsync(id, "test"),
            (engine, after) =>
            {
                Assert.Equal(0, engine.Simulator.History.ReusesOutsideRule);
                Assert.Single(engine.Simulator.History.Refreshes());
            });

    [Fact]
    public async Task A_revocation_waits_for_the_flight_and_revokes_the_newest_token()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await StartFlightAsync(engine);

        var revoking = engine.Levers.RevokeAsync(id, "test");
        while ((await engine.ReadAsync(id)).Connection.Status != ConnectionStatus.Revoked)
        {
            await Task.Yield();
        }

        Assert.Equal(TokenErrorCode.ConnectionRevoked, (await engine.AskAsync(id)).Error!.Code);
        engine.Server.Faults.Clear();
        await engine.Heartbeat.DrainAsync();
        await PolledAsync(engine, revoking);

        Assert.Equal(RevocationOutcome.Revoked, (await revoking).AtProvider);
        Assert.Null((await engine.ReadAsync(id)).Tokens);
        Assert.All(engine.Server.Grants, g => Assert.NotNull(g.End));
    }

    [Fact]
    public async Task A_deletion_leaves_no_live_grant_behind()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await StartFlightAsync(engine);

        var deleting = engine.Levers.DeleteAsync(id, "test");
        while ((await engine.ReadAsync(id)).Connection.Status != ConnectionStatus.Revoked)
        {
            await Task.Yield();
        }

        engine.Server.Faults.Clear();
        await engine.Heartbeat.DrainAsync();
        await PolledAsync(engine, deleting);

        Assert.True(await deleting);
        Assert.Null(await engine.Connections.GetAsync(id, default));
        Assert.All(engine.Server.Grants, g => Assert.NotNull(g.End));
    }

    [Fact]
    [Trait("Failure", "F20")]
    public async Task A_dead_verdict_on_the_old_grant_does_not_touch_the_new_one()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await StartFlightAsync(engine);
        engine.Server.RevokeSubject("user-1");
        await engine.ImportAsync("user-1", change: g => g.Replace = true);

        engine.Server.Faults.Clear();
        await engine.Heartbeat.DrainAsync();

        var after = await engine.ReadAsync(id);
        Assert.Equal(ConnectionStatus.Active, after.Connection.Status);
        Assert.Equal(2, after.Tokens!.GrantNo);
        Assert.Null(after.LeaseUntil);
    }

    [Fact]
    public async Task Importing_last_weeks_export_over_live_connections_changes_nothing()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        await engine.RunAsync(TimeSpan.FromHours(2), TimeSpan.FromSeconds(30));
        var before = await engine.ReadAsync(id);

        await engine.ImportAsync("user-1", change: g =>
        {
            g.AccessToken = "old-access";
            g.RefreshToken = "old-refresh";
            g.Metadata = new Dictionary<string, string> { ["old"] = "yes" };
        });

        var after = await engine.ReadAsync(id);
        Assert.Equal(before.Tokens!.Version, after.Tokens!.Version);
        Assert.Equal(before.Tokens.RefreshToken!.Bytes, after.Tokens.RefreshToken!.Bytes);
        Assert.Empty(after.Connection.Metadata);
        Assert.Equal(before.DueAt, after.DueAt);
    }

    private static async Task DuringAsync(Func<EngineHost, ConnectionId, Task> change, Action<EngineHost, ConnectionSnapshot> verify, string environment = "production")
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Environment = environment });
        var id = await StartFlightAsync(engine);

        await change(engine, id);
        engine.Server.Faults.Clear();
        await engine.Heartbeat.DrainAsync();

        verify(engine, await engine.ReadAsync(id));
        Assert.Equal(0, engine.Simulator.History.ReusesOutsideRule);
    }

    // It polls for the end of the flight on the manual clock, and then talks to the provider in real time: the clock moves in
    // small steps and far less than any deadline.
    private static async Task PolledAsync(EngineHost engine, Task task)
    {
        for (var step = 0; step < 100 && !task.IsCompleted; step++)
        {
            engine.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }

        await task;
    }

    // A due connection whose refresh token is at the provider, which does not answer yet.
    private static async Task<ConnectionId> StartFlightAsync(EngineHost engine)
    {
        var id = await engine.ImportAsync("user-1");
        engine.Clock.Advance(TimeSpan.FromMinutes(55));
        engine.Server.Faults.Add(Fault.Hold());
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");
        return id;
    }

    private static string Opened(EngineHost engine, ConnectionSnapshot snapshot) =>
        ((Encryption.OpenResult.Opened)engine.Get<Encryption.Sealer>().Open(
            snapshot.Tokens!.AccessToken, snapshot.Connection.SealContext(Encryption.SecretKind.AccessToken, snapshot.Tokens.GrantNo))).Value.Reveal();
}
