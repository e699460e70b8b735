namespace Rekindle.Testing;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
public sealed class TempFolder : IDisposable
{
    private const long EnoughMemory = 2L << 30;

    // In memory where there is plenty: what these tests write need not survive them, and small files are many times faster.
    private static readonly string Root = HasEnoughMemory("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();

    public TempFolder() => Path = Create("rekindle-test-");

    public string Path { get; }

    /// <summary>The path of a file in this folder; nothing is created.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A copy of all that is in it now, also of files that another process keeps to itself.</summary>
    public async Task<TempFolder> CopyAsync()
    {
        var copy = new TempFolder();
        await TestCommand.RunAsync("cp", ["-r", $"{Path}/.", copy.Path], TimeSpan.FromMinutes(1));
        return copy;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>A new folder that somebody else removes.</summary>
    internal static string Create(string prefix) => Create(Root, prefix);

    /// <summary>The same where files outlive the machine's memory.</summary>
    internal static string CreateOnDisk(string prefix) => Create(System.IO.Path.GetTempPath(), prefix);

    private static string Create(string root, string prefix)
    {
        var path = System.IO.Path.Combine(root, prefix + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static bool HasEnoughMemory(string folder) => Directory.Exists(folder) && new DriveInfo(folder).AvailableFreeSpace > EnoughMemory;
}
