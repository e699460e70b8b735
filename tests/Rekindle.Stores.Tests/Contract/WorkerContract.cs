using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>Workers and their signs of life (A4).</summary>
public abstract class WorkerContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    [Fact, Trait("Req", "A4")]
    public async Task Workers_are_seen_until_they_fall_silent_or_leave()
    {
        var worker = new WorkerView
        {
            InstanceId = "a",
            Version = "1.0",
            StartedAt = Now,
            SeenAt = Now,
            LastCycleAt = Now,
            InFlight = 3,
            Slots = 64,
            KeyIds = "k1,k2",
            Journal = JournalState.Failing,
            JournalOpen = 7,
            JournalOldestAt = Now.AddMinutes(-1),
            Timeline = "one",
            ClockSkew = TimeSpan.FromMilliseconds(-1500),
        };
        await Stores.Workers.BeatAsync(worker, default);
        await Stores.Workers.BeatAsync(worker with { InstanceId = "b" }, default);
        await Stores.Workers.BeatAsync(worker with { InstanceId = "c", SeenAt = Now.AddHours(-1), LastCycleAt = null }, default);
        await Stores.Workers.BeatAsync(worker with { InFlight = 4 }, default);
        await Stores.Workers.RemoveAsync("b", default);

        Assert.Equal(worker with { InFlight = 4 }, Assert.Single(await Stores.Workers.ListAsync(Now, default)));
        Assert.Equal(["a", "c"], (await Stores.Workers.ListAsync(Now.AddHours(-2), default)).Select(w => w.InstanceId));
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_timeline_is_met_once_and_remembers_the_last_sign_of_life_before_it()
    {
        var first = await Stores.Workers.EnterTimelineAsync("one", Now, default);
        await Stores.Workers.BeatAsync(new() { InstanceId = "a", Version = "1.0", StartedAt = Now, SeenAt = Now.AddSeconds(5) }, default);
        await Stores.Workers.BeatAsync(new() { InstanceId = "b", Version = "1.0", StartedAt = Now, SeenAt = Now.AddSeconds(3) }, default);

        var second = await Stores.Workers.EnterTimelineAsync("two", Now.AddSeconds(60), default);
        await Stores.Workers.BeatAsync(new() { InstanceId = "a", Version = "1.0", StartedAt = Now, SeenAt = Now.AddSeconds(61) }, default);

        Assert.Equal(new TimelineEntry(Now, null, IsFirst: true), first);
        Assert.Equal(new TimelineEntry(Now.AddSeconds(60), Now.AddSeconds(5), IsFirst: false), second);
        Assert.Equal(second, await Stores.Workers.EnterTimelineAsync("two", Now.AddSeconds(70), default));
    }
}
