using System.Globalization;
using Rekindle.Testing;

namespace Rekindle.Drills.Chaos;

/// <summary>
/// A wall clock for one process that can be set while it runs, by libfaketime (Debian's package faketime). Its monotonic clock goes on as
/// it should: as on a machine whose time somebody sets.
/// </summary>
internal sealed class WallClock : IDisposable
{
    private static readonly string[] Places = ["/usr/lib", "/usr/local/lib", "/usr/lib64"];
    private readonly TempFolder _folder = new();
    private readonly string _library;

    private WallClock(string library)
    {
        _library = library;
        Set(TimeSpan.Zero);
    }

    /// <summary>What a process needs in its environment to go by this clock.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = _library,
        ["FAKETIME_TIMESTAMP_FILE"] = _folder.File("clock"),
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
        ["NO_FAKE_STAT"] = "1",
    };

    /// <summary>Null: the library is not here.</summary>
    public static WallClock? TryFind() =>
        Places.Where(Directory.Exists)
            .SelectMany(place => Directory.EnumerateDirectories(place, "faketime", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
            .Select(folder => Path.Combine(folder, "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists) is { } library
            ? new WallClock(library)
            : null;

    /// <summary>From now on it is ahead of the real time by this much, or behind it.</summary>
    public void Set(TimeSpan ahead)
    {
        // Replaced as a whole: nobody reads half of it.
        var next = _folder.File("next");
        File.WriteAllText(next, string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0;+0}\n"));
        File.Move(next, _folder.File("clock"), overwrite: true);
    }

    public void Dispose() => _folder.Dispose();
}
