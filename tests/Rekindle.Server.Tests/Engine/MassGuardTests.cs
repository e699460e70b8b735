using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>When verdicts that grants are over are believed (I10, F1). Default settings.</summary>
public sealed class MassGuardTests
{
    private static readonly IntegrationPolicy Defaults = new();

    /// <summary>A life so short that all who begin it together are due within a minute.</summary>
    private static readonly TimeSpan AlikeDue = TimeSpan.FromMinutes(3);

    [Fact]
    [Trait("Req", "I10")]
    public async Task A_dead_verdict_stops_sending_at_once_and_is_published_a_minute_later()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(10));
        engine.Server.RevokeSubject("user-1");
        while (!(await engine.ReadAsync(id)).VerdictHeld)
        {
            Assert.True(engine.Clock.Now < engine.Integration.CreatedAt.AddMinutes(10), "The token ended without a refresh.");
            await engine.RunAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }

        var sent = engine.Simulator.History.Refreshes().Count;
        var served = await engine.AskAsync(id);
        await engine.RunAsync(TimeSpan.FromSeconds(55), TimeSpan.FromSeconds(1));
        var held = await engine.ReadAsync(id);
        await engine.RunAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.Equal(1, sent);
        Assert.NotNull(served.Token);
        Assert.Equal((ConnectionStatus.Active, true), (held.Connection.Status, held.VerdictHeld));
        Assert.Equal(ConnectionStatus.NeedsReauthorization, (await engine.ReadAsync(id)).Connection.Status);
        Assert.Equal(NotificationKind.Disconnected, Assert.Single(await NoticesAsync(engine)).Kind);
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "I10")]
    public async Task A_reconnection_during_the_delay_ends_the_verdict()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromSeconds(50));
        engine.Server.RevokeSubject("user-1");
        await engine.RunAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));
        var held = await engine.ReadAsync(id);

        await engine.ImportAsync("user-1", TimeSpan.FromHours(1), draft => draft.Replace = true);
        await engine.RunAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(10));

        Assert.True(held.VerdictHeld);
        var after = await engine.ReadAsync(id);
        Assert.Equal((ConnectionStatus.Active, false), (after.Connection.Status, after.VerdictHeld));
        Assert.Empty(await NoticesAsync(engine));
    }

    [Fact]
    [Trait("Req", "F1")]
    [Trait("Failure", "F54")]
    public async Task Half_an_integration_refused_within_a_minute_disconnects_nobody_and_comes_back_when_the_provider_does()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        for (var i = 0; i < 200; i++)
        {
            await engine.ImportAsync($"user-{i}", AlikeDue);
        }

        var trulyDead = Enumerable.Range(0, 10).Select(i => $"user-{i}").ToArray();
        Array.ForEach(trulyDead, subject => engine.Server.RevokeSubject(subject));
        var faults = Enumerable.Range(10, 90)
            .Select(i => engine.Server.Faults.Add(Fault.Answering(ErrorDialect.Plain(400, "invalid_grant", "Token has been expired or revoked.")).ForSubject($"user-{i}")))
            .ToArray();

        await engine.RunAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(5));

        var during = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(IntegrationState.Suspect, (await StateAsync(engine)).State);
        Assert.False(during.ByStatus.ContainsKey(ConnectionStatus.NeedsReauthorization));
        var notice = Assert.Single(await NoticesAsync(engine));
        Assert.Equal((NotificationKind.IntegrationSuspect, Audience.Operator, 1), (notice.Kind, notice.Audience, notice.Count));
        Assert.Equal(100, during.ByStatus[ConnectionStatus.Active]);
        Assert.InRange(engine.Simulator.History.Refreshes().Count(p => p.Subject == "user-50"), 1, 2);

        Array.ForEach(faults, f => f.Remove());
        await engine.RunAsync(TimeSpan.FromMinutes(40), TimeSpan.FromSeconds(10));

        var after = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(IntegrationState.Active, (await StateAsync(engine)).State);
        Assert.Equal((190, 10), (after.ByStatus[ConnectionStatus.Active], after.ByStatus[ConnectionStatus.NeedsReauthorization]));
        Assert.Equal(10, (await NoticesAsync(engine)).Count(n => n.Kind == NotificationKind.Disconnected));
    }

    [Fact]
    [Trait("Req", "F1")]
    public async Task An_operator_s_word_tests_each_held_connection_once_and_publishes_the_dead()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        for (var i = 0; i < 30; i++)
        {
            await engine.ImportAsync($"user-{i}", AlikeDue);
            if (i < 15)
            {
                engine.Server.RevokeSubject($"user-{i}");
            }
        }

        await engine.RunAsync(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(5));
        var suspect = await StateAsync(engine);
        var sent = engine.Simulator.History.Refreshes().Count(p => p.Subject == "user-3");
        await engine.Get<IntegrationEditor>().ResumeAsync("production", "acme", "operator");
        await engine.RunAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5));

        var after = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(IntegrationState.Suspect, suspect.State);
        Assert.Equal(IntegrationState.Active, (await StateAsync(engine)).State);
        Assert.Equal((15, 15), (after.ByStatus[ConnectionStatus.Active], after.ByStatus[ConnectionStatus.NeedsReauthorization]));
        Assert.InRange(engine.Simulator.History.Refreshes().Count(p => p.Subject == "user-3") - sent, 1, 1);
    }

    [Fact]
    [Trait("Req", "F1")]
    public async Task One_tenant_revoked_by_its_own_administrator_is_published_as_one_message()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        for (var i = 0; i < 40; i++)
        {
            await engine.ImportAsync($"user-{i}", AlikeDue, draft => draft.Tenant = i < 20 ? "contoso" : "fabrikam");
            if (i < 20)
            {
                engine.Server.RevokeSubject($"user-{i}");
            }
        }

        await engine.RunAsync(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(5));

        var after = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(IntegrationState.Active, (await StateAsync(engine)).State);
        Assert.Equal((20, 20), (after.ByStatus[ConnectionStatus.Active], after.ByStatus[ConnectionStatus.NeedsReauthorization]));
        var notices = await NoticesAsync(engine);
        Assert.Contains(notices, n => n.Kind == NotificationKind.TenantDisconnected && n.Title.Contains("contoso", StringComparison.Ordinal));
        Assert.True(notices.Count < 20, $"{notices.Count} messages");
    }

    [Fact]
    [Trait("Req", "F1")]
    public async Task A_caller_of_a_held_connection_hears_who_can_help_and_costs_no_provider_call()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = Defaults });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromSeconds(40));
        engine.Server.RevokeSubject("user-1");
        engine.Clock.Advance(TimeSpan.FromSeconds(41));
        await engine.BeatAsync();
        var sent = engine.Simulator.History.Refreshes().Count;

        var answer = await engine.AskAsync(id);

        Assert.Equal((TokenErrorCode.RefreshInProgress, true), (answer.Error!.Code, answer.Error.Retryable));
        Assert.Equal(sent, engine.Simulator.History.Refreshes().Count);
    }

    [Fact]
    public async Task A_suspicion_ends_when_everybody_held_has_reconnected()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = new IntegrationPolicy() });
        for (var i = 0; i < 30; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
            if (i < 15)
            {
                engine.Server.RevokeSubject($"user-{i}");
            }
        }

        await engine.RunAsync(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(5));
        for (var i = 0; i < 15; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromHours(1), d => d.Replace = true);
        }

        await engine.RunAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(10));
        var state = (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration.State;
        Assert.Equal(IntegrationState.Active, state);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_second_mass_death_is_guarded_as_the_first_was(bool firstIncident)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = new IntegrationPolicy() });
        for (var i = 0; i < 60; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
        }

        if (firstIncident)
        {
            var faults = Enumerable.Range(0, 40).Select(i => engine.Server.Faults.Add(
                Fault.Answering(ErrorDialect.Plain(400, "invalid_grant", "x")).ForSubject($"user-{i}"))).ToArray();
            await engine.RunAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(5));
            Array.ForEach(faults, f => f.Remove());
        }

        await engine.RunAsync(TimeSpan.FromMinutes(45), TimeSpan.FromSeconds(10));
        Assert.Equal(60, (await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default)).ByStatus[ConnectionStatus.Active]);
        for (var i = 100; i < 160; i++)
        {
            await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3));
            engine.Server.Faults.Add(Fault.Answering(ErrorDialect.Plain(400, "invalid_grant", "x")).ForSubject($"user-{i}"));
        }

        await engine.RunAsync(TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(5));
        var during = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(0, during.ByStatus.GetValueOrDefault(ConnectionStatus.NeedsReauthorization));
    }

    private static async Task<Integration> StateAsync(EngineHost engine) =>
        (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration;

    private static Task<IReadOnlyList<Notification>> NoticesAsync(EngineHost engine) =>
        engine.Get<INotificationStore>().ListAsync("production", openOnly: true, null, null, 1000, default);
}
