using Rekindle.Benchmarks.Setting;

namespace Rekindle.Benchmarks.Lines;

/// <summary>How long from the start of the process to the first 200 of <c>/readyz</c>, with a migrated database, warm files and an empty journal?</summary>
internal static class StartLine
{
    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var postgres = await place.DeploymentAsync("start");
        var sqlite = await Deployment.CreateAsync(place.Folder("start-sqlite"), null, await place.ProviderAsync());
        return
        [
            await MeasureAsync(place, "start-postgres", postgres),
            await MeasureAsync(place, "start-sqlite", sqlite),
        ];
    }

    private static async Task<Figure> MeasureAsync(BenchPlace place, string name, Deployment deployment)
    {
        var times = new List<double>();
        for (var n = 0; n < 2 * place.Options.Rounds; n++)
        {
            await using var server = await deployment.StartAsync();
            if (n > 0)
            {
                times.Add(server.StartTime.TotalSeconds);
            }

            await server.Process.StopAsync();
        }

        return Figure.Most(name, Samples.Median(times), 1, " s", FormattableString.Invariant($"median of {times.Count}, fastest {times.Min():0.00} s, slowest {times.Max():0.00} s"));
    }
}
