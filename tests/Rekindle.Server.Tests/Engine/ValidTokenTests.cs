using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Simulator.Faults;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A valid token is handed out whatever goes on inside (I11); only the words of user and operator refuse it.</summary>
[Trait("Req", "I11")]
public sealed class ValidTokenTests
{
    public static TheoryData<string> Reasons => ["paused", "misconfigured", "unavailable", "suspect", "needs_reauthorization", "in_backoff", "verdict_held"];

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task It_is_served_until_it_ends_and_not_a_moment_longer(string reason)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Policy = new IntegrationPolicy() });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(30));
        await PutInTroubleAsync(engine, id, reason);

        var served = await engine.AskAsync(id);
        engine.Clock.Advance(TimeSpan.FromMinutes(31));
        var ended = await engine.AskAsync(id);

        Assert.Null(served.Error);
        Assert.True(served.Token!.ExpiresAt > engine.Clock.Now - TimeSpan.FromMinutes(31));
        // While its integration is suspect a connection that was not found dead is refreshed as ever.
        Assert.Equal(reason == "suspect", ended.Token?.ExpiresAt > engine.Clock.Now);
        Assert.Equal(reason == "suspect", ended.Error is null);
    }

    [Fact]
    public async Task A_disabled_or_revoked_connection_hands_out_nothing_at_once()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var disabled = await engine.ImportAsync("user-1");
        var revoked = await engine.ImportAsync("user-2");
        await engine.AskAsync(disabled);
        await engine.AskAsync(revoked);

        await engine.Levers.DisableAsync(disabled, "operator");
        await engine.Levers.RevokeAsync(revoked, "operator");

        Assert.Equal(TokenErrorCode.ConnectionDisabled, (await engine.AskAsync(disabled)).Error!.Code);
        Assert.Equal(TokenErrorCode.ConnectionRevoked, (await engine.AskAsync(revoked)).Error!.Code);
    }

    private static async Task PutInTroubleAsync(EngineHost engine, ConnectionId id, string reason)
    {
        switch (reason)
        {
            case "needs_reauthorization":
                await engine.Levers.RequireReauthorizationAsync(id, "test", "operator");
                break;
            case "in_backoff" or "verdict_held":
                engine.Server.Faults.Add(reason == "in_backoff"
                    ? Fault.Of(FaultKind.ServerError)
                    : Fault.Of(FaultKind.InvalidGrant));
                await engine.Levers.RefreshAsync(id, capture: false, "operator");
                break;
            default:
                var state = Names.Parse<IntegrationState>(reason);
                await engine.Get<IIntegrationStore>().SetStateAsync(
                    engine.Integration.Id, new() { State = state, NextProbeAt = engine.Clock.Now.AddHours(5) }, engine.Clock.Now, default);
                await engine.Get<IntegrationDirectory>().ReloadAsync(default);
                break;
        }
    }
}
