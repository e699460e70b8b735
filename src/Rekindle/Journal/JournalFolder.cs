using System.Globalization;

namespace Rekindle.Journal;

/// <summary>
/// One process's folder under the journal's root, named after its instance id and locked while the process lives. The lock
/// is the operating system's: it ends with the process, however that ends, and then the next process on the machine adopts
/// the folder. <c>boot</c> says which start of the machine wrote it: what was written and not synced is there after the death
/// of a process, and not necessarily after the death of the machine.
/// </summary>
internal sealed class JournalFolder : IDisposable
{
    private const string LockFile = "lock";
    private const string BootFile = "boot";
    private const string Hidden = ".";
    private const string Pattern = "*.journal";
    private static readonly string[] Ephemeral = ["tmpfs", "ramfs", "overlay", "overlayfs", "aufs"];

    private readonly FileStream _lock;

    private JournalFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <summary>Instance id of the process that wrote it.</summary>
    public string InstanceId => System.IO.Path.GetFileName(Path);

    /// <summary>Whether the machine has not been restarted since it was written.</summary>
    public bool IsOfThisBoot => ReadBoot() is { } boot && File.Exists(In(BootFile)) && File.ReadAllText(In(BootFile)) == boot;

    /// <summary>Segments, oldest first.</summary>
    public IReadOnlyList<string> Segments => SegmentsOf(Path);

    /// <summary>Number for a segment after all that are there.</summary>
    public int NextNumber => Segments is [.., var last]
        ? int.Parse(System.IO.Path.GetFileNameWithoutExtension(last), CultureInfo.InvariantCulture) + 1
        : 1;

    public string SegmentPath(int number) => In(number.ToString("D8", CultureInfo.InvariantCulture) + Pattern[1..]);

    /// <summary>Makes the root if it is missing and checks that it lasts.</summary>
    /// <exception cref="JournalException">It cannot be made, or would not outlive what it must outlive.</exception>
    public static string Prepare(JournalOptions options, bool isDevelopment)
    {
        var root = System.IO.Path.GetFullPath(options.Folder);
        try
        {
            CreatePrivate(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException($"The journal's folder {root} cannot be made: {e.Message} Set Rekindle:Journal:Folder to a folder this process may write.", e);
        }

        return Kind(root) is { } kind && Ephemeral.Contains(kind) && !options.AllowEphemeral && !isDevelopment
            ? throw new JournalException(
                $"The journal's folder {root} is on {kind}, which does not outlive the container or the machine: a rotated refresh token could be lost. "
                + "Mount a volume and set Rekindle:Journal:Folder to it, or accept the risk with Rekindle:Journal:AllowEphemeral=true.")
            : root;
    }

    /// <summary>This process's own folder. It gets its name when it is locked and complete, so that nobody adopts what is half made.</summary>
    /// <exception cref="JournalException">Locks do nothing on that file system.</exception>
    public static JournalFolder Create(string root, string instanceId)
    {
        var path = System.IO.Path.Combine(root, instanceId);
        var making = System.IO.Path.Combine(root, Hidden + instanceId);
        CreatePrivate(making);
        var held = TryLock(making) ?? throw new JournalException($"{making} is in use by another process.");
        if (TryLock(making) is { } twice)
        {
            twice.Dispose();
            held.Dispose();
            throw new JournalException(
                $"Files in {root} cannot be locked: another process could take this one's journal for a dead one's. Set Rekindle:Journal:Folder to a local disk.");
        }

        File.WriteAllText(System.IO.Path.Combine(making, BootFile), ReadBoot() ?? "");
        Directory.Move(making, path);
        return new JournalFolder(path, held);
    }

    /// <summary>Folders whose processes are gone, each locked by us now. What else lies in the root is left alone.</summary>
    public static IEnumerable<JournalFolder> Adopt(string root)
    {
        foreach (var path in Directory.EnumerateDirectories(root).Where(IsJournal).Order(StringComparer.Ordinal))
        {
            if (TryLock(path) is { } held)
            {
                if (IsJournal(path))
                {
                    yield return new JournalFolder(path, held);
                }
                else
                {
                    // Somebody else adopted and removed it between our look and our lock.
                    held.Dispose();
                }
            }
        }
    }

    /// <summary>Removes it with everything in it; what cannot be removed is left for the next process.</summary>
    public void Delete()
    {
        try
        {
            // Under another name first, so that nobody adopts what is half removed.
            var removing = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, Hidden + InstanceId);
            Directory.Move(Path, removing);
            _lock.Dispose();
            Directory.Delete(removing, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lock.Dispose();
        }
    }

    public void Dispose() => _lock.Dispose();

    private string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Segments of the folder there, oldest first.</summary>
    public static IReadOnlyList<string> SegmentsOf(string path) => [.. Directory.EnumerateFiles(path, Pattern).Order(StringComparer.Ordinal)];

    /// <summary>Whether a process holds the folder there. Looking holds it for a moment: whoever wants to adopt it then does so a minute later.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            using var looked = new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.Open, FileAccess.Read, FileShare.Read);
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    /// <summary>Whether that is the folder of a journal, and complete.</summary>
    public static bool IsJournal(string path) =>
        !System.IO.Path.GetFileName(path).StartsWith(Hidden, StringComparison.Ordinal) && File.Exists(System.IO.Path.Combine(path, BootFile));

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string? Kind(string root)
    {
        try
        {
            return OperatingSystem.IsLinux() ? new DriveInfo(root).DriveFormat : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static string? ReadBoot()
    {
        const string Source = "/proc/sys/kernel/random/boot_id";
        return File.Exists(Source) ? File.ReadAllText(Source).Trim() : null;
    }
}
