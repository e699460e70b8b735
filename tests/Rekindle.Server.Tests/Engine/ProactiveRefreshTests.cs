using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

public sealed class ProactiveRefreshTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("Failure", "F92")]
    public async Task The_worker_looks_again_when_a_pause_that_the_provider_asked_for_is_over()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));
        var until = engine.Clock.Now.AddMilliseconds(1200);
        await engine.Get<IIntegrationStore>().ThrottleAsync(engine.Integration.Id, until, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);

        Assert.Equal(until, await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default));
    }

    [Fact]
    [Trait("Failure", "F92")]
    public async Task The_worker_looks_again_when_a_provider_that_is_away_may_be_probed()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var probe = engine.Clock.Now.AddSeconds(2);
        await engine.Get<IIntegrationStore>().SetStateAsync(
            engine.Integration.Id, new() { State = IntegrationState.Unavailable, NextProbeAt = probe }, engine.Clock.Now, default);
        await engine.Get<IntegrationDirectory>().ReloadAsync(default);

        Assert.Equal(probe, await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default));
    }

    [Fact]
    [Trait("Req", "A1")]
    public async Task A_connection_is_refreshed_before_its_token_ends_and_the_rotated_token_is_kept()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");

        await engine.RunAsync(TimeSpan.FromHours(3), TimeSpan.FromSeconds(30));

        var connection = await engine.ReadAsync(id);
        Assert.Equal(ConnectionStatus.Active, connection.Connection.Status);
        Assert.InRange(connection.Tokens!.Version, 4, 6);
        Assert.Equal(0, engine.Simulator.History.ReusesOutsideRule);
        Assert.True(engine.Server.Accepts((await engine.AskAsync(id)).Token!.Value.Reveal()));
    }

    [Fact]
    [Trait("Req", "A5")]
    [Trait("Speed", "slow")]
    public async Task Five_thousand_hourly_connections_of_the_same_minute_all_survive_default_settings()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 5000; i++)
        {
            await engine.ImportAsync($"user-{i}");
        }

        var expired = 0;
        for (var second = 0; second < 4000; second += 5)
        {
            await engine.BeatAsync();
            engine.Clock.Advance(TimeSpan.FromSeconds(5));
            expired = Math.Max(expired, (await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default)).ByStatus
                .GetValueOrDefault(ConnectionStatus.Degraded));
        }

        Assert.Equal(0, expired);
        Assert.True(engine.Simulator.History.RefreshesPerGrant().Count == 5000);
    }

    [Fact]
    [Trait("Req", "B1")]
    public async Task A_ninety_second_token_is_not_refreshed_in_a_loop()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Personality = EngineSettings.Strict with { AccessTokenLifetime = TimeSpan.FromSeconds(90) },
        });
        var id = await engine.ImportAsync("user-1");

        for (var second = 0; second < 900; second++)
        {
            await engine.BeatAsync();
            Assert.NotNull((await engine.AskAsync(id)).Token);
            engine.Clock.Advance(Second);
        }

        Assert.InRange(engine.Simulator.History.Refreshes().Count, 10, 21);
    }

    [Fact]
    [Trait("Req", "A6")]
    public async Task An_outage_is_met_with_the_ladder_and_ends_in_recovery()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        var outage = engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));

        await engine.RunAsync(TimeSpan.FromHours(2), TimeSpan.FromSeconds(10));
        var down = await engine.ReadAsync(id);
        var sent = engine.Simulator.History.Refreshes().Count;
        outage.Remove();
        await engine.RunAsync(TimeSpan.FromHours(1.3), TimeSpan.FromSeconds(30));
        var up = await engine.ReadAsync(id);

        Assert.Equal(ConnectionStatus.Degraded, down.Connection.Status);
        Assert.NotNull(down.Connection.DegradedAt);
        Assert.InRange(sent, 5, 7);
        Assert.Equal(ConnectionStatus.Active, up.Connection.Status);
        Assert.Equal((0, 0), (up.Connection.ConsecutiveFailures, up.Connection.ConsecutiveTransientFailures));
        Assert.Null(up.Connection.LastRefreshError);
        Assert.Null(up.Connection.DegradedAt);
    }

    [Fact]
    [Trait("Req", "A7")]
    public async Task A_revoked_grant_needs_its_user_after_one_verdict_and_is_never_sent_again()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        engine.Server.RevokeSubject("user-1");

        await engine.RunAsync(TimeSpan.FromHours(5), TimeSpan.FromMinutes(1));

        var connection = (await engine.ReadAsync(id)).Connection;
        Assert.Equal(ConnectionStatus.NeedsReauthorization, connection.Status);
        Assert.Single(engine.Simulator.History.Refreshes());
        var answer = await engine.AskAsync(id);
        Assert.Equal(TokenErrorCode.NeedsReauthorization, answer.Error!.Code);
        Assert.Equal(WhoActs.User, answer.Error.WhoActs);
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Failure", "F28")]
    public async Task One_dead_grant_among_many_hinders_nobody()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 50; i++)
        {
            await engine.ImportAsync($"user-{i}");
        }

        engine.Server.RevokeSubject("user-7");

        await engine.RunAsync(TimeSpan.FromHours(1), TimeSpan.FromSeconds(15));

        var summary = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(49, summary.ByStatus[ConnectionStatus.Active]);
        Assert.Equal(1, summary.ByStatus[ConnectionStatus.NeedsReauthorization]);
    }

    [Fact]
    [Trait("Failure", "F09")]
    public async Task A_rotation_lost_behind_a_gateway_is_tried_once_more_and_then_named()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        engine.Server.Faults.Add(Fault.GatewayTimeout().Times(1));

        await engine.RunAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(5));
        var doubtful = await engine.ReadAsync(id);
        await engine.RunAsync(TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(10));
        var known = (await engine.ReadAsync(id)).Connection;

        Assert.NotNull(doubtful.InDoubtSince);
        Assert.Equal(ConnectionStatus.NeedsReauthorization, known.Status);
        Assert.Equal(DisconnectReason.RotationLost, known.DisconnectReason);
        Assert.Equal(2, engine.Simulator.History.Refreshes().Count);
    }

    [Fact]
    [Trait("Failure", "F10")]
    public async Task A_rotation_lost_behind_a_gateway_is_recovered_within_the_grace_period()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Personality = new() { RefreshTokens = new() { RotateEvery = 1, Superseded = Rekindle.Simulator.Personalities.Superseded.Grace, Grace = TimeSpan.FromMinutes(2), ReuseEndsGrant = true } },
        });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        engine.Server.Faults.Add(Fault.GatewayTimeout().Times(1));

        await engine.RunAsync(TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(5));

        var connection = await engine.ReadAsync(id);
        Assert.Equal(ConnectionStatus.Active, connection.Connection.Status);
        Assert.Null(connection.InDoubtSince);
        Assert.True(engine.Server.Accepts((await engine.AskAsync(id)).Token!.Value.Reveal()));
    }

    [Fact]
    [Trait("Req", "F2")]
    [Trait("Failure", "F49")]
    public async Task A_wrong_secret_halts_the_integration_and_nobody_else_and_is_over_without_a_storm()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 1000; i++)
        {
            await engine.ImportAsync($"user-{i}");
        }

        var wrong = engine.Server.Faults.Add(Fault.Of(FaultKind.SecretExpired));
        await engine.RunAsync(TimeSpan.FromHours(2), TimeSpan.FromSeconds(60));

        var directory = engine.Get<IntegrationDirectory>();
        var halted = (await directory.FindAsync(engine.Integration.Id, default))!.Integration;
        var during = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        var notices = await engine.Get<Storage.INotificationStore>().ListAsync("production", openOnly: true, null, null, 100, default);
        var sentWhileWrong = engine.Simulator.History.Refreshes().Count;
        Assert.Equal(IntegrationState.Misconfigured, halted.State);
        Assert.False(during.ByStatus.ContainsKey(ConnectionStatus.NeedsReauthorization));
        Assert.Equal(Notifications.Audience.Operator, Assert.Single(notices).Audience);
        Assert.InRange(sentWhileWrong, 2, 40);

        wrong.Remove();
        await engine.SetPolicyAsync(EngineSettings.AtOnce);
        await engine.BeatAsync();
        await engine.RunAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(2));

        var after = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(1000, after.ByStatus[ConnectionStatus.Active]);
        Assert.Empty(await engine.Get<Storage.INotificationStore>().ListAsync("production", openOnly: true, null, null, 100, default));
        var perMinute = engine.Simulator.History.Refreshes(after: sentWhileWrong).GroupBy(p => p.At.ToUnixTimeSeconds() / 60).Max(g => g.Count());
        Assert.InRange(perMinute, 1, 250);
    }

    [Fact]
    [Trait("Req", "F2")]
    public async Task One_connection_with_a_client_error_among_many_that_work_does_not_halt_the_integration()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        for (var i = 0; i < 1_000; i++)
        {
            await engine.ImportAsync($"user-{i}");
        }

        engine.Server.Faults.Add(Fault.Answering(Rekindle.Simulator.Personalities.ErrorDialect.Plain(400, "unauthorized_client", "unknown")).ForSubject("user-3"));

        await engine.RunAsync(TimeSpan.FromHours(2), TimeSpan.FromSeconds(30));

        Assert.Equal(IntegrationState.Active, (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration.State);
        var summary = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(999, summary.ByStatus[ConnectionStatus.Active]);
    }
}
