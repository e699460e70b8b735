using Rekindle.Connections;
using Rekindle.Simulator.Faults;

namespace Rekindle.Server.Tests.Engine;

public sealed class OnDemandTests
{
    [Fact]
    [Trait("Req", "A11")]
    [Trait("Failure", "F13")]
    public async Task Two_hundred_callers_of_an_expired_token_cost_one_refresh_and_get_the_same_token()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        engine.Clock.Advance(TimeSpan.FromMinutes(6));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => engine.AskAsync(id).AsTask())));

        Assert.Single(engine.Simulator.History.Refreshes());
        Assert.Single(answers.Select(a => a.Token!.Value.Reveal()).Distinct());
    }

    [Fact]
    [Trait("Req", "E2")]
    [Trait("Failure", "F04")]
    public async Task A_caller_that_cancels_never_cancels_the_refresh()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        engine.Clock.Advance(TimeSpan.FromMinutes(6));
        var held = engine.Server.Faults.Add(Fault.Hold());
        using var cancelled = new CancellationTokenSource();

        var impatient = engine.Tokens.TryGetAsync(id, new TokenDemand(), cancelled.Token).AsTask();
        await engine.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        held.Remove();
        var patient = await engine.AskAsync(id);

        Assert.NotNull(patient.Token);
        Assert.Single(engine.Simulator.History.Refreshes());
        Assert.Equal(2, (await engine.ReadAsync(id)).Tokens!.Version);
    }

    [Theory]
    [InlineData(FaultKind.ServerError, 48)]
    [InlineData(FaultKind.Throttled, 60)]
    [Trait("Req", "A6")]
    public async Task Callers_of_a_valid_token_never_notice_a_provider_in_trouble(FaultKind kind, int quietSeconds)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(10));
        engine.Server.Faults.Add(kind == FaultKind.Throttled ? Fault.Throttled(TimeSpan.FromSeconds(60)) : Fault.Of(kind));
        var errors = 0;

        for (var second = 0; second < 15 * 60; second++)
        {
            await engine.BeatAsync();
            errors += (await engine.AskAsync(id)).Error is null ? 0 : 1;
            engine.Clock.Advance(TimeSpan.FromSeconds(1));
            if (engine.Simulator.History.Refreshes() is [var first, ..] && engine.Clock.Now - first.At >= TimeSpan.FromSeconds(40))
            {
                engine.Server.Faults.Clear();
            }
        }

        var sent = engine.Simulator.History.Refreshes();
        Assert.Equal(0, errors);
        Assert.True(sent.Count >= 2);
        Assert.True(sent[1].Issued);
        Assert.All(sent.Zip(sent.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(quietSeconds)));
    }

    [Fact]
    [Trait("Req", "A11")]
    public async Task An_expired_token_without_refresh_token_is_an_error_and_never_handed_out()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5), g => g.RefreshToken = null);

        Assert.NotNull((await engine.AskAsync(id)).Token);
        engine.Clock.Advance(TimeSpan.FromMinutes(6));
        var before = await engine.AskAsync(id);
        await engine.BeatAsync();
        var after = await engine.AskAsync(id);

        Assert.Equal(TokenErrorCode.ExpiredNotRefreshable, before.Error!.Code);
        Assert.Equal(TokenErrorCode.ExpiredNotRefreshable, after.Error!.Code);
        Assert.Equal(ConnectionStatus.NeedsReauthorization, (await engine.ReadAsync(id)).Connection.Status);
    }

    [Fact]
    [Trait("Failure", "F55")]
    public async Task A_token_that_the_api_refuses_is_replaced_once_and_an_old_version_never_refreshes()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1");
        engine.Clock.Advance(TimeSpan.FromMinutes(2));

        var replaced = await engine.Tokens.RejectedAsync(id, 1, insufficientScope: false);
        engine.Clock.Advance(TimeSpan.FromMinutes(2));
        var old = await engine.Tokens.RejectedAsync(id, 1, insufficientScope: false);
        var scope = await engine.Tokens.RejectedAsync(id, 2, insufficientScope: true);

        Assert.Equal(2, replaced.Token!.Version);
        Assert.Equal(2, old.Token!.Version);
        Assert.Equal(2, scope.Token!.Version);
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "A10")]
    public async Task A_purpose_that_is_not_connected_is_its_own_error()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        await engine.ImportAsync("user-1", change: g => g.Purpose = "read");

        var answer = await engine.Tokens.TryGetAsync(
            new TokenQuery { Integration = "acme", Subject = "user-1", Purpose = "write" }, new TokenDemand());

        Assert.Equal(TokenErrorCode.PurposeNotConnected, answer.Error!.Code);
        Assert.Contains("'write'", answer.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Req", "A11")]
    public async Task Several_accounts_of_one_user_are_told_apart()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        await engine.ImportAsync("user-1", change: g => g.Account = "shop-1");
        var second = await engine.ImportAsync("user-1", change: g => g.Account = "shop-2");

        var any = await engine.Tokens.TryGetAsync(new TokenQuery { Integration = "acme", Subject = "user-1" }, new TokenDemand());
        var named = await engine.Tokens.TryGetAsync(new TokenQuery { Integration = "acme", Subject = "user-1", Account = "shop-2" }, new TokenDemand());

        Assert.Equal(TokenErrorCode.AmbiguousConnection, any.Error!.Code);
        Assert.Equal(2, any.Error.Candidates.Count);
        Assert.Equal(second, named.Token!.ConnectionId);
    }

    [Fact]
    [Trait("Req", "A11")]
    public async Task An_explicit_freshness_that_cannot_be_met_is_a_typed_error_and_the_default_gives_way()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(5));
        engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));

        var strict = await engine.AskAsync(id, minValid: TimeSpan.FromSeconds(100));
        var relaxed = await engine.AskAsync(id);

        Assert.Equal(TokenErrorCode.MinValidNotMet, strict.Error!.Code);
        Assert.NotNull(strict.Error.ValidUntil);
        Assert.NotNull(relaxed.Token);
        Assert.True(relaxed.Warnings.HasFlag(TokenWarnings.MinValidNotMet));
    }
}
