using Rekindle.Sqlite;

namespace Rekindle.Stores.Tests.Sqlite;

public sealed class MountTableTests
{
    private const string Mounts =
        """
        /dev/vda1 / ext4 rw,relatime 0 0
        proc /proc proc rw 0 0
        server:/export /srv/shared nfs4 rw,vers=4.2 0 0
        /dev/vdb1 /srv/shared/local xfs rw 0 0
        //nas/data /mnt/my\040data cifs rw 0 0
        user@host:/ /home/anna/remote fuse.sshfs rw 0 0
        tmpfs /mnt/stack tmpfs rw 0 0
        server:/over /mnt/stack nfs rw 0 0
        broken line
        """;

    [Theory, Trait("Req", "F4")]
    [InlineData("/var/lib/rekindle", "ext4")]
    [InlineData("/", "ext4")]
    [InlineData("/srv/shared", "nfs4")]
    [InlineData("/srv/shared/rekindle", "nfs4")]
    [InlineData("/srv/sharedness", "ext4")]
    [InlineData("/srv/shared/local/rekindle", "xfs")]
    [InlineData("/mnt/my data/rekindle", "cifs")]
    [InlineData("/home/anna/remote/x", "fuse.sshfs")]
    [InlineData("/mnt/stack/x", "nfs")]
    public void The_mount_that_holds_a_path_is_found(string path, string type) => Assert.Equal(type, MountTable.TypeOf(Mounts, path));

    [Theory, Trait("Req", "F4")]
    [InlineData("nfs4", true)]
    [InlineData("cifs", true)]
    [InlineData("9p", true)]
    [InlineData("fuse.sshfs", true)]
    [InlineData("ext4", false)]
    [InlineData("tmpfs", false)]
    [InlineData("overlay", false)]
    [InlineData("fuse.mergerfs", false)]
    public void File_systems_of_other_machines_are_known(string type, bool isNetwork) => Assert.Equal(isNetwork, MountTable.IsNetwork(type));

    [Fact, Trait("Req", "F4")]
    public void A_folder_of_this_machine_is_local() => Assert.Null(MountTable.NetworkType(Path.GetTempPath()));
}
