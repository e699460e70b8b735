using Rekindle.Connect;
using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A database that may not be ours is served from, and nothing is sent that acts on a grant (I14).</summary>
[Trait("Req", "I14")]
public sealed class FrozenTests
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    public static TheoryData<FreezeReason> Reasons => [.. Enum.GetValues<FreezeReason>().Where(r => r != FreezeReason.KeyRing)];

    [Theory]
    [MemberData(nameof(Reasons))]
    [Trait("Req", "I11")]
    [Trait("Failure", "F82")]
    public async Task A_valid_token_is_served_and_nothing_is_sent_however_long_it_takes(FreezeReason reason)
    {
        await using var world = await World.StartAsync(reason);
        var seen = world.Engine.Simulator.History.Newest;

        var served = await world.Engine.AskAsync(world.Id);
        await world.Engine.RunAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));
        var ended = await world.Engine.AskAsync(world.Id);
        var ordered = await world.Engine.Levers.RefreshAsync(world.Id, capture: false, "operator");

        Assert.Null(served.Error);
        Assert.Equal(reason, world.Ownership.Freeze?.Reason);
        Assert.All([ended.Error, ordered.Error], error =>
        {
            Assert.Equal(TokenErrorCode.Frozen, error!.Code);
            Assert.Equal(WhoActs.Operator, error.WhoActs);
        });
        Assert.Equal(ConnectionStatus.Degraded, (await world.Engine.ReadAsync(world.Id)).Connection.Status);
        Assert.Empty(world.Engine.Simulator.History.Since(seen));
    }

    [Fact]
    public async Task Nothing_that_acts_at_the_provider_or_brings_a_grant_in_is_done_and_what_is_local_is()
    {
        await using var world = await World.StartAsync(FreezeReason.OtherEndpoint);
        var (engine, id) = (world.Engine, world.Id);
        var seen = engine.Simulator.History.Newest;

        await Assert.ThrowsAsync<FrozenException>(() => engine.Levers.RevokeAsync(id, "operator"));
        await Assert.ThrowsAsync<FrozenException>(() => engine.Levers.DeleteAsync(id, "operator"));
        await Assert.ThrowsAsync<FrozenException>(() => engine.ImportAsync("user-2"));
        await Assert.ThrowsAsync<FrozenException>(() => engine.Get<CronHeartbeat>().RunAsync("production", TimeSpan.FromSeconds(5)));
        await Assert.ThrowsAsync<FrozenException>(() => engine.Get<ConnectSessions>().CreateReconnectAsync(id, new ReconnectRequest(), "operator"));
        await engine.Levers.RetryAsync(id, "operator");
        await engine.BeatAsync();
        var disabled = await engine.Levers.DisableAsync(id, "operator");

        Assert.Equal(ConnectionStatus.Disabled, disabled.Snapshot!.Connection.Status);
        Assert.NotNull((await engine.ReadAsync(id)).Tokens);
        Assert.Empty(engine.Simulator.History.Since(seen));
    }

    [Fact]
    public async Task A_token_that_was_claimed_before_the_freeze_does_not_leave_after_it()
    {
        await using var world = await World.StartAsync(null);
        var (engine, id) = (world.Engine, world.Id);
        engine.Clock.Advance(Life - TimeSpan.FromMinutes(1));
        var version = (await engine.ReadAsync(id)).Tokens!.Version;
        var asked = engine.Clock.GetTimestamp();
        var terms = new LeaseTerms(engine.Get<WorkerIdentity>().InstanceId, engine.Clock.Now, TimeSpan.FromMinutes(3), Guid.CreateVersion7());
        var claim = Assert.IsType<ClaimAnswer.Taken>(await engine.Get<IRefreshStore>().ClaimOneAsync(id, version, terms, TimeSpan.Zero, default)).Claim;
        await world.FreezeAsync(FreezeReason.OldBackup);

        var outcome = await engine.Get<RefreshEngine>().RefreshAsync(new LeasedRefresh(claim, asked, terms.Lease, new Permits(1, engine.Clock.Now)), RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(engine.Simulator.History.Refreshes());
        Assert.Null((await engine.ReadAsync(id)).LeaseUntil);
    }

    [Fact]
    public async Task Unfreezing_takes_the_named_classes_in_and_leaves_the_others_out_until_they_are_named_or_connected_anew()
    {
        await using var world = await World.StartAsync(null);
        var engine = world.Engine;
        var doubtful = await engine.ImportAsync("user-2", TimeSpan.FromMinutes(5));
        var renewed = await engine.ImportAsync("user-3", TimeSpan.FromMinutes(5));
        await world.FreezeAsync(FreezeReason.OtherEndpoint);
        engine.Clock.Advance(Life - TimeSpan.FromMinutes(4));

        var plan = await world.Unfreezer.PlanAsync();
        var first = await world.Unfreezer.ApplyAsync(new HashSet<UnfreezeClass> { UnfreezeClass.Safe, UnfreezeClass.Valid }, "operator");
        await world.Ownership.LookAsync(default);
        await engine.RunAsync(Life, TimeSpan.FromMinutes(5));
        var refused = await engine.AskAsync(doubtful);
        var left = await world.Unfreezer.PlanAsync();

        var classes = Assert.Single(plan.Integrations).Classes;
        Assert.Equal((1, 2), (classes[UnfreezeClass.Valid].Count, classes[UnfreezeClass.Doubtful].Count));
        Assert.Equal((1, 2), (first.Taken, first.LeftOut[UnfreezeClass.Doubtful]));
        Assert.Null(world.Ownership.Freeze);
        Assert.All(engine.Simulator.History.Refreshes(), r => Assert.Equal("user-1", r.Subject));
        Assert.True((await engine.AskAsync(world.Id)).Token!.ExpiresAt > engine.Clock.Now);
        Assert.Equal(TokenErrorCode.Frozen, refused.Error!.Code);
        Assert.Equal((2, null), (Assert.Single(left.Integrations).Classes[UnfreezeClass.Doubtful].LeftOut, left.Freeze));

        await engine.ImportAsync("user-3", TimeSpan.FromMinutes(5), d => d.Replace = true);
        var second = await world.Unfreezer.ApplyAsync(new HashSet<UnfreezeClass>(Unfreezer.Takeable), "operator");
        await engine.RunAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));

        Assert.Equal((1, 0), (second.Taken, second.LeftOut.Count));
        Assert.All([doubtful, renewed], id => Assert.Contains(
            engine.Simulator.History.Refreshes(), r => r.Subject == (id == doubtful ? "user-2" : "user-3") && r.Issued));
        Assert.Empty((await world.Unfreezer.PlanAsync()).Integrations);
    }

    [Fact]
    public async Task Presenting_what_a_refresh_does_not_use_up_is_safe_and_goes_on_by_default()
    {
        await using var world = await World.StartAsync(FreezeReason.OldBackup, new Personality());

        var result = await world.Unfreezer.ApplyAsync(new HashSet<UnfreezeClass> { UnfreezeClass.Safe }, "operator");
        await world.Ownership.LookAsync(default);
        await world.Engine.RunAsync(Life, TimeSpan.FromMinutes(5));

        Assert.Equal((1, 0), (result.Taken, result.LeftOut.Count));
        Assert.NotEmpty(world.Engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "D6")]
    public async Task Many_stored_tokens_that_do_not_open_freeze_the_database_for_everybody()
    {
        await using var world = await World.StartAsync(null);
        var engine = world.Engine;
        for (var i = 0; i < 12; i++)
        {
            await engine.ImportAsync($"broken-{i}", Life);
        }

        // Every row has another one's token: put together from two backups.
        await engine.Get<Sql.StoreSet>().Database.WriteAsync(
            session => session.ExecuteAsync("update token_sets set refresh_token = (select refresh_token from token_sets order by connection_id limit 1)"), default);
        await engine.RunAsync(Life, TimeSpan.FromMinutes(5));
        await world.Ownership.LookAsync(default);

        Assert.Equal(FreezeReason.Undecryptable, world.Ownership.Freeze?.Reason);
        Assert.Equal(FreezeReason.Undecryptable, (await engine.Get<IOwnershipStore>().ReadAsync(default))!.Freeze?.Reason);
    }

    [Fact]
    public async Task A_database_that_is_put_back_under_a_running_process_is_noticed()
    {
        await using var world = await World.StartAsync(null);
        await world.Ownership.LookAsync(default);
        await world.WriteAsync("update ownership set mark = mark - 3600000");

        await world.Ownership.LookAsync(default);

        Assert.Equal(FreezeReason.OldBackup, world.Ownership.Freeze?.Reason);
        Assert.Contains("3600 s are missing", world.Ownership.Freeze!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journals_are_adopted_when_the_freeze_ends_and_not_before()
    {
        using var folder = new TempFolder();
        await using var world = await World.StartAsync(FreezeReason.OtherEndpoint, folder: folder.Path, restart: true);
        var before = world.DeadJournal;
        await PassAsync(20);
        var keptWhileFrozen = Directory.Exists(before);

        await world.Unfreezer.ApplyAsync(new HashSet<UnfreezeClass> { UnfreezeClass.Safe }, "operator");
        await world.Ownership.LookAsync(default);

        // What was adopted is kept for a failover, and goes when it is too old for one.
        for (var minute = 0; minute < 100 && Directory.Exists(before); minute++)
        {
            await PassAsync(1);
        }

        Assert.True(keptWhileFrozen);
        Assert.False(Directory.Exists(before));

        async Task PassAsync(int minutes)
        {
            for (var minute = 0; minute < minutes; minute++)
            {
                await world.Engine.Clock.AdvanceAsync(TimeSpan.FromMinutes(1));
            }
        }
    }

    [Fact]
    public async Task Another_deployment_on_the_same_database_is_frozen_and_the_owner_is_not()
    {
        using var folder = new TempFolder();
        var clock = new ManualClock();
        await using var owner = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path, Time = clock });
        await using var other = await EngineHost.StartAsync(new EngineSettings
        {
            Folder = folder.Path,
            Simulator = owner.Simulator,
            Time = clock,
            Configure = o => (o.Ownership.Deployment, o.Journal.Folder) = ("staging", folder.File("journal-2")),
        });
        await owner.Get<DatabaseOwnership>().LookAsync(default);

        Assert.Null(owner.Get<DatabaseOwnership>().Freeze);
        Assert.Equal(FreezeReason.OtherDeployment, other.Get<DatabaseOwnership>().Freeze?.Reason);

        // The operator gives it to the other one: then the first has to stop.
        await other.Get<Unfreezer>().ApplyAsync(new HashSet<UnfreezeClass>(Unfreezer.Takeable), "operator");
        await owner.Get<DatabaseOwnership>().LookAsync(default);
        await other.Get<DatabaseOwnership>().LookAsync(default);

        Assert.Equal(FreezeReason.OtherDeployment, owner.Get<DatabaseOwnership>().Freeze?.Reason);
        Assert.Null(other.Get<DatabaseOwnership>().Freeze);
    }

    /// <summary>An engine with one connection, on a database that is frozen for a reason, or not.</summary>
    private sealed class World : IAsyncDisposable
    {
        public required EngineHost Engine { get; init; }

        public ConnectionId Id { get; private set; }

        public string DeadJournal { get; private set; } = "";

        public DatabaseOwnership Ownership => Engine.Get<DatabaseOwnership>();

        public Unfreezer Unfreezer => Engine.Get<Unfreezer>();

        public static async Task<World> StartAsync(FreezeReason? reason, Personality? personality = null, string? folder = null, bool restart = false)
        {
            var clock = new ManualClock();
            var settings = new EngineSettings { Personality = personality ?? EngineSettings.Strict, Folder = folder, Time = clock };
            if (!restart)
            {
                var world = new World { Engine = await EngineHost.StartAsync(settings) };
                world.Id = await world.Engine.ImportAsync("user-1", Life);
                if (reason is { } now)
                {
                    await world.FreezeAsync(now);
                }

                return world;
            }

            // An engine that is gone, with its journal, and one that finds the database frozen.
            await using (var first = await EngineHost.StartAsync(settings))
            {
                await first.ImportAsync("user-1", Life);
            }

            var dead = Assert.Single(Directory.GetDirectories(Path.Combine(folder!, "journal")));
            var second = new World
            {
                Engine = await EngineHost.StartAsync(settings with { Configure = o => o.Ownership.Endpoint = "elsewhere" }),
            };
            second.DeadJournal = dead;
            return second;
        }

        public async Task FreezeAsync(FreezeReason reason)
        {
            Task frozen = reason switch
            {
                FreezeReason.OtherDeployment => WriteAsync("update ownership set deployment = 'another'"),
                FreezeReason.OtherEndpoint => WriteAsync("update ownership set endpoint = 'elsewhere'"),
                FreezeReason.Moving => Ownership.AnnounceMoveAsync(null, "elsewhere", TimeSpan.FromDays(1)),
                FreezeReason.OldBackup => WriteAsync("update ownership set mark = mark - 3600000"),
                _ => Engine.Get<IOwnershipStore>().FreezeAsync(reason, "test", 1, Engine.Clock.Now, default),
            };
            await frozen;
            await Ownership.LookAsync(default);
            Assert.Equal(reason, Ownership.Freeze?.Reason);
        }

        public Task<int> WriteAsync(string sql) => Engine.Get<Sql.StoreSet>().Database.WriteAsync(session => session.ExecuteAsync(sql), default);

        public ValueTask DisposeAsync() => Engine.DisposeAsync();
    }
}
