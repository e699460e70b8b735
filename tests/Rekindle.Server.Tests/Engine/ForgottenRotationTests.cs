using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Simulator;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.History;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A provider forgets what it gave: the refresh token before it is sent again where its reuse rule says so, and nowhere else (I8).</summary>
[Trait("Req", "I8"), Trait("Failure", "F10")]
public sealed class ForgottenRotationTests : IDisposable
{
    private static readonly RefreshTokenRules SingleUse = new() { RotateEvery = 1 };
    private static readonly Personality Until = Of(SingleUse with { Superseded = Superseded.UntilSuccessorUsed, Grace = TimeSpan.FromDays(30) });
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_forgotten_successor_gives_way_to_the_token_before_it_and_nobody_is_told()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until });
        var (id, forgotten) = await ForgetAsync(engine);

        await engine.RunAsync(TimeSpan.FromMinutes(2), Step);

        Assert.Equal([2, 1], PresentedSince(engine, forgotten));
        var after = await engine.ReadAsync(id);
        Assert.Equal((ConnectionStatus.Active, 3, null), (after.Connection.Status, after.Tokens!.Version, after.Tokens.Fallback));
        Assert.Empty(await NoticesAsync(engine, id));
        var refused = Assert.Single(await AttemptsAsync(engine, id), a => a.Class == RefreshClass.GrantDead);
        Assert.Contains("put back", refused.Decision, StringComparison.Ordinal);
        Assert.Equal(WhoActs.Nobody, refused.WhoActs);
        Assert.Equal(0, engine.Simulator.History.ReusesOutsideRule);

        await engine.RunAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(1));
        Assert.True((await engine.ReadAsync(id)).Tokens!.Version >= 5);
    }

    [Fact]
    public async Task Who_waits_for_the_token_gets_it_by_the_token_before()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until });
        var (id, forgotten) = await ForgetAsync(engine);
        engine.Clock.Advance(TimeSpan.FromHours(2));

        var answer = await engine.AskAsync(id);

        Assert.NotNull(answer.Token);
        Assert.Equal([2, 1], PresentedSince(engine, forgotten));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_a_refresh_token_works_once_the_one_before_is_never_sent(bool reuseEndsGrant)
    {
        await using var engine = await EngineHost.StartAsync(
            new EngineSettings { Personality = Of(SingleUse with { ReuseEndsGrant = reuseEndsGrant }) });
        var (id, forgotten) = await ForgetAsync(engine);

        await engine.RunAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));

        Assert.Equal([2], PresentedSince(engine, forgotten));
        Assert.Equal(DisconnectReason.GrantInvalid, (await engine.ReadAsync(id)).Connection.DisconnectReason);
    }

    [Fact]
    public async Task A_grace_that_has_passed_is_not_tried()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Grace(TimeSpan.FromMinutes(30)) });
        var (id, forgotten) = await ForgetAsync(engine);

        await engine.RunAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));

        Assert.Equal([2], PresentedSince(engine, forgotten));
        Assert.Equal(DisconnectReason.GrantInvalid, (await engine.ReadAsync(id)).Connection.DisconnectReason);
    }

    [Fact]
    public async Task A_grace_that_lasts_is_used()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Grace(TimeSpan.FromHours(2)) });
        var (id, forgotten) = await ForgetAsync(engine);

        await engine.RunAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));

        Assert.Equal([2, 1], PresentedSince(engine, forgotten));
        Assert.Equal((ConnectionStatus.Active, 3), Brief(await engine.ReadAsync(id)));
    }

    [Fact]
    public async Task A_grace_that_passes_while_the_provider_is_away_ends_as_it_would_have_at_once_and_nothing_is_sent()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Grace(TimeSpan.FromHours(2)) });
        var (id, forgotten) = await ForgetAsync(engine);
        await FallBackAsync(engine, id);

        engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        await engine.RunAsync(TimeSpan.FromMinutes(10), Step);
        var away = engine.Simulator.History.Refreshes(after: forgotten).Count;
        engine.Server.Faults.Clear();
        engine.Clock.Advance(TimeSpan.FromHours(2));
        await engine.BeatAsync();

        var after = await engine.ReadAsync(id);
        Assert.Equal(away, engine.Simulator.History.Refreshes(after: forgotten).Count);
        Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.GrantInvalid), (after.Connection.Status, after.Connection.DisconnectReason));
        Assert.Equal(Fallback.Spent, after.Tokens!.Fallback);
        var last = (await AttemptsAsync(engine, id))[0];
        Assert.Equal((RefreshClass.GrantDead, null, WhoActs.User), (last.Class, last.Status, last.WhoActs));
        Assert.NotNull(last.Request);
        Assert.Contains("has passed", last.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Failure", "F92")]
    public async Task What_was_not_sent_does_not_end_an_outage()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Grace(TimeSpan.FromHours(2)) });
        var (id, _) = await ForgetAsync(engine);
        await FallBackAsync(engine, id);
        engine.Server.Faults.Add(Fault.Of(FaultKind.Outage));
        for (var i = 0; i < 3; i++)
        {
            await engine.ImportAsync($"beside-{i}", TimeSpan.FromMinutes(3));
        }

        await engine.RunAsync(TimeSpan.FromMinutes(5), Step);
        var during = await StateAsync(engine);
        for (var round = 0; round < 100 && (await engine.ReadAsync(id)).Connection.Status != ConnectionStatus.NeedsReauthorization; round++)
        {
            engine.Clock.Advance(TimeSpan.FromMinutes(5));
            await engine.BeatAsync();
        }

        Assert.Equal(DisconnectReason.GrantInvalid, (await engine.ReadAsync(id)).Connection.DisconnectReason);
        Assert.Equal((IntegrationState.Unavailable, IntegrationState.Unavailable), (during, await StateAsync(engine)));
    }

    [Fact]
    public async Task A_second_refusal_ends_the_grant_once_and_the_newest_token_is_the_one_to_be_tried_again()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until });
        var (id, forgotten) = await ForgetAsync(engine);
        engine.Server.RevokeFamily(engine.Server.Grants[0].Id);

        await engine.RunAsync(TimeSpan.FromMinutes(10), Step);
        var ended = await engine.ReadAsync(id);
        await engine.Levers.RetryAsync(id, "test");
        await engine.RunAsync(TimeSpan.FromMinutes(10), Step);

        Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.GrantInvalid), (ended.Connection.Status, ended.Connection.DisconnectReason));
        Assert.Equal([2, 1, 2], PresentedSince(engine, forgotten));
        Assert.Equal(NotificationKind.Disconnected, Assert.Single(await NoticesAsync(engine, id)).Kind);
    }

    [Fact]
    public async Task A_process_that_ends_before_the_token_is_sent_leaves_it_to_the_next()
    {
        var clock = new ManualClock();
        await using var simulator = await SimulatorHost.StartAsync(
            new SimulatorOptions { Time = clock, Servers = new Dictionary<string, Personality> { ["acme"] = Until } });
        var settings = new EngineSettings { Simulator = simulator, Folder = _folder.Path, Time = clock };
        var (id, forgotten) = (default(ConnectionId), 0L);
        await using (var first = await EngineHost.StartAsync(settings))
        {
            (id, forgotten) = await ForgetAsync(first);
            await FallBackAsync(first, id);
        }

        await using var second = await EngineHost.StartAsync(settings);
        await second.RunAsync(TimeSpan.FromMinutes(1), Step);

        Assert.Equal([2, 1], PresentedSince(second, forgotten));
        Assert.Equal((ConnectionStatus.Active, 3), Brief(await second.ReadAsync(id)));
    }

    [Fact]
    [Trait("Req", "I3")]
    public async Task A_process_that_dies_while_the_token_is_under_way_leaves_an_open_intent_as_ever()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until });
        var (id, forgotten) = await ForgetAsync(engine);
        await FallBackAsync(engine, id);
        var lost = Guid.CreateVersion7(engine.Clock.Now);
        Assert.IsType<ClaimAnswer.Taken>(await engine.Get<IRefreshStore>().ClaimOneAsync(
            id, 2, new LeaseTerms("gone", engine.Clock.Now, TimeSpan.FromMinutes(3), lost), TimeSpan.Zero, default));

        await engine.RunAsync(TimeSpan.FromMinutes(5), Step);

        Assert.Equal([2, 1], PresentedSince(engine, forgotten));
        Assert.Equal(RefreshClass.OutcomeUnknown, (await engine.Get<IAttemptStore>().GetAsync(lost, default))!.Class);
        Assert.Equal((ConnectionStatus.Active, 3), Brief(await engine.ReadAsync(id)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [Trait("Req", "I7")]
    public async Task A_lost_rotation_stays_one_when_it_is_tried_again_by_order(int confirmationSeconds)
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Personality = Of(SingleUse with { ReuseEndsGrant = true }),
            Policy = new IntegrationPolicy { ConfirmationDelay = TimeSpan.FromSeconds(confirmationSeconds) },
        });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        await engine.RunAsync(TimeSpan.FromMinutes(3), Step);
        engine.Server.Faults.Add(Fault.LostAnswer().Times(1));
        await engine.RunAsync(TimeSpan.FromMinutes(70), TimeSpan.FromMinutes(1));
        var lost = (await engine.ReadAsync(id)).Connection;

        await engine.Levers.RetryAsync(id, "test");
        await engine.RunAsync(TimeSpan.FromMinutes(3), Step);

        Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.RotationLost), (lost.Status, lost.DisconnectReason));
        var again = (await engine.ReadAsync(id)).Connection;
        Assert.Equal((ConnectionStatus.NeedsReauthorization, DisconnectReason.RotationLost), (again.Status, again.DisconnectReason));
        Assert.Equal([1, 2, 2, 2], PresentedSince(engine, 0));
    }

    [Fact]
    public async Task A_reconnection_in_between_has_nothing_to_fall_back_from()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until });
        var (id, _) = await ForgetAsync(engine);
        await FallBackAsync(engine, id);

        await engine.ImportAsync("user-1", TimeSpan.FromHours(1), draft => draft.Replace = true);
        await engine.RunAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));

        var after = await engine.ReadAsync(id);
        Assert.Equal((ConnectionStatus.Active, 2, null), (after.Connection.Status, after.Tokens!.GrantNo, after.Tokens.Fallback));
    }

    [Fact]
    [Trait("Req", "F1")]
    public async Task Many_whose_grants_are_dead_are_counted_once_each_and_held_as_ever()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = Until, Policy = new IntegrationPolicy() });
        var ids = new List<ConnectionId>();
        for (var i = 0; i < 15; i++)
        {
            ids.Add(await engine.ImportAsync($"user-{i}", TimeSpan.FromMinutes(3)));
        }

        await engine.RunAsync(TimeSpan.FromMinutes(3), Step);
        var dead = engine.Simulator.History.Newest;
        var fault = engine.Server.Faults.Add(Fault.Of(FaultKind.InvalidGrant));
        foreach (var id in ids)
        {
            await engine.Levers.RetryAsync(id, "test");
        }

        await engine.RunAsync(TimeSpan.FromMinutes(20), Step);

        var during = await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default);
        Assert.Equal(IntegrationState.Suspect, await StateAsync(engine));
        Assert.False(during.ByStatus.ContainsKey(ConnectionStatus.NeedsReauthorization));
        Assert.All(engine.Simulator.History.Refreshes(after: dead).GroupBy(p => p.Subject), AssertTriedOnce);

        // It was a bad hour of the provider's, and what it gave is what it takes.
        fault.Remove();
        await engine.RunAsync(TimeSpan.FromMinutes(40), TimeSpan.FromSeconds(10));
        Assert.Equal(15, (await engine.Connections.SummarizeAsync("production", engine.Clock.Now, default)).ByStatus[ConnectionStatus.Active]);
    }

    // The newest, once the one before it, and from then on the newest again.
    private static void AssertTriedOnce(IEnumerable<Presentation> ofOne)
    {
        var newest = ofOne.First().Generation!.Value;
        Assert.Equal([newest - 1], ofOne.Skip(1).Select(p => p.Generation).Where(g => g != newest));
        Assert.Equal(newest - 1, ofOne.ElementAt(1).Generation);
    }

    private static Personality Of(RefreshTokenRules rules) => new() { RefreshTokens = rules };

    private static Personality Grace(TimeSpan grace) => Of(SingleUse with { Superseded = Superseded.Grace, Grace = grace });

    // A connection whose newest refresh token the provider has forgotten, and the place in the history.
    private static async Task<(ConnectionId Id, long Place)> ForgetAsync(EngineHost engine)
    {
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Server.Faults.Add(Fault.ForgottenRotation().Times(1));
        await engine.RunAsync(TimeSpan.FromMinutes(3), Step);
        Assert.Equal((ConnectionStatus.Active, 2), Brief(await engine.ReadAsync(id)));
        await engine.RunAsync(TimeSpan.FromMinutes(28), TimeSpan.FromMinutes(1));
        var newest = engine.Simulator.History.Newest;
        Assert.Equal(2, (await engine.ReadAsync(id)).Tokens!.Version);
        engine.Clock.Advance(TimeSpan.FromMinutes(27));
        return (id, newest);
    }

    // The refusal of the forgotten one, and no more.
    private static async Task FallBackAsync(EngineHost engine, ConnectionId id)
    {
        await engine.BeatAsync();
        Assert.Equal(Fallback.InUse, (await engine.ReadAsync(id)).Tokens!.Fallback);
    }

    private static async Task<IntegrationState> StateAsync(EngineHost engine) =>
        (await engine.Get<IntegrationDirectory>().FindAsync(engine.Integration.Id, default))!.Integration.State;

    private static (ConnectionStatus Status, int Version) Brief(ConnectionSnapshot snapshot) => (snapshot.Connection.Status, snapshot.Tokens!.Version);

    private static IEnumerable<int?> PresentedSince(EngineHost engine, long place) =>
        engine.Simulator.History.Refreshes(after: place).Select(p => p.Generation);

    private static Task<IReadOnlyList<Notification>> NoticesAsync(EngineHost engine, ConnectionId id) =>
        engine.Get<INotificationStore>().ListAsync("production", openOnly: false, id, null, 100, default);

    private static Task<IReadOnlyList<Attempt>> AttemptsAsync(EngineHost engine, ConnectionId id) =>
        engine.Get<IAttemptStore>().ListAsync(new AttemptFilter { Environment = "production", ConnectionId = id }, null, 100, default);
}
