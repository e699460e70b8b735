using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>What people and programs see of a simulated failure, and that the engine itself does not fall for it (A12).</summary>
[Trait("Req", "A12")]
public sealed class SimulationTests
{
    [Fact]
    public async Task A_simulated_death_refuses_callers_once_the_token_has_ended_in_words_that_say_so()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Environment = "sandbox" });
        var id = await engine.ImportAsync("user-1");

        await engine.Levers.SimulateAsync(id, new SimulatedFailure(RefreshClass.GrantDead, 3), "test");
        var served = await engine.AskAsync(id);
        engine.Clock.Advance(TimeSpan.FromHours(2));
        var refused = await engine.AskAsync(id);

        Assert.True(served.Warnings.HasFlag(TokenWarnings.NeedsReauthorization));
        Assert.Equal((TokenErrorCode.NeedsReauthorization, WhoActs.User), (refused.Error!.Code, refused.Error.WhoActs));
        Assert.StartsWith("TEST: ", refused.Error.Message, StringComparison.Ordinal);
        Assert.Empty(engine.Simulator.History.Refreshes());
        Assert.Empty(await engine.Get<IAttemptStore>().ListAsync(new AttemptFilter { Environment = "sandbox" }, null, 10, default));
    }

    [Fact]
    public async Task A_simulated_throttling_is_over_with_the_next_real_refresh()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Environment = "sandbox" });
        var id = await engine.ImportAsync("user-1");
        engine.Clock.Advance(TimeSpan.FromMinutes(61));

        var shown = await engine.Levers.SimulateAsync(id, new SimulatedFailure(RefreshClass.RateLimited, 6, TimeSpan.FromMinutes(7)), "test");
        await engine.BeatAsync();
        var early = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromMinutes(7));
        await engine.BeatAsync();

        var connection = shown.Snapshot!.Connection;
        Assert.Equal((ConnectionStatus.Degraded, 6, engine.Clock.Now), (connection.Status, connection.ConsecutiveTransientFailures, connection.NextRetryAt));
        Assert.Equal(0, early);
        var after = await engine.ReadAsync(id);
        Assert.Equal((ConnectionStatus.Active, 0, null, 2), (after.Connection.Status, after.Connection.ConsecutiveTransientFailures, after.Connection.Simulation, after.Tokens!.Version));
    }

    [Fact]
    public async Task Strikes_that_were_simulated_do_not_count_towards_a_real_disconnection()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Environment = "sandbox" });
        var id = await engine.ImportAsync("user-1");
        engine.Clock.Advance(TimeSpan.FromMinutes(50));
        await engine.Levers.SimulateAsync(id, new SimulatedFailure(RefreshClass.AuthAmbiguous, 2, TimeSpan.FromMinutes(15)), "test");
        engine.Clock.Advance(TimeSpan.FromMinutes(15));
        engine.Server.Faults.Add(Fault.Answering(new ErrorAnswer(401, """{"error":"who_knows"}""")));

        await engine.BeatAsync();

        var after = await engine.ReadAsync(id);
        Assert.Equal((ConnectionStatus.Degraded, 1, null), (after.Connection.Status, after.Connection.Strikes, after.Connection.Simulation));
        Assert.DoesNotContain("TEST", after.Connection.LastRefreshError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RefreshClass.RateLimited, 5, "transient_note")]
    [InlineData(RefreshClass.AuthAmbiguous, 2, "warning")]
    [InlineData(RefreshClass.InteractionRequired, 1, "disconnected")]
    public async Task It_opens_the_messages_that_real_failures_would_each_marked(RefreshClass kind, int count, string expected)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Environment = "sandbox" });
        var id = await engine.ImportAsync("user-1");

        await engine.Levers.SimulateAsync(id, new SimulatedFailure(kind, count), "test");

        var message = Assert.Single(await engine.Get<INotificationStore>().ListAsync("sandbox", openOnly: true, id, null, 10, default));
        Assert.Equal((expected, true), (Names.Of(message.Kind), message.IsTest));
        Assert.StartsWith("TEST: ", message.Title, StringComparison.Ordinal);
        Assert.StartsWith("TEST: ", message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_simulated_in_production()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        var before = await engine.ReadAsync(id);

        var refused = await engine.Levers.SimulateAsync(id, new SimulatedFailure(RefreshClass.Network), "test");

        Assert.Equal(LeverRefusal.InProduction, refused.Refusal);
        Assert.Equal(before.Connection.UpdatedAt, (await engine.ReadAsync(id)).Connection.UpdatedAt);
    }
}
