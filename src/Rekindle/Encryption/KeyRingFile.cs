using System.Security.Cryptography;

namespace Rekindle.Encryption;

/// <summary>A key ring on disk: readable by its owner alone, never overwritten.</summary>
public static class KeyRingFile
{
    private const UnixFileMode OwnerReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a new ring and writes it to a file that must not exist yet.</summary>
    /// <exception cref="KeyRingException">The file exists, or cannot be written.</exception>
    public static KeyRing Create(string path, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var ring = KeyRing.Generate(now);
        var text = KeyRingDocument.Write(ring);
        try
        {
            WriteNew(path, text);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }

        return ring;
    }

    /// <summary>Reads a ring.</summary>
    /// <exception cref="KeyRingException">The file is missing, readable by others than its owner, or not a key ring.</exception>
    public static KeyRing Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] text;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            RefuseIfOthersCanRead(file, path);
            text = new byte[file.Length];
            file.ReadExactly(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyRingException($"The key ring file {path} cannot be read: {e.Message}", e);
        }

        try
        {
            return KeyRingDocument.Parse(text, $"in {path}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>
    /// Exclusive creation decides between two processes that start at once. Whoever finds half a file (the machine lost
    /// power while it was written) is refused by the reader; nothing can have been sealed with it, because the ring is
    /// handed out only after the flush.
    /// </summary>
    private static void WriteNew(string path, byte[] text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerReadWrite;
        }

        FileStream file;
        try
        {
            file = new FileStream(path, options);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new KeyRingException($"The key ring file {path} exists already. It is never overwritten: what it has sealed would be lost.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyRingException($"The key ring file {path} cannot be created: {e.Message}", e);
        }

        using (file)
        {
            WriteOrDelete(file, text);
        }
    }

    private static void WriteOrDelete(FileStream file, byte[] text)
    {
        try
        {
            file.Write(text);
            file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            File.Delete(file.Name);
            throw new KeyRingException($"The key ring file {file.Name} cannot be written: {e.Message}", e);
        }
    }

    // Asked of the open file, not of the path: what is checked is what is read, also behind a symbolic link.
    private static void RefuseIfOthersCanRead(FileStream file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & ~OwnerReadWrite) != 0)
        {
            throw new KeyRingException(
                $"The key ring file {path} has mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}; only its owner may read it. Correct it: chmod 600 {path}");
        }
    }
}
