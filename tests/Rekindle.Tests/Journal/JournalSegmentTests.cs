using System.Security.Cryptography;
using Rekindle.Journal;
using Rekindle.Testing;

namespace Rekindle.Tests.Journal;

[Trait("Req", "F4")]
public sealed class JournalSegmentTests : IDisposable
{
    private const long Size = 1 << 20;

    private readonly TempFolder _folder = new();

    private string File1 => _folder.File("00000001.journal");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_appended_is_read_in_its_order()
    {
        var written = Write(File1, 20);

        var reading = JournalSegment.Read(File1, Given.JournalKey);

        Assert.Null(reading.Problem);
        Assert.Equal(written, reading.Records.Cast<JournalRecord.Kept>().Select(k => k.Result.Attempt.Id));
    }

    [Fact]
    public void Space_is_taken_when_the_segment_is_made()
    {
        using var segment = JournalSegment.Create(File1, Given.JournalKey, Size);

        Assert.True(segment.HasRoomFor(1 << 19));
        Assert.False(segment.HasRoomFor(1 << 20));
    }

    [Fact]
    [Trait("Failure", "F01")]
    public void A_tail_cut_anywhere_costs_the_last_record_only()
    {
        var written = Write(File1, 3);
        var whole = File.ReadAllBytes(File1);
        var lastStart = EndOf(2);

        for (var length = lastStart + 1; length < whole.Length; length += 37)
        {
            File.WriteAllBytes(File1, whole[..length]);

            var reading = JournalSegment.Read(File1, Given.JournalKey);

            Assert.Equal(written[..2], Ids(reading));
            Assert.NotNull(reading.Problem);
        }
    }

    [Fact]
    public void A_record_with_a_flipped_bit_does_not_open_and_what_stands_before_it_does()
    {
        var written = Write(File1, 3);
        var bytes = File.ReadAllBytes(File1);
        bytes[EndOf(1) + 60] ^= 1;
        File.WriteAllBytes(File1, bytes);

        var reading = JournalSegment.Read(File1, Given.JournalKey);

        Assert.Equal(written[..1], Ids(reading));
        Assert.Contains("damaged", reading.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Space_that_was_taken_and_not_written_is_its_end()
    {
        var written = Write(File1, 2);
        using (var file = new FileStream(File1, FileMode.Open))
        {
            file.SetLength(Size);
        }

        var reading = JournalSegment.Read(File1, Given.JournalKey);

        Assert.Equal(written, Ids(reading));
        Assert.Null(reading.Problem);
    }

    [Fact]
    public void Another_key_ring_opens_nothing_and_says_so()
    {
        Write(File1, 1);

        var reading = JournalSegment.Read(File1, RandomNumberGenerator.GetBytes(32));

        Assert.Empty(reading.Records);
        Assert.Contains("key ring", reading.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_segment_whose_head_never_reached_the_disk_is_empty()
    {
        File.WriteAllBytes(File1, new byte[Size]);

        Assert.Equal(([], null), (JournalSegment.Read(File1, Given.JournalKey).Records.ToArray(), JournalSegment.Read(File1, Given.JournalKey).Problem));
    }

    [Fact]
    public void Another_file_is_not_taken_for_a_journal()
    {
        File.WriteAllText(File1, "This is somebody's diary and not a journal.");

        Assert.Throws<InvalidDataException>(() => JournalSegment.Read(File1, Given.JournalKey));
    }

    [Fact]
    public void A_record_moved_to_another_place_does_not_open()
    {
        Write(File1, 3, tokenBytes: 100);
        var bytes = File.ReadAllBytes(File1);
        var (second, third) = (bytes[EndOf(1)..EndOf(2)], bytes[EndOf(2)..]);
        if (second.Length == third.Length)
        {
            Assert.Fail("The example needs records of different length.");
        }

        File.WriteAllBytes(File1, [.. bytes[..EndOf(1)], .. third, .. second]);

        Assert.Single(JournalSegment.Read(File1, Given.JournalKey).Records);
    }

    [Fact]
    [Trait("Req", "I13")]
    public void Nothing_of_an_entry_can_be_read_in_the_file()
    {
        using (var segment = JournalSegment.Create(File1, Given.JournalKey, Size))
        {
            segment.Append(Given.Kept());
        }

        var text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(File1));

        Assert.DoesNotContain("worker-1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("instance_url", text, StringComparison.Ordinal);
    }

    private readonly List<int> _ends = [];

    private int EndOf(int record) => _ends[record - 1];

    private Guid[] Write(string path, int count, int tokenBytes = 900)
    {
        _ends.Clear();
        using var segment = JournalSegment.Create(path, Given.JournalKey, Size);
        var ids = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            var kept = Given.Kept(i + 1, tokenBytes);
            segment.Append(kept);
            ids[i] = kept.Result.Attempt.Id;
            _ends.Add((int)segment.Length);
        }

        return ids;
    }

    private static IEnumerable<Guid> Ids(JournalReading reading) => reading.Records.Cast<JournalRecord.Kept>().Select(k => k.Result.Attempt.Id);
}
