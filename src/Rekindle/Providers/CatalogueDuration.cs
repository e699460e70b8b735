using System.Globalization;

namespace Rekindle.Providers;

/// <summary>Durations as catalogue files write them: a whole number and one unit (<c>90s</c>, <c>30m</c>, <c>1h</c>, <c>90d</c>).</summary>
internal static class CatalogueDuration
{
    private const int MaxDays = 20 * 366;

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        long? secondsPerUnit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => null };
        if (secondsPerUnit is null || count == 0 || count > MaxDays * 86_400L / secondsPerUnit)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(count * secondsPerUnit.Value);
        return true;
    }
}
