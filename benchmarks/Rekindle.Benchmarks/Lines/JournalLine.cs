using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>How much of the durable throughput does the journal take? The same worker with and without one, on the same database, in turn.</summary>
internal static class JournalLine
{
    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var million = await place.MillionAsync();
        await million.OpenAsync(true);
        await using var with = await StartAsync(million, true);
        await using var without = await StartAsync(million, false);
        var (journalled, bare) = (new List<DurableRefreshLine.Rate>(), new List<DurableRefreshLine.Rate>());
        for (var round = 0; round < place.Options.Rounds; round++)
        {
            journalled.Add(await DurableRefreshLine.MeasureAsync(place, with.Process, million.StoredAsync));
            bare.Add(await DurableRefreshLine.MeasureAsync(place, without.Process, million.StoredAsync));
        }

        await million.OpenAsync(false);
        var (ours, its) = (DurableRefreshLine.Rate.Median(journalled), DurableRefreshLine.Rate.Median(bare));
        return
        [
            Figure.Least("journal-throughput", ours.PerSecond / its.PerSecond, 0.9, "", FormattableString.Invariant($"with journal {ours.PerSecond:0}/s, {ours}; without {its.PerSecond:0}/s, {its}")),
        ];
    }

    private static async Task<BenchServer> StartAsync(Million million, bool journal)
    {
        var server = await million.Deployment.StartAsync([.. DurableRefreshLine.FullSpeed, ("REKINDLE_JOURNAL__ENABLED", journal ? "true" : "false")]);
        await Task.Delay(DurableRefreshLine.WarmUp / 2);
        server.Process.Pause();
        return server;
    }
}
