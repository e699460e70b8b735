using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Simulator.Faults;
using Rekindle.Simulator.Personalities;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>
/// A database that failed over and forgot its last commits, as a running process meets it: a file that is put back to an earlier state and says
/// that it is on another timeline. <c>./drill failover</c> shows the same with a real replica.
/// </summary>
[Trait("Req", "F4"), Trait("Failure", "F01")]
public sealed class FailoverTests : IAsyncDisposable
{
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(6);

    private readonly TempFolder _folder = new();
    private string _timeline = "one";
    private EngineHost? _started;

    private EngineHost Engine => _started!;

    private TimelineFollower Follower => Engine.Get<TimelineFollower>();

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task What_the_database_forgot_is_there_again_before_its_token_is_sent_again()
    {
        var id = await StartAsync();
        await RememberAsync();
        Engine.Clock.Advance(TimeSpan.FromMinutes(55));
        await Engine.BeatAsync();
        var refreshed = await Engine.ReadAsync(id);
        await FailOverAsync();

        await Follower.LookAsync(default);

        var after = await Engine.ReadAsync(id);
        Assert.Equal((2, 2), (refreshed.Tokens!.Version, after.Tokens!.Version));
        Assert.Equal(refreshed.Tokens.RefreshToken!.Bytes, after.Tokens.RefreshToken!.Bytes);
        Engine.Clock.Advance(Gathering);
        await Follower.LookAsync(default);
        Engine.Clock.Advance(TimeSpan.FromMinutes(55));
        await Engine.BeatAsync();
        Assert.Equal(3, (await Engine.ReadAsync(id)).Tokens!.Version);
        Assert.All(Engine.Simulator.History.PresentationsPerToken("acme"), token => Assert.Equal(0, token.OutsideRule));
    }

    [Fact]
    public async Task A_chain_of_refreshes_comes_back_as_a_whole()
    {
        var id = await StartAsync();
        await RememberAsync();
        for (var i = 0; i < 3; i++)
        {
            Engine.Clock.Advance(TimeSpan.FromMinutes(3));
            await Engine.Levers.RefreshAsync(id, capture: false, "test");
        }

        await FailOverAsync();
        await Follower.LookAsync(default);

        Assert.Equal(4, (await Engine.ReadAsync(id)).Tokens!.Version);
    }

    [Fact]
    [Trait("Req", "I11")]
    public async Task Until_everybody_has_given_back_a_used_up_token_is_not_sent_and_a_valid_one_is_served()
    {
        var id = await StartAsync();
        await JoinAsync("elsewhere", "one");
        await FailOverAsync();
        await Follower.LookAsync(default);
        Engine.Clock.Advance(TimeSpan.FromMinutes(1));
        await Follower.LookAsync(default);

        var served = await Engine.AskAsync(id);
        var refused = (await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error;

        Assert.NotNull(served.Token);
        Assert.Equal((TokenErrorCode.RefreshInProgress, WhoActs.Nobody, true), (refused!.Code, refused.WhoActs, refused.Retryable));
        Assert.Empty(Engine.Simulator.History.Refreshes());

        await JoinAsync("elsewhere", "two");
        await Follower.LookAsync(default);
        Assert.Null((await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error);
    }

    [Fact]
    public async Task A_worker_that_does_not_come_back_is_waited_for_no_longer_than_the_setting_says()
    {
        var id = await StartAsync();
        await JoinAsync("gone", "one");
        await FailOverAsync();
        await Follower.LookAsync(default);
        Engine.Clock.Advance(TimeSpan.FromMinutes(2.9));
        await Follower.LookAsync(default);
        var early = (await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error;

        Engine.Clock.Advance(TimeSpan.FromMinutes(0.2));
        await Follower.LookAsync(default);

        Assert.NotNull(early);
        Assert.Null((await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error);
    }

    [Fact]
    public async Task A_worker_that_was_gone_long_before_is_not_waited_for()
    {
        await StartAsync();
        await JoinAsync("long-gone", "one");
        Engine.Clock.Advance(TimeSpan.FromMinutes(1));
        await Follower.LookAsync(default);
        await FailOverAsync();
        await Follower.LookAsync(default);
        Engine.Clock.Advance(Gathering);

        await Follower.LookAsync(default);

        Assert.True(Engine.Get<DatabaseTimeline>().Standing.IsSettled);
    }

    [Fact]
    public async Task A_reusable_token_is_refreshed_all_the_while()
    {
        var id = await StartAsync(new Personality());
        await JoinAsync("elsewhere", "one");
        await FailOverAsync();
        await Follower.LookAsync(default);

        Assert.Null((await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error);
    }

    [Fact]
    public async Task What_was_in_flight_is_waited_for_and_stored_although_its_claim_was_forgotten()
    {
        var id = await StartAsync();
        await RememberAsync();
        Engine.Clock.Advance(TimeSpan.FromMinutes(55));
        var hold = Engine.Server.Faults.Add(Fault.Hold(FaultStage.After));
        var refreshing = Engine.Levers.RefreshAsync(id, capture: false, "test");
        await Engine.Simulator.History.WaitForAsync(p => p.GrantType == "refresh_token");
        await FailOverAsync();

        var looking = Follower.LookAsync(default);
        Assert.False(Engine.Get<DatabaseTimeline>().Standing.IsSettled);
        Assert.False(looking.IsCompleted);
        hold.Remove();
        await refreshing;
        await looking;

        Assert.Equal(2, (await Engine.ReadAsync(id)).Tokens!.Version);
        Assert.Single(Engine.Simulator.History.Refreshes());
    }

    [Fact]
    [Trait("Req", "I5")]
    public async Task A_connection_that_was_forgotten_as_a_whole_is_there_again_with_its_refreshes()
    {
        await StartAsync();
        var id = await Engine.ImportAsync("user-2");
        Engine.Clock.Advance(TimeSpan.FromMinutes(55));
        await Engine.BeatAsync();
        await ExecuteAsync(string.Join(';', new[] { "token_sets", "refresh_schedule" }.Select(t => $"delete from {t} where connection_id = {id.Value}"))
            + $"; delete from connections where id = {id.Value}");
        _timeline = "two";

        await Follower.LookAsync(default);

        Assert.Equal(2, (await Engine.ReadAsync(id)).Tokens!.Version);
        Engine.Clock.Advance(Gathering);
        await Follower.LookAsync(default);
        Assert.Null((await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error);
    }

    [Fact]
    [Trait("Req", "A12")]
    public async Task A_lever_that_was_forgotten_counts_again_and_so_does_a_deletion()
    {
        var disabled = await StartAsync();
        var deleted = await Engine.ImportAsync("user-2");
        await Engine.Levers.DisableAsync(disabled, "test");
        await ExecuteAsync("create table connections_before as select * from connections where status = 'active'");
        await ExecuteAsync("create table schedule_before as select * from refresh_schedule; create table kept_tokens as select * from token_sets");
        await Engine.Levers.DeleteAsync(deleted, "test");
        await ExecuteAsync(
            $"""
            insert into connections select * from connections_before;
            insert into refresh_schedule (shard, connection_id, integration_id) select shard, connection_id, integration_id from schedule_before where connection_id = {deleted.Value};
            insert into token_sets select * from kept_tokens where connection_id = {deleted.Value};
            delete from tombstones;
            update connections set status = 'active' where id = {disabled.Value};
            update refresh_schedule set epoch = 0 where connection_id = {disabled.Value};
            """);
        _timeline = "two";

        await Follower.LookAsync(default);

        Assert.Equal(ConnectionStatus.Disabled, (await Engine.ReadAsync(disabled)).Connection.Status);
        Assert.Null(await Engine.Connections.GetAsync(deleted, default));
    }

    [Theory]
    [Trait("Req", "D2")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_follows_the_log_misses_nothing_of_what_gets_forgotten_positions_again(bool comesBack)
    {
        var id = await StartAsync(new Personality());
        await RefreshAsync(4);
        var tail = Engine.Get<AttemptTail>();
        var before = await tail.NowAsync();
        var filter = new AttemptFilter { Environment = "production" };
        await using var staying = tail.FollowAsync(before, filter, TimeSpan.Zero).GetAsyncEnumerator();
        await NextAsync(staying);
        var failedOverAt = Engine.Clock.Now + TimeSpan.FromSeconds(1);
        await FailOverAsync();
        await ExecuteAsync("delete from attempts where position > 1; update sqlite_sequence set seq = 1 where name = 'attempts'");
        await Follower.LookAsync(default);
        await RefreshAsync(4);

        await using var back = tail.FollowAsync(TailPosition.TryParse(before.ToString())!, filter, TimeSpan.Zero).GetAsyncEnumerator();
        var reader = comesBack ? back : staying;
        var read = new HashSet<Guid>();
        var last = before;
        do
        {
            await NextAsync(reader);
            last = reader.Current.Position;
            read.Add(reader.Current.Attempt?.Id ?? default);
        }
        while (reader.Current.Attempt is not null);

        var written = (await Engine.Get<IAttemptStore>().ListAsync(filter with { Since = failedOverAt }, null, 100, default)).Select(a => a.Id).ToHashSet();
        Assert.Equal(4, written.Count);
        Assert.Superset(written, read);
        await using var again = tail.FollowAsync(last, filter, TimeSpan.Zero).GetAsyncEnumerator();
        await NextAsync(again);
        Assert.Null(again.Current.Attempt);

        // It looks four times a second.
        async Task NextAsync(IAsyncEnumerator<(Attempt? Attempt, TailPosition Position)> reader)
        {
            var next = reader.MoveNextAsync().AsTask();
            await Engine.UntilAsync(() => Task.FromResult(next.IsCompleted), TimeSpan.FromMilliseconds(250));
            Assert.True(await next);
        }

        async Task RefreshAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                Engine.Clock.Advance(TimeSpan.FromMinutes(3));
                Assert.Null((await Engine.Levers.RefreshAsync(id, capture: false, "test")).Error);
            }
        }
    }

    [Fact]
    [Trait("Req", "A4")]
    public async Task A_process_without_a_worker_is_on_the_list_with_its_journal_and_leaves_it_at_its_end()
    {
        await StartAsync();

        var listed = Assert.Single(await Engine.Get<IWorkerStore>().ListAsync(Engine.Clock.Now, default));

        Assert.Equal((JournalState.Ready, 0, "one", 0), (listed.Journal, listed.JournalOpen, listed.Timeline, listed.Slots));
        await Follower.StopAsync(default);
        Assert.Empty(await Engine.Get<IWorkerStore>().ListAsync(Engine.Clock.Now, default));
    }

    private async Task<ConnectionId> StartAsync(Personality? personality = null)
    {
        _started = await EngineHost.StartAsync(new EngineSettings
        {
            Folder = _folder.Path,
            Personality = personality ?? EngineSettings.Strict,
            Store = (builder, folder) =>
            {
                builder.UseSqlite(Path.Combine(folder, "rekindle.db"));
                var original = builder.Services.Last(d => d.ServiceType == typeof(IDatabase));
                builder.Services.Remove(original);
                builder.Services.AddSingleton(s => MovingDatabase.Of((IDatabase)original.ImplementationFactory!(s), () => _timeline));
            },
        });
        return await Engine.ImportAsync("user-1");
    }

    private Task FailOverAsync()
    {
        _timeline = "two";
        return ExecuteAsync(
            """
            create table if not exists kept_tokens as select * from token_sets;
            replace into token_sets select * from kept_tokens;
            update refresh_schedule set lease_until = null, holder = null, leased_at = null, attempt_id = null;
            """);
    }

    private Task RememberAsync() => ExecuteAsync("create table kept_tokens as select * from token_sets");

    private Task JoinAsync(string instance, string timeline) => Engine.Get<IWorkerStore>().BeatAsync(
        new WorkerView
        {
            InstanceId = instance,
            Version = "1.0",
            StartedAt = Engine.Clock.Now,
            SeenAt = Engine.Clock.Now,
            Journal = JournalState.Ready,
            Timeline = timeline,
        },
        default);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder.File("rekindle.db")};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
