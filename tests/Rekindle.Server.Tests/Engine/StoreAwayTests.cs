using System.Collections.Concurrent;
using System.Reflection;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>
/// While the database is away valid tokens are served from memory, also of connections about which the change feed said something before it
/// went (I11): what it said may be anything but that nothing is to be handed out.
/// </summary>
[Trait("Req", "I11")]
public sealed class StoreAwayTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private EngineHost? _here;
    private EngineHost? _elsewhere;
    private bool _away;

    public static TheoryData<string> HarmlessChanges => ["patch", "refresh", "retry", "require_reauthorization", "somebody_else"];

    public static TheoryData<string> Ends => ["disable", "revoke", "delete"];

    [Theory]
    [MemberData(nameof(HarmlessChanges))]
    public async Task A_token_that_something_changed_about_is_served_as_stale_until_it_ends(string change)
    {
        var engine = await StartAsync();
        var id = await ImportAndAskAsync(engine, TimeSpan.FromMinutes(10));
        await ChangeElsewhereAsync(id, change);

        _away = true;
        var served = await AskBothWaysAsync(engine, id);
        var key = await engine.Tokens.KeyOfAsync(id);
        engine.Clock.Advance(TimeSpan.FromMinutes(11));
        var ended = await AskBothWaysAsync(engine, id);

        Assert.All(served, s => Assert.NotNull(s.Token));
        Assert.Equal((change == "somebody_else" ? TokenWarnings.None : TokenWarnings.Stale, TokenWarnings.Stale), (served[0].Warnings, served[1].Warnings));
        Assert.Equal("user-1", key!.Subject);
        Assert.All(ended, e => Assert.Equal(TokenErrorCode.StoreUnavailable, e.Error!.Code));
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_token_that_may_not_be_handed_out_any_more_is_not_whatever_else_is_said_afterwards(string end)
    {
        var engine = await StartAsync();
        var id = await ImportAndAskAsync(engine);
        await ChangeElsewhereAsync(id, end);
        if (end != "delete")
        {
            await ChangeElsewhereAsync(id, "patch");
        }

        _away = true;
        var refused = await AskBothWaysAsync(engine, id);

        Assert.All(refused, r => Assert.Equal(TokenErrorCode.StoreUnavailable, r.Error!.Code));
    }

    [Fact]
    public async Task What_this_process_has_ended_itself_needs_no_feed()
    {
        var engine = await StartAsync();
        var id = await ImportAndAskAsync(engine);
        await engine.Levers.DisableAsync(id, "operator");

        _away = true;
        var refused = await AskBothWaysAsync(engine, id);

        Assert.All(refused, r => Assert.Equal(TokenErrorCode.StoreUnavailable, r.Error!.Code));
    }

    [Fact]
    public async Task When_the_database_is_back_it_says_what_is_current()
    {
        var engine = await StartAsync();
        var id = await ImportAndAskAsync(engine);
        var first = await engine.AskAsync(id);
        await ChangeElsewhereAsync(id, "refresh");
        _away = true;
        var stale = await engine.AskAsync(id);

        _away = false;
        var current = await engine.AskAsync(id);

        Assert.Equal(first.Token!.Version, stale.Token!.Version);
        Assert.Equal((first.Token.Version + 1, TokenWarnings.None), (current.Token!.Version, current.Warnings));
    }

    [Fact, Trait("Failure", "F02")]
    public async Task Results_that_cannot_be_written_stay_together_until_the_database_is_back()
    {
        const int Due = 12;
        var batches = new ConcurrentQueue<int>();
        var whenBack = new ConcurrentQueue<int>();
        _here = await EngineHost.StartAsync(new EngineSettings { Folder = _folder.Path, Store = FaultyStore<IRefreshStore>.OnSqlite(FailAndCount) });
        for (var i = 0; i < Due; i++)
        {
            await _here.ImportAsync($"user-{i}", TimeSpan.FromMinutes(10));
        }

        _away = true;
        _here.Clock.Advance(TimeSpan.FromMinutes(9));
        await _here.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await _here.UntilAsync(() => Task.FromResult(batches.Count >= 20), TimeSpan.FromSeconds(1));
        var tried = batches.ToArray();
        _away = false;
        await _here.UntilAsync(() => Task.FromResult(_here.Get<CommitQueue>().Waiting == 0), TimeSpan.FromSeconds(1));

        // Two batches at most: the first result alone, or with some that came with it, and all the others. One of each is tried for all of it, and
        // what is left when that gets through comes in halves.
        Assert.All(tried, size => Assert.True(size == tried[0] || size == Due - tried[0] || size == 1, string.Join(' ', tried)));
        Assert.InRange(whenBack.Count, 1, 6);
        Assert.Equal(Due, whenBack.Sum());
        await _here.Heartbeat.DrainAsync();

        StoreException? FailAndCount(MethodInfo method, object?[] arguments)
        {
            if (method.Name != nameof(IRefreshStore.CommitAsync))
            {
                return null;
            }

            var size = ((IReadOnlyList<RefreshCommit>)arguments[0]!).Count;
            if (!_away)
            {
                whenBack.Enqueue(size);
                return null;
            }

            if (batches.IsEmpty)
            {
                // The others come together behind the first.
                SpinWait.SpinUntil(() => _here!.Get<CommitQueue>().Waiting == Due, TimeSpan.FromMinutes(1));
            }

            batches.Enqueue(size);
            return new StoreException("the database is away") { IsTransient = true, IsUnreachable = true };
        }
    }

    public async ValueTask DisposeAsync()
    {
        _away = false;
        foreach (var host in new[] { _elsewhere, _here })
        {
            await (host?.DisposeAsync() ?? default);
        }

        _folder.Dispose();
    }

    private async Task<EngineHost> StartAsync()
    {
        _here = await EngineHost.StartAsync(new EngineSettings { Folder = _folder.Path, Store = FaultyStore<IConnectionStore>.OnSqlite(FailIfAway) });
        _elsewhere = await EngineHost.StartAsync(new EngineSettings { Folder = _folder.Path, Time = _here.Clock, Simulator = _here.Simulator });
        return _here;
    }

    private StoreException? FailIfAway(MethodInfo method, object?[] arguments) => _away ? new StoreException("the database is away") : null;

    // What was said of it before it was asked for has been heard of.
    private static async Task<ConnectionId> ImportAndAskAsync(EngineHost engine, TimeSpan? lifetime = null)
    {
        var id = await engine.ImportAsync("user-1", lifetime);
        await engine.Get<ChangeFollower>().ReadAsync(default);
        await AskBothWaysAsync(engine, id);
        return id;
    }

    private static async Task<TokenResult[]> AskBothWaysAsync(EngineHost engine, ConnectionId id) =>
    [
        await engine.AskAsync(id),
        await engine.Tokens.TryGetAsync(new TokenQuery { Integration = "acme", Subject = "user-1" }, new TokenDemand()),
    ];

    // By another process: this one hears of it from the change feed alone.
    private async Task ChangeElsewhereAsync(ConnectionId id, string change)
    {
        // Nothing is refreshed twice within moments.
        _here!.Clock.Advance(TimeSpan.FromMinutes(1));
        await (change switch
        {
            "patch" => _elsewhere!.Connections.PatchAsync(id, new ConnectionPatch("changed", null), _here.Clock.Now, default),
            "refresh" => _elsewhere!.Levers.RefreshAsync(id, capture: false, "operator"),
            "retry" => _elsewhere!.Levers.RetryAsync(id, "operator"),
            "require_reauthorization" => _elsewhere!.Levers.RequireReauthorizationAsync(id, "test", "operator"),
            "somebody_else" => _elsewhere!.ImportAsync("user-2"),
            "disable" => _elsewhere!.Levers.DisableAsync(id, "operator"),
            "revoke" => _elsewhere!.Levers.RevokeAsync(id, "operator"),
            "delete" => _elsewhere!.Levers.DeleteAsync(id, "operator"),
            _ => (Task)Task.FromException(new ArgumentOutOfRangeException(nameof(change))),
        });
        await _here.Get<ChangeFollower>().ReadAsync(default);
    }
}
