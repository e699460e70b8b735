using System.Diagnostics;
using Rekindle.Testing;

namespace Rekindle.Drills.Chaos;

/// <summary>A small disk of its own for one journal, in memory, that can be filled. Only root may mount one.</summary>
internal sealed class JournalDisk : IDisposable
{
    private const int Megabytes = 24;
    private readonly TempFolder _folder = new();

    private JournalDisk()
    {
    }

    /// <summary>Where it is mounted.</summary>
    public string Path => _folder.Path;

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <summary>Null: it cannot be had here.</summary>
    public static JournalDisk? TryMount()
    {
        var disk = new JournalDisk();
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m,mode=700", "tmpfs", disk.Path))
        {
            return disk;
        }

        disk._folder.Dispose();
        return null;
    }

    /// <summary>Leaves no room.</summary>
    public void Fill()
    {
        using var filler = new FileStream(Filler, FileMode.OpenOrCreate, FileAccess.Write);
        filler.Seek(0, SeekOrigin.End);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
                filler.Flush();
            }
        }
        catch (IOException)
        {
            // Full, as was wanted.
        }
    }

    /// <summary>Makes room again.</summary>
    public void Clear() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
