using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>
/// What does one exchange with a provider cost this process: request built, sent, answer read and classified, and a redacted record of both
/// made? Beside a form POST and source-generated JSON, and beside peers.
/// </summary>
internal static class ExchangeLine
{
    private const double Target = 1.3;

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var provider = await place.ProviderAsync();
        using var calls = new ExchangeCalls(provider, place.Folder("exchange"));
        var figures = new List<Figure>();
        foreach (var callers in (int[])[32, 128])
        {
            var cost = await MeasureAsync(place, callers, calls);
            var floor = cost["floor"];
            figures.Add(Figure.Most($"exchange-cpu-{callers}", cost["captured"].Cpu / floor.Cpu, Target, "", $"with the full record, as for callers and failures: {Of(cost["captured"])}; form POST and source-generated JSON: {Of(floor)}"));
            figures.Add(Figure.Most($"exchange-compact-cpu-{callers}", cost["compact"].Cpu / floor.Cpu, Target, "", $"with the compact record of a scheduled success: {Of(cost["compact"])}"));
            figures.Add(Figure.Plain($"exchange-google-{callers}", cost["google"].Cpu / floor.Cpu, "", $"Google.Apis.Auth, RefreshTokenAsync: {Of(cost["google"])}"));
            figures.Add(Figure.Plain($"exchange-msal-{callers}", cost["msal"].Cpu / floor.Cpu, "", $"MSAL, AcquireTokenForClient past its cache: {Of(cost["msal"])}"));
        }

        return figures;
    }

    private static async Task<Dictionary<string, Cost>> MeasureAsync(BenchPlace place, int callers, ExchangeCalls calls)
    {
        var window = place.Options.Window / 3;
        var costs = calls.All.ToDictionary(call => call.Name, _ => new List<Cost>());
        foreach (var (_, call) in calls.All)
        {
            await RunAsync(callers, TimeSpan.FromSeconds(1), call);
        }

        for (var round = 0; round < place.Options.Rounds + 2; round++)
        {
            foreach (var (name, call) in calls.All)
            {
                costs[name].Add(await RunAsync(callers, window, call));
            }
        }

        return costs.ToDictionary(c => c.Key, c => new Cost(Samples.Median(c.Value.Select(v => v.Cpu)), Samples.Median(c.Value.Select(v => v.Bytes))));
    }

    private static async Task<Cost> RunAsync(int callers, TimeSpan window, Func<Task> call)
    {
        GC.Collect();
        var (cpu, bytes) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());
        var until = Environment.TickCount64 + (long)window.TotalMilliseconds;
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var count = 0;
            while (Environment.TickCount64 < until)
            {
                await call();
                count++;
            }

            return count;
        })));
        var made = (double)counts.Sum();
        return new Cost((Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / made, (GC.GetTotalAllocatedBytes() - bytes) / made);
    }

    private static string Of(Cost cost) => FormattableString.Invariant($"{cost.Cpu:0.0} µs, {cost.Bytes / 1024:0.0} KB");

    /// <summary>Processor time in microseconds and bytes allocated, per call.</summary>
    private sealed record Cost(double Cpu, double Bytes);
}
