using System.Globalization;

namespace Rekindle.Benchmarks.Setting;

/// <summary>Processor times as the kernel counts them.</summary>
internal static class ProcessTimes
{
    // Fields of /proc/[pid]/stat after the name, which ends in the last parenthesis.
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const double TicksPerSecond = 100;

    /// <summary>Of a process and its children, as far as they still run.</summary>
    public static TimeSpan OfFamily(int id) => TimeSpan.FromSeconds(Directory.GetDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _))
        .Sum(folder => SecondsOf(folder, id)));

    private static double SecondsOf(string folder, int family)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return Path.GetFileName(folder) == $"{family}" || fields[Parent] == $"{family}"
                ? (double.Parse(fields[UserTime], CultureInfo.InvariantCulture) + double.Parse(fields[SystemTime], CultureInfo.InvariantCulture)) / TicksPerSecond
                : 0;
        }
        catch (IOException)
        {
            // It has just ended.
            return 0;
        }
    }
}
