using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>How much memory does the published server hold, with nothing to do, and refreshing 280 of a million connections a second?</summary>
internal static class MemoryLine
{
    private const int PerSecond = 280;
    private const double Megabyte = 1 << 20;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var million = await place.MillionAsync();
        var time = TimeSpan.FromMinutes(place.Options.MemoryMinutes ?? (place.Options.Quick ? 1d / 3 : 1));
        await using var idle = await (await place.DeploymentAsync("idle")).StartAsync();
        var file = await Deployment.CreateAsync(place.Folder("idle-sqlite"), null, await place.ProviderAsync());
        await using var idleOnFile = await file.StartAsync();
        await using var working = await million.Deployment.StartAsync();
        await million.PaceAsync(PerSecond, time + TimeSpan.FromSeconds(5));
        await Task.Delay(Idle);
        var (resting, restingOnFile) = (idle.Process.Resident / Megabyte, idleOnFile.Process.Resident / Megabyte);
        var from = await million.StoredAsync();
        await Task.Delay(time - Idle);
        var stored = (await million.StoredAsync() - from) / (time - Idle).TotalSeconds;
        return
        [
            Figure.Most("memory-working", working.Process.Resident / Megabyte, 250, " MB", FormattableString.Invariant($"resident after {time.TotalMinutes:0.#} min at {stored:0}/s with {place.Options.Stored:N0} stored, most so far {working.Process.PeakResident / Megabyte:0} MB")),
            Figure.Most("memory-idle-sqlite", restingOnFile, 120, " MB", "resident with an empty SQLite database"),
            Figure.Most("memory-idle-postgres", resting, 120, " MB", "resident with an empty PostgreSQL database"),
        ];
    }
}
