using System.Diagnostics;

namespace Rekindle.Drills.Soak;

/// <summary>What this process holds at a moment.</summary>
/// <param name="At">Simulated time since the start.</param>
/// <param name="HeapMegabytes">Managed heap after a full collection.</param>
/// <param name="ResidentMegabytes">Resident memory.</param>
/// <param name="Handles">Open files and sockets.</param>
/// <param name="Threads">Threads.</param>
internal sealed record SoakSample(TimeSpan At, double HeapMegabytes, double ResidentMegabytes, int Handles, int Threads)
{
    private const double Megabyte = 1 << 20;
    private const string OpenFiles = "/proc/self/fd";

    public static SoakSample Take(TimeSpan at)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return new SoakSample(
            at, GC.GetTotalMemory(forceFullCollection: true) / Megabyte, process.WorkingSet64 / Megabyte,
            Directory.Exists(OpenFiles) ? Directory.GetFileSystemEntries(OpenFiles).Length : process.HandleCount, process.Threads.Count);
    }
}

/// <summary>Whether what a process holds stays flat.</summary>
internal static class SoakVerdict
{
    // Warm-up is not counted; what remains is cut in two, and the later half may not hold more than a little above the earlier.
    private const double WarmUp = 0.25;
    private const double Slack = 0.05;

    /// <summary>What grows, in words; empty: nothing does.</summary>
    public static IReadOnlyList<string> Growing(IReadOnlyList<SoakSample> samples)
    {
        var counted = samples.Skip((int)Math.Ceiling(samples.Count * WarmUp)).ToArray();
        var (early, late) = (counted[..(counted.Length / 2)], counted[(counted.Length / 2)..]);
        return
        [
            .. Compare("managed heap (MB)", early, late, s => s.HeapMegabytes, allowed: 1),
            .. Compare("resident memory (MB)", early, late, s => s.ResidentMegabytes, allowed: 16),
            .. Compare("handles", early, late, s => s.Handles, allowed: 8),
            .. Compare("threads", early, late, s => s.Threads, allowed: 8),
        ];
    }

    private static IEnumerable<string> Compare(string what, SoakSample[] early, SoakSample[] late, Func<SoakSample, double> of, double allowed)
    {
        var (before, after) = (Median(early.Select(of)), Median(late.Select(of)));
        if (after > (before * (1 + Slack)) + allowed)
        {
            yield return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{what}: {before:0.0} grew to {after:0.0}");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
