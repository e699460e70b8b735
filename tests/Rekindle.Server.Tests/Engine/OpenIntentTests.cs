using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>Leases whose worker never reported back (I3): the token is sent once more, and only after a record of the unknown outcome.</summary>
public sealed class OpenIntentTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(180);

    [Fact]
    [Trait("Failure", "F01")]
    public async Task A_strict_token_waits_out_the_hold_and_the_lost_attempt_is_on_record()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var (id, lost) = await LoseAsync(engine);

        engine.Clock.Advance(Lease + TimeSpan.FromMinutes(4.5));
        await engine.BeatAsync();
        var early = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromMinutes(1));
        await engine.BeatAsync();

        Assert.Equal(0, early);
        Assert.Single(engine.Simulator.History.Refreshes());
        Assert.Equal(RefreshClass.OutcomeUnknown, (await engine.Get<IAttemptStore>().GetAsync(lost, default))!.Class);
        Assert.Equal(ConnectionStatus.Active, (await engine.ReadAsync(id)).Connection.Status);
        Assert.Equal(0, (await engine.ReadAsync(id)).OpenIntents);
    }

    [Fact]
    [Trait("Failure", "F01")]
    public async Task A_reusable_token_is_sent_as_soon_as_the_lease_has_run_out()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = new Personality() });
        await LoseAsync(engine);

        engine.Clock.Advance(Lease - TimeSpan.FromSeconds(1));
        await engine.BeatAsync();
        var early = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromSeconds(2));
        await engine.BeatAsync();

        Assert.Equal(0, early);
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Fact]
    public async Task Three_lost_leases_in_a_row_are_quarantined_and_reported()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Personality = new Personality() });
        var (id, _) = await LoseAsync(engine);
        for (var i = 0; i < 2; i++)
        {
            engine.Clock.Advance(Lease + TimeSpan.FromSeconds(1));
            await engine.Get<IRefreshStore>().ClaimOpenIntentsAsync(
                new OpenIntentRequest("gone-again", "1", engine.Clock.Now, Lease, [new OpenIntentWait(engine.Integration.Id, TimeSpan.Zero, 10)]), default);
        }

        engine.Clock.Advance(Lease + TimeSpan.FromSeconds(1));
        await engine.BeatAsync();

        var after = await engine.ReadAsync(id);
        Assert.Empty(engine.Simulator.History.Refreshes());
        Assert.Null(after.DueAt);
        Assert.Equal(Notifications.NotificationKind.Quarantined, Assert.Single(
            await engine.Get<INotificationStore>().ListAsync("production", openOnly: true, id, null, 10, default)).Kind);

        await engine.Levers.RetryAsync(id, "test");
        await engine.BeatAsync();
        Assert.Equal(ConnectionStatus.Active, (await engine.ReadAsync(id)).Connection.Status);
    }

    [Fact]
    [Trait("Failure", "F16")]
    public async Task A_caller_meanwhile_gets_a_typed_answer_and_no_second_refresh()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var (id, _) = await LoseAsync(engine);
        engine.Clock.Advance(Lease + TimeSpan.FromSeconds(30));

        var answer = await engine.AskAsync(id);

        Assert.Equal(TokenErrorCode.RefreshInProgress, answer.Error!.Code);
        Assert.Empty(engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "I3"), Trait("Req", "F4"), Trait("Failure", "F02")]
    public async Task After_an_absence_of_the_database_who_held_a_result_has_time_to_write_it()
    {
        var away = false;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IChangeFeed>.OnSqlite((method, _) => away && method.Name == nameof(IChangeFeed.ReadAsync) ? new StoreException("away") : null),
        });
        var (id, _) = await LoseAsync(engine);
        var follower = engine.Get<ChangeFollower>();
        away = true;
        await Assert.ThrowsAsync<StoreException>(() => follower.ReadAsync(default));
        engine.Clock.Advance(Lease + TimeSpan.FromMinutes(10));

        away = false;
        await engine.BeatAsync();
        await follower.ReadAsync(default);
        await engine.BeatAsync();
        var asked = await engine.AskAsync(id);
        var early = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromSeconds(35));
        await engine.BeatAsync();

        Assert.Equal(0, early);
        Assert.Equal(TokenErrorCode.RefreshInProgress, asked.Error!.Code);
        Assert.True(asked.Error.RetryAfter <= TimeSpan.FromSeconds(35), $"{asked.Error.RetryAfter}");
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Req", "I3"), Trait("Req", "F4"), Trait("Failure", "F02")]
    public async Task What_this_process_knows_and_cannot_write_is_not_sent_once_more_and_keeps_nobody_else_s_loss_off_the_record(bool rotates)
    {
        var full = true;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Personality = rotates ? EngineSettings.Strict : new Personality(),
            Store = FaultyStore<IRefreshStore>.OnSqlite((method, _) =>
                full && method.Name == nameof(IRefreshStore.CommitAsync) ? new StoreException("full") { IsTransient = true } : null),
        });
        var (_, lost) = await LoseAsync(engine);
        var known = await engine.ImportAsync("user-2", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.UntilAsync(() => Task.FromResult(engine.Get<Journal.ResultJournal>().Pending == (rotates ? 1 : 2)), TimeSpan.FromMilliseconds(1));

        engine.Clock.Advance(Lease + TimeSpan.FromMinutes(10));
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.UntilAsync(() => Task.FromResult(engine.Simulator.History.Refreshes().Count >= 2), TimeSpan.FromMilliseconds(1));
        var asked = await engine.AskAsync(known, maxWait: TimeSpan.Zero);
        await engine.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        full = false;
        await engine.UntilAsync(() => Task.FromResult(engine.Get<CommitQueue>().Waiting == 0), TimeSpan.FromSeconds(1));
        await engine.BeatAsync();

        Assert.Equal(["user-1", "user-2"], engine.Simulator.History.Refreshes().Select(r => r.Subject).Order());
        Assert.Equal(RefreshClass.OutcomeUnknown, (await engine.Get<IAttemptStore>().GetAsync(lost, default))!.Class);
        Assert.True(asked.Token is not null || asked.Error!.Code == TokenErrorCode.RefreshInProgress, $"{asked.Error}");
        Assert.Equal(2, (await engine.ReadAsync(known)).Tokens!.Version);
    }

    [Fact]
    [Trait("Req", "I3"), Trait("Req", "F4"), Trait("Failure", "F02")]
    public async Task A_database_that_is_read_and_cannot_be_written_to_was_away_as_well()
    {
        var full = false;
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = FaultyStore<IWorkerStore>.OnSqlite((method, _) =>
                full && method.Name == nameof(IWorkerStore.BeatAsync) ? new StoreException("full") { IsTransient = true } : null),
        });
        await LoseAsync(engine);
        full = true;
        engine.Clock.Advance(Lease + TimeSpan.FromMinutes(10));
        await Assert.ThrowsAsync<StoreException>(() => engine.Get<Journal.TimelineFollower>().LookAsync(default));

        full = false;
        await engine.Get<ChangeFollower>().ReadAsync(default);
        await engine.BeatAsync();
        var early = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromSeconds(35));
        await engine.BeatAsync();

        Assert.Equal(0, early);
        Assert.Single(engine.Simulator.History.Refreshes());
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData(5, 1)]
    [InlineData(600, 0)]
    [Trait("Req", "I3"), Trait("Req", "F4"), Trait("Failure", "F02")]
    public async Task Who_starts_when_the_database_comes_back_gives_time_to_those_who_could_not_say_that_they_live(int? silentFor, int sentAtOnce)
    {
        using var folder = new TempFolder();
        await using var before = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path });
        await LoseAsync(before);
        await before.Get<Journal.TimelineFollower>().StopAsync(default);
        before.Clock.Advance(Lease + TimeSpan.FromMinutes(10));
        if (silentFor is { } seconds)
        {
            await before.Get<IWorkerStore>().BeatAsync(
                new WorkerView { InstanceId = "gone", Version = "1", StartedAt = before.Clock.Now, SeenAt = before.Clock.Now - TimeSpan.FromSeconds(seconds) }, default);
        }

        await using var engine = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path, Time = before.Clock, Simulator = before.Simulator });
        await engine.BeatAsync();
        var atOnce = engine.Simulator.History.Refreshes().Count;
        engine.Clock.Advance(TimeSpan.FromSeconds(35));
        await engine.BeatAsync();

        Assert.Equal((sentAtOnce, 1), (atOnce, engine.Simulator.History.Refreshes().Count));
    }

    // A worker that took the lease and was never heard of again.
    private static async Task<(ConnectionId Id, Guid Attempt)> LoseAsync(EngineHost engine)
    {
        var id = await engine.ImportAsync("user-1");
        engine.Clock.Advance(TimeSpan.FromMinutes(59));
        var attempt = Guid.CreateVersion7(engine.Clock.Now);
        Assert.IsType<ClaimAnswer.Taken>(await engine.Get<IRefreshStore>().ClaimOneAsync(
            id, 1, new LeaseTerms("gone", engine.Clock.Now, Lease, attempt), TimeSpan.Zero, default));
        return (id, attempt);
    }
}
