using System.ComponentModel.DataAnnotations;

namespace Rekindle.Journal;

/// <summary>The local file that keeps what providers answered until the database has it (F4).</summary>
public sealed class JournalOptions
{
    /// <summary>Whether there is one. Without it a process that dies between an answer and its commit loses rotated tokens. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Its folder; processes on one machine may share it. It must outlive the process and the container: a disk, not memory
    /// and not a container's own layer. Default <c>rekindle.journal</c> in the working folder.
    /// </summary>
    [Required(AllowEmptyStrings = false)]
    public string Folder { get; set; } = "rekindle.journal";

    /// <summary>Accept a folder that does not outlive the container or a restart of the machine. Default false.</summary>
    public bool AllowEphemeral { get; set; }

    /// <summary>Space taken from the disk at a time, in MiB. Default 16.</summary>
    [Range(1, 1024)]
    public int SegmentMegabytes { get; set; } = 16;

    /// <summary>How long an entry is kept after the database acknowledged it, in case a promoted replica has forgotten it. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "24:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long, after a failover to a replica, grants whose refresh tokens are used up by a refresh wait for a worker that was alive before and
    /// has not given back what it knows. Longer keeps more when a machine is away together with the database; shorter lets fewer tokens end
    /// meanwhile. Default 3 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ReplayWait { get; set; } = TimeSpan.FromMinutes(3);
}
