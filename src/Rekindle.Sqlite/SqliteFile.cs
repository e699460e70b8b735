using Rekindle.Storage;

namespace Rekindle.Sqlite;

/// <summary>The database file: where it is, and that nobody else can read it.</summary>
internal static class SqliteFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes the folder and an empty file if they are not there, readable by their owner only.</summary>
    public static void Create(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        var folder = Path.GetDirectoryName(path)!;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }

        // SQLite gives its -wal and -shm files the mode of the database file.
        new FileStream(path, options).Dispose();
    }

    /// <summary>Refuses network file systems.</summary>
    public static void RequireLocal(string path)
    {
        // Links are followed: what counts is where the file really lies.
        var folder = new DirectoryInfo(Path.GetDirectoryName(path)!);
        var real = folder.Exists ? RealPath(folder) : folder.FullName;
        if (MountTable.NetworkType(real) is { } type)
        {
            throw new StoreException(
                $"{path} lies on a network file system ({type}), where SQLite's locks do not hold and a token could be lost. Put it on a local disk, or use PostgreSQL.");
        }
    }

    private static string RealPath(DirectoryInfo folder)
    {
        var target = folder.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo ?? folder;
        return target.Parent is { } parent ? Path.Combine(RealPath(parent), target.Name) : target.FullName;
    }
}
