using System.ComponentModel.DataAnnotations;

namespace Rekindle.Sqlite;

/// <summary>Where the SQLite database lies and how long to wait for it.</summary>
public sealed class SqliteOptions
{
    /// <summary>
    /// The database file, absolute or relative to the working directory. It must lie on a local file system; folder and
    /// file are made readable by their owner only. Default <c>rekindle.db</c>.
    /// </summary>
    [Required]
    public string Path { get; set; } = "rekindle.db";

    /// <summary>How long a write waits for another process that is writing. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
