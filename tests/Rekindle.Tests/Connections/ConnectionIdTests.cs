using Rekindle.Connections;

namespace Rekindle.Tests.Connections;

public sealed class ConnectionIdTests
{
    private static readonly ConnectionKey Key = new("production", "google", "acme", "user-1", "default", "");

    [Fact]
    public void The_shard_of_a_key_never_changes()
    {
        Assert.Equal(2051, Key.Shard);
        Assert.Equal(3658, new ConnectionKey("sandbox", "ebay", "", "ü𝄞", "write", "shop-2").Shard);
    }

    [Fact]
    public void An_id_carries_the_shard_of_its_key()
    {
        var id = ConnectionId.New(Key);

        Assert.Equal(Key.Shard, id.Shard);
    }

    [Fact]
    public void The_text_form_reads_back()
    {
        var id = ConnectionId.New(Key);

        Assert.True(ConnectionId.TryParse(id.ToString(), out var read));
        Assert.Equal(id, read);
        Assert.StartsWith("con_", id.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("con_")]
    [InlineData("con_0000000000000000")]
    [InlineData("cox_0000000000000")]
    [InlineData("con_000000000000u")]
    [InlineData("con_zzzzzzzzzzzzz")]
    [InlineData("con_g000000000000")]
    [InlineData("CON_0000000000000")]
    public void Anything_else_is_no_id(string? text) => Assert.False(ConnectionId.TryParse(text, out _));

    [Fact]
    public void Parts_cannot_run_into_each_other()
    {
        var one = new ConnectionKey("production", "google", "ab", "c", "default", "");
        var other = new ConnectionKey("production", "google", "a", "bc", "default", "");

        Assert.NotEqual(one.Shard, other.Shard);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Every_mistake_of_a_key_is_named_at_once()
    {
        var key = new ConnectionKey("production", "", "a\0b", "", "default", new string('x', 256));

        Assert.Equal(
            [
                "integration must not be empty.", "tenant contains control characters or broken Unicode.", "subject must not be empty.",
                "account is 256 characters long; at most 255 are allowed.",
            ],
            key.Mistakes());
    }

    [Fact]
    public void Broken_surrogates_are_a_mistake() =>
        Assert.Single(new ConnectionKey("production", "google", "", "a\ud800b", "default", "").Mistakes());
}
