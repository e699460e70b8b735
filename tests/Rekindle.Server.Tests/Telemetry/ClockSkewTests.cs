using Microsoft.Extensions.DependencyInjection;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Server.Tests.Engine;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Telemetry;

/// <summary>A machine whose clock is off (I12): PostgreSQL's clock is real, this process's is set by the test.</summary>
[Trait("Req", "I12")]
public sealed class ClockSkewTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private readonly TempFolder _folder = new();
    private PostgresDatabase _database = null!;
    private EngineHost _engine = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        _engine = await EngineHost.StartAsync(new EngineSettings { Time = _clock, Folder = _folder.Path, Store = (builder, _) => builder.UsePostgres(_database.ConnectionString) });
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(60)]
    [InlineData(-60)]
    public async Task A_worker_whose_clock_is_off_claims_nothing_until_it_is_right_again(int seconds)
    {
        var id = await _engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        await DueNowAsync();
        _clock.ShiftWallClock(TimeSpan.FromSeconds(seconds));

        await _engine.BeatAsync();
        var whileOff = (await _engine.ReadAsync(id)).Tokens!.Version;
        var measured = _engine.Get<ClockSkew>().Latest!.Value;
        _clock.ShiftWallClock(TimeSpan.FromSeconds(-seconds));
        await _engine.BeatAsync();

        Assert.Equal((1, 2), (whileOff, (await _engine.ReadAsync(id)).Tokens!.Version));
        Assert.InRange(measured.TotalSeconds - seconds, -20, 20);
        Assert.Single(_engine.Simulator.History.Refreshes());
    }

    [Fact]
    public async Task What_was_claimed_before_the_clock_was_set_does_not_leave_after_it_was_found_wrong()
    {
        var id = await _engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        var leased = await _engine.LeaseAsync(id);
        _clock.ShiftWallClock(TimeSpan.FromSeconds(60));
        Assert.False(await _engine.Get<ClockSkew>().IsTolerableAsync(default));

        var outcome = await _engine.Get<RefreshEngine>().RefreshAsync(leased, RefreshSource.Scheduled);

        Assert.IsType<RefreshOutcome.NotSent>(outcome);
        Assert.Empty(_engine.Simulator.History.Refreshes());
    }

    [Fact]
    public async Task Callers_get_the_valid_token_and_whoever_needs_a_new_one_learns_why_there_is_none()
    {
        var valid = await _engine.ImportAsync("user-1", TimeSpan.FromHours(1));
        var ended = await _engine.ImportAsync("user-2", TimeSpan.FromSeconds(20));
        _clock.ShiftWallClock(TimeSpan.FromSeconds(60));

        var served = await _engine.AskAsync(valid);
        var below = await _engine.AskAsync(valid, minValid: TimeSpan.FromMinutes(29));
        var refused = await _engine.AskAsync(ended);

        Assert.NotNull(served.Token);
        Assert.NotNull(below.Token);
        Assert.Equal((TokenErrorCode.ClockSkewed, WhoActs.Operator, true), (refused.Error!.Code, refused.Error.WhoActs, refused.Error.Retryable));
        Assert.Empty(_engine.Simulator.History.Refreshes());
    }

    [Fact]
    public async Task A_worker_that_is_behind_is_seen_and_told_of_by_the_others()
    {
        await using var other = await EngineHost.StartAsync(new EngineSettings
        {
            Time = TimeProvider.System,
            Simulator = _engine.Simulator,
            Folder = _folder.Path,
            Store = (builder, _) => builder.UsePostgres(_database.ConnectionString),
        });
        _clock.ShiftWallClock(TimeSpan.FromSeconds(-60));
        await _engine.Get<WorkerPresence>().BeatAsync(null, default);

        var seen = await other.Get<Alerts.AlertBoard>().EvaluateAsync();

        Assert.Equal(Alerts.AlertState.Firing, Assert.Single(seen, a => a.Id == "clock_skew").State);
    }

    [Fact]
    public async Task A_difference_within_the_bound_halts_nobody()
    {
        var id = await _engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        await DueNowAsync();
        _clock.ShiftWallClock(TimeProvider.System.GetUtcNow() - _clock.Now + TimeSpan.FromSeconds(4));

        await _engine.BeatAsync();

        Assert.Equal(2, (await _engine.ReadAsync(id)).Tokens!.Version);
    }

    [Fact]
    public async Task Where_leases_run_on_this_machine_s_clock_there_is_nothing_to_compare()
    {
        await using var engine = await EngineHost.StartAsync(new EngineSettings());
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(3));

        await engine.BeatAsync();

        Assert.Equal((2, null), ((await engine.ReadAsync(id)).Tokens!.Version, engine.Get<ClockSkew>().Latest));
    }

    // Time does not pass here: what is due is due by its row.
    private Task<int> DueNowAsync() => _engine.Get<Sql.StoreSet>().Database.WriteAsync(
        session => session.ExecuteAsync("update refresh_schedule set due_at = @past", ("past", _clock.Now.AddMinutes(-5))), default);
}
