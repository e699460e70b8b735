using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Rekindle.Benchmarks.Setting;
using Rekindle.Connections;

namespace Rekindle.Benchmarks.Lines;

/// <summary>
/// How many fresh tokens of 900 bytes does one server hand out over HTTP, by id and with an API key, to a thousand connections that ask for a
/// thousand different ones? Beside a minimal-API endpoint that answers the same JSON. The load comes from wrk, the same for both.
/// </summary>
internal static partial class HttpTokenLine
{
    private const int Connections = 1000;

    public static async Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var deployment = await place.DeploymentAsync("http");
        var integrations = await deployment.CreateIntegrationsAsync("http", 1);
        var ids = await deployment.SeedAsync(integrations, Connections, _ => TimeSpan.FromHours(1), TimeSpan.FromHours(2));
        var folder = place.Folder("wrk");
        var port = Child.FreePort();
        await using var floor = Child.StartVerb("floor-token-server", $"{port}");
        await floor.ListeningAsync(port);
        await using var server = await deployment.StartAsync(("REKINDLE_REFRESH__WORKER_ENABLED", "false"));
        var (ours, bare) = (new Load(folder, server.Address, ids, deployment.ApiKey), new Load(folder, new Uri($"http://127.0.0.1:{port}"), ids, deployment.ApiKey));

        var warm = place.Options.Window / 2;
        await ours.RunAsync(warm, null);
        await bare.RunAsync(warm, null);
        var (full, fullFloor) = await InterleaveAsync(place, ours, bare, null);
        var half = fullFloor.Rate / 2;
        var (paced, pacedFloor) = await InterleaveAsync(place, ours, bare, half);
        return
        [
            Figure.Least("http-throughput", full.Rate / fullFloor.Rate, 0.7, "", FormattableString.Invariant($"{full.Rate:0}/s, p99 {full.P99:0} ms; the same JSON from a bare endpoint {fullFloor.Rate:0}/s, p99 {fullFloor.P99:0} ms")),
            Figure.Most("http-p99", paced.P99 / pacedFloor.P99, 2, "", FormattableString.Invariant($"at half the floor's rate: p99 {paced.P99:0.0} ms, p50 {paced.P50:0.0} ms at {paced.Rate:0}/s; bare endpoint p99 {pacedFloor.P99:0.0} ms, p50 {pacedFloor.P50:0.0} ms at {pacedFloor.Rate:0}/s")),
        ];
    }

    private static async Task<(Measured Ours, Measured Floor)> InterleaveAsync(BenchPlace place, Load ours, Load floor, double? rate)
    {
        var (a, b) = (new List<Measured>(), new List<Measured>());
        for (var round = 0; round < place.Options.Rounds; round++)
        {
            a.Add(await ours.RunAsync(place.Options.Window, rate));
            b.Add(await floor.RunAsync(place.Options.Window, rate));
        }

        return (Measured.Median(a), Measured.Median(b));
    }

    /// <summary>What wrk measured.</summary>
    private sealed record Measured(double Rate, double P50, double P99)
    {
        public static Measured Median(IReadOnlyList<Measured> all) =>
            new(Samples.Median(all.Select(m => m.Rate)), Samples.Median(all.Select(m => m.P50)), Samples.Median(all.Select(m => m.P99)));
    }

    /// <summary>Asks one server for tokens.</summary>
    private sealed partial class Load(string folder, Uri address, ConnectionId[] ids, string apiKey)
    {
        public async Task<Measured> RunAsync(TimeSpan time, double? rate)
        {
            var script = Path.Combine(folder, $"{Guid.NewGuid():N}.lua");
            await File.WriteAllTextAsync(script, Script(rate));
            var start = new ProcessStartInfo(
                "wrk", ["-t", "1", "-c", $"{Connections}", "-d", $"{Math.Max(1, (int)time.TotalSeconds)}s", "--timeout", "10s", "--latency", "-s", script, address.ToString()])
            {
                RedirectStandardOutput = true,
            };
            using var wrk = Process.Start(start)!;
            var said = await wrk.StandardOutput.ReadToEndAsync();
            await wrk.WaitForExitAsync();
            return said.Contains("Non-2xx", StringComparison.Ordinal) || said.Contains("Socket errors", StringComparison.Ordinal)
                ? throw new InvalidOperationException($"wrk met errors:\n{said}")
                : new Measured(double.Parse(Rate().Match(said).Groups[1].Value, CultureInfo.InvariantCulture), Milliseconds(said, "50%"), Milliseconds(said, "99%"));
        }

        // Requests are rendered once; at a given rate each connection waits between two of them, evenly on average.
        private string Script(double? rate) =>
            $$"""
            local requests = {}
            local at = 0
            init = function(args)
              math.randomseed(1)
              for id in string.gmatch("{{string.Join(' ', ids)}}", "%S+") do
                requests[#requests + 1] = wrk.format("GET", "/v1/connections/" .. id .. "/token", { ["Authorization"] = "Bearer {{apiKey}}" })
              end
            end
            request = function()
              at = at % #requests + 1
              return requests[at]
            end
            {{(rate is { } perSecond
                ? FormattableString.Invariant($"delay = function() return math.random(0, {2 * Connections * 1000 / perSecond:0}) end")
                : "")}}
            """;

        private static double Milliseconds(string said, string percentile)
        {
            var match = Regex.Match(said, $@"{percentile}\s+([0-9.]+)(us|ms|s)\b", RegexOptions.CultureInvariant);
            var value = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
            return match.Groups[2].Value switch { "us" => value / 1000, "ms" => value, _ => value * 1000 };
        }

        [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)", RegexOptions.CultureInvariant)]
        private static partial Regex Rate();
    }
}
