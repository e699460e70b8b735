using System.Globalization;
using Microsoft.Extensions.Logging;
using Rekindle.Journal;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>How far a database had come when this machine last saw it.</summary>
/// <param name="Epoch">Its owner's epoch.</param>
/// <param name="Mark">Until when its owner had worked on it.</param>
internal sealed record RememberedMark(long Epoch, DateTimeOffset Mark);

/// <summary>
/// What the journal's folder remembers of a database, in a small file named after the database's id. Without a journal only the process
/// remembers. The file is written at most once a minute: it may be that much behind, which only makes an old backup look younger.
/// </summary>
internal sealed class VolumeMemory(JournalOptions options, ResultJournal journal, TimeProvider time, ILogger<VolumeMemory> logger)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _writtenAt;
    private RememberedMark? _written;

    /// <summary>What is remembered of the database; null: nothing.</summary>
    public RememberedMark? Current { get; private set; }

    /// <summary>How far back the journal can make good what a database has forgotten.</summary>
    public TimeSpan Span => journal.Retention;

    /// <summary>Reads what the folder remembers. One that cannot be read remembers nothing.</summary>
    public RememberedMark? Load(string databaseId)
    {
        lock (_lock)
        {
            return Current = _written = options.Enabled ? Read(PathOf(databaseId)) : null;
        }
    }

    /// <summary>Remembers how far the database has come, and now and then writes it down.</summary>
    public void Note(DatabaseOwner owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        lock (_lock)
        {
            Current = new RememberedMark(owner.Epoch, owner.Mark);
            var delay = Span / 10 < LongestDelay ? Span / 10 : LongestDelay;
            if (_written?.Epoch != owner.Epoch || time.GetUtcNow() - _writtenAt >= delay)
            {
                Write(owner.DatabaseId);
            }
        }
    }

    /// <summary>Writes it down: this process ends.</summary>
    public void Save(string databaseId)
    {
        lock (_lock)
        {
            if (Current is not null && Current != _written)
            {
                Write(databaseId);
            }
        }
    }

    private string PathOf(string databaseId) => Path.Combine(Path.GetFullPath(options.Folder), $"{databaseId}.database");

    private RememberedMark? Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            var parts = File.ReadAllText(path).Split(' ', StringSplitOptions.TrimEntries);
            if (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
                && DateTimeOffset.TryParseExact(parts[1], "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var mark))
            {
                return new RememberedMark(epoch, mark);
            }

            logger.MemoryUnreadable(path, "It is not what this program writes.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.MemoryUnreadable(path, e.Message);
        }

        return null;
    }

    // Under another name first: a file of this name is whole, whenever this machine dies.
    private void Write(string databaseId)
    {
        var path = PathOf(databaseId);
        if (!options.Enabled || Current is not { } mark || !Directory.Exists(Path.GetDirectoryName(path)))
        {
            // The journal makes its folder a moment after the first look.
            return;
        }

        _writtenAt = time.GetUtcNow();
        var making = $"{path}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";
        try
        {
            using (var file = new StreamWriter(making))
            {
                file.Write(string.Create(CultureInfo.InvariantCulture, $"{mark.Epoch} {mark.Mark:O}"));
                file.Flush();
                ((FileStream)file.BaseStream).Flush(flushToDisk: true);
            }

            File.Move(making, path, overwrite: true);
            _written = mark;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The database has the mark; this machine remembers an older one, which freezes less.
            logger.MemoryNotWritten(path, e.Message);
        }
    }
}
