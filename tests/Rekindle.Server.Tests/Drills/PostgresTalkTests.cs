using System.Buffers.Binary;
using System.Text;
using Rekindle.Drills;

namespace Rekindle.Server.Tests.Drills;

/// <summary>Messages are found however the bytes are cut up.</summary>
public sealed class PostgresTalkTests
{
    private static readonly byte[] RequestForTls = [0, 0, 0, 8, 4, 210, 22, 47];
    private static readonly byte[] Startup = [0, 0, 0, 8, 0, 3, 0, 0];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void A_commit_is_seen_at_its_end_and_not_before(int chunk)
    {
        var talk = Begun(chunk);
        Ask(talk, Message('P', "s1\0update token_sets\0"), chunk);
        Ask(talk, Message('B', "\0s1\0"), chunk);
        Ask(talk, Message('S', ""), chunk);
        byte[] answer = [.. Message('C', "UPDATE 1\0"), .. Message('Z', "I")];

        var verdicts = answer.Chunk(chunk).Select(part => talk.Answered(part, Fits)).ToArray();

        Assert.All(verdicts[..^1], verdict => Assert.Equal(Talk.Undecided, verdict));
        Assert.Equal(Talk.Committed, verdicts[^1]);
        Assert.Equal(Talk.Irrelevant, talk.Answered(Message('Z', "I"), Fits));
    }

    [Fact]
    public void What_failed_is_not_committed()
    {
        var talk = Begun(1000);
        Ask(talk, Message('Q', "update token_sets\0"), 1000);

        Assert.Equal(Talk.Irrelevant, talk.Answered([.. Message('E', "SERROR\0\0"), .. Message('Z', "I")], Fits));
        Ask(talk, Message('Q', "update token_sets\0"), 1000);
        Assert.Equal(Talk.Committed, talk.Answered(Message('Z', "I"), Fits));
    }

    [Fact]
    public void An_open_transaction_is_not_committed_yet()
    {
        var talk = Begun(1000);
        Ask(talk, Message('Q', "update token_sets\0"), 1000);

        Assert.Equal(Talk.Undecided, talk.Answered(Message('C', "UPDATE 1\0"), Fits));
        Assert.Equal(Talk.Irrelevant, talk.Answered(Message('Z', "T"), Fits));
        Ask(talk, Message('Q', "COMMIT\0"), 1000);
        Assert.Equal(Talk.Committed, talk.Answered([.. Message('C', "COMMIT\0"), .. Message('Z', "I")], Fits));
    }

    [Fact]
    public void What_was_asked_before_is_answered_before()
    {
        var talk = Begun(1000);
        Ask(talk, Message('Q', "DISCARD ALL\0"), 1000);
        Ask(talk, Message('Q', "update token_sets\0"), 1000);

        Assert.Equal(Talk.Undecided, talk.Answered(Message('Z', "I"), Fits));
        Assert.Equal(Talk.Committed, talk.Answered(Message('Z', "I"), Fits));
    }

    private static bool Fits(string sql) => sql.Contains("token_sets", StringComparison.Ordinal);

    private static PostgresTalk Begun(int chunk)
    {
        var talk = new PostgresTalk();
        Ask(talk, RequestForTls, chunk);
        talk.Answered("N"u8, null);
        Ask(talk, Startup, chunk);
        talk.Answered([.. Message('R', "\0\0\0\0"), .. Message('Z', "I")], null);
        return talk;
    }

    private static void Ask(PostgresTalk talk, byte[] bytes, int chunk)
    {
        foreach (var part in bytes.Chunk(chunk))
        {
            talk.Asked(part);
        }
    }

    private static byte[] Message(char type, string body)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length + 4);
        return [(byte)type, .. length, .. Encoding.ASCII.GetBytes(body)];
    }
}
