using Rekindle.Journal;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>The journal of a process that dies beside a living one, on the same machine.</summary>
public sealed class AdoptionTests
{
    [Fact]
    [Trait("Req", "F4"), Trait("Req", "I3"), Trait("Failure", "F02")]
    public async Task What_a_dead_sibling_kept_is_given_back_before_anybody_may_take_its_lease_for_lost()
    {
        var (full, tries) = (true, 0);
        using var folder = new TempFolder();
        var store = FaultyStore<IRefreshStore>.OnSqlite((method, _) =>
        {
            tries += method.Name == nameof(IRefreshStore.ReplayAsync) ? 1 : 0;
            return full && method.Name is nameof(IRefreshStore.ReplayAsync) or nameof(IRefreshStore.CommitAsync) ? new StoreException("full") { IsTransient = true } : null;
        });
        await using var engine = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path, Store = store });
        await using var sibling = await EngineHost.StartAsync(new EngineSettings { Folder = folder.Path, Store = store, Time = engine.Clock, Simulator = engine.Simulator });
        var id = await engine.ImportAsync("user-1", TimeSpan.FromMinutes(3));
        engine.Clock.Advance(TimeSpan.FromMinutes(4));
        await sibling.Heartbeat.StartRoundAsync(HeartbeatScope.Scheduled, default);
        await engine.UntilAsync(() => Task.FromResult(sibling.Get<ResultJournal>().Pending == 1), TimeSpan.FromMilliseconds(1));

        // Its folder is free, and nothing of what it knows is in the database.
        await sibling.Get<ResultJournal>().StopAsync(default);
        tries = 0;
        await engine.UntilAsync(() => Task.FromResult(tries >= 1), TimeSpan.FromMilliseconds(100));
        var first = engine.Clock.Now;
        await engine.UntilAsync(() => Task.FromResult(tries >= 5), TimeSpan.FromMilliseconds(10));
        var triedFor = engine.Clock.Now - first;
        full = false;
        await engine.UntilAsync(async () => (await engine.ReadAsync(id)).Tokens!.Version == 2, TimeSpan.FromMilliseconds(100));
        await engine.UntilAsync(() => Task.FromResult(sibling.Get<CommitQueue>().Waiting == 0), TimeSpan.FromSeconds(1));

        // Half a minute is given to those who hold results.
        Assert.InRange(triedFor, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Assert.Single(engine.Simulator.History.Refreshes());
    }
}
