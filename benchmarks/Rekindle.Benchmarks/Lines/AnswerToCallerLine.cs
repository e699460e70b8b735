using System.Text.Json;
using Rekindle.Benchmarks.Floors;
using Rekindle.Benchmarks.Setting;
using Rekindle.Connections;

namespace Rekindle.Benchmarks.Lines;

/// <summary>
/// How long from the provider's answer until the caller who waits for it has the token, while the worker is at a tenth and at nine tenths of
/// what it can do? The stub writes into each access token when it answered.
/// </summary>
internal static class AnswerToCallerLine
{
    private const double Target = 25;
    private const int CallsPerSecond = 50;

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        if (place.RefreshesPerSecond is null)
        {
            await DurableRefreshLine.RunAsync(place);
        }

        var million = await place.MillionAsync();
        await using var server = await million.Deployment.StartAsync(DurableRefreshLine.FullSpeed);
        await CallAsync(million, server, TimeSpan.FromSeconds(4));
        return [await MeasureAsync(place, million, server, 0.1), await MeasureAsync(place, million, server, 0.9)];
    }

    private static async Task<Figure> MeasureAsync(BenchPlace place, Million million, BenchServer server, double load)
    {
        var (time, rate) = (place.Options.Window * 2, place.RefreshesPerSecond!.Value * load);
        await million.PaceAsync(rate, time + TimeSpan.FromSeconds(4));
        await Task.Delay(TimeSpan.FromSeconds(2));
        var from = await million.StoredAsync();
        var waits = await CallAsync(million, server, time);
        var stored = (await million.StoredAsync() - from) / time.TotalSeconds;
        return Figure.Most($"answer-to-caller-p99-at-{load * 100:0}", Samples.Percentile(waits, 0.99), Target, " ms", FormattableString.Invariant(
            $"{waits.Count} calls of ended tokens, p50 {Samples.Median(waits):0.0} ms, while {stored:0}/s are stored"));
    }

    private static async Task<List<double>> CallAsync(Million million, BenchServer server, TimeSpan time)
    {
        var calls = new List<Task<double>>();
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1d / CallsPerSecond));
        var until = DateTime.UtcNow + time;
        while (DateTime.UtcNow < until && await ticks.WaitForNextTickAsync())
        {
            calls.Add(CallAsync(server, million.NextCaller()));
        }

        return [.. await Task.WhenAll(calls)];
    }

    private static async Task<double> CallAsync(BenchServer server, ConnectionId connection)
    {
        using var answer = await server.Http.GetAsync(new Uri($"/v1/connections/{connection}/token", UriKind.Relative));
        var body = await answer.Content.ReadAsByteArrayAsync();
        var now = StubProvider.NowMicroseconds();
        using var json = JsonDocument.Parse(body);
        return answer.IsSuccessStatusCode
            ? (now - StubProvider.StampOf(json.RootElement.GetProperty("access_token").GetString()!)) / 1000d
            : throw new InvalidOperationException($"{connection}: {(int)answer.StatusCode} {json.RootElement}");
    }
}
