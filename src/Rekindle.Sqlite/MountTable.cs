namespace Rekindle.Sqlite;

/// <summary>Finds out whether a path lies on another machine, where SQLite's locks and shared memory cannot be relied on.</summary>
internal static class MountTable
{
    private const string Mounts = "/proc/self/mounts";

    private static readonly HashSet<string> NetworkTypes = new(StringComparer.Ordinal)
    {
        "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "gfs", "gfs2", "glusterfs", "lustre", "ncpfs", "ocfs2",
        "beegfs", "gpfs", "pvfs2", "vboxsf", "vmhgfs", "prl_fs", "davfs",
        "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2", "fuse.vmhgfs-fuse", "fuse.gcsfuse", "fuse.juicefs",
        "fuse.mount-s3", "fuse.blobfuse2", "fuse.moosefs",
    };

    /// <summary>The type of the network file system that holds the folder; null: it is a local one.</summary>
    public static string? NetworkType(string folder)
    {
        if (File.Exists(Mounts))
        {
            var type = TypeOf(File.ReadAllText(Mounts), folder);
            return type is not null && IsNetwork(type) ? type : null;
        }

        var drive = new DriveInfo(folder);
        return drive.DriveType == DriveType.Network ? drive.DriveFormat : null;
    }

    /// <summary>Whether file systems of this type lie on other machines.</summary>
    public static bool IsNetwork(string type) => NetworkTypes.Contains(type);

    /// <summary>The file system type of the mount that holds an absolute path, by a table in the form of <c>/proc/mounts</c>.</summary>
    public static string? TypeOf(string mounts, string path)
    {
        string? type = null;
        var longest = -1;
        foreach (var line in mounts.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            if (fields.Length < 3)
            {
                continue;
            }

            // A later line of the same mount point lies on top of the earlier one.
            var point = Unescape(fields[1]);
            if (point.Length >= longest && Holds(point, path))
            {
                (type, longest) = (fields[2], point.Length);
            }
        }

        return type;
    }

    private static bool Holds(string point, string path) =>
        point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    // The kernel writes space, tab, newline and backslash as octal.
    private static string Unescape(string field) => field
        .Replace(@"\040", " ", StringComparison.Ordinal).Replace(@"\011", "\t", StringComparison.Ordinal)
        .Replace(@"\012", "\n", StringComparison.Ordinal).Replace(@"\134", @"\", StringComparison.Ordinal);
}
