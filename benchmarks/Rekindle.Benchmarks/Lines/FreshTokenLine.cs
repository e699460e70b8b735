using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Rekindle.Benchmarks.Setting;
using Rekindle.Testing;

namespace Rekindle.Benchmarks.Lines;

/// <summary>What does a fresh token cost that is in memory? Beside a dictionary and a clock, and beside peers' own caches.</summary>
internal static class FreshTokenLine
{
    public static Task<IReadOnlyList<Figure>> RunAsync(BenchPlace place)
    {
        var floor = Measure(place, nameof(FreshToken.DictionaryAndClock));
        var handle = Measure(place, nameof(FreshToken.ByHandle));
        var key = Measure(place, nameof(FreshToken.ByKey));
        var google = Measure(place, nameof(FreshToken.Google));
        var msal = Measure(place, nameof(FreshToken.Msal));
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.Most("fresh-token-handle", handle.Nanoseconds, 60, " ns", $"by resolved handle; dictionary and clock {floor.Nanoseconds:0.0} ns"),
            Figure.Most("fresh-token-key", key.Nanoseconds, 150, " ns", "by environment, integration, subject, tenant, purpose and account"),
            Figure.Most("fresh-token-handle-allocated", handle.Bytes, 0, " B", "per call"),
            Figure.Most("fresh-token-key-allocated", key.Bytes, 0, " B", "per call"),
            Figure.Plain("fresh-token-google", google.Nanoseconds, " ns", $"Google.Apis.Auth, UserCredential.GetAccessTokenForRequestAsync, {google.Bytes} B"),
            Figure.Plain("fresh-token-msal", msal.Nanoseconds, " ns", $"MSAL, AcquireTokenForClient from its cache, {msal.Bytes} B"),
        ]);
    }

    private static (double Nanoseconds, long Bytes) Measure(BenchPlace place, string method)
    {
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(place.Options.Quick ? 4 : 8).WithIterationCount(place.Options.Quick ? 8 : 15);
        var folder = Repository.PathTo("artifacts", "bench", "benchmarkdotnet");
        Directory.CreateDirectory(folder);
        using var log = new StreamLogger(Path.Combine(folder, $"{method}.log"));
        var config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddLogger(log)
            .AddColumnProvider(DefaultColumnProviders.Instance).WithArtifactsPath(folder)
            .WithOptions(ConfigOptions.DisableOptimizationsValidator)
            .AddFilter(new BenchmarkDotNet.Filters.NameFilter(name => name == method));
        var report = BenchmarkRunner.Run<FreshToken>(config).Reports.Single();
        return report.ResultStatistics is { } statistics
            ? (statistics.Median, report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0)
            : throw new InvalidOperationException($"{method} was not measured; {folder} says why.");
    }
}
