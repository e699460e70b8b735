using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Rekindle.Journal;

/// <summary>
/// One file of the journal. Head: <c>RKJL</c>, format, salt. Then records: length (4 bytes), tag (16), sealed bytes. Its space
/// is taken from the disk when it is made, so that writing into it does not fail for want of space. A zero length, the end of
/// the file or a record that does not open is its end: what is being written when a machine dies was never promised to anybody.
/// </summary>
internal sealed class JournalSegment : IDisposable
{
    private const int HeadSize = 24;
    private const int RecordHead = sizeof(int) + JournalCipher.TagSize;
    private static readonly byte[] Magic = [.. "RKJL"u8, 1, 0, 0, 0];

    private readonly SafeFileHandle _file;
    private readonly JournalCipher _cipher;

    private JournalSegment(string path, SafeFileHandle file, JournalCipher cipher, long size)
    {
        Path = path;
        Size = size;
        _file = file;
        _cipher = cipher;
        Length = HeadSize;
    }

    public string Path { get; }

    /// <summary>Bytes reserved on the disk.</summary>
    public long Size { get; }

    /// <summary>Bytes written.</summary>
    public long Length { get; private set; }

    /// <summary>Results in it that the database has not acknowledged.</summary>
    public int Unsettled { get; set; }

    /// <summary>When its last record was written.</summary>
    public DateTimeOffset LastAt { get; set; }

    /// <summary>Makes a segment and takes its space.</summary>
    /// <exception cref="IOException">No space, or the folder cannot be written.</exception>
    public static JournalSegment Create(string path, byte[] journalKey, long size)
    {
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, FileOptions.None, size);
        try
        {
            Span<byte> head = stackalloc byte[HeadSize];
            Magic.CopyTo(head);
            RandomNumberGenerator.Fill(head[Magic.Length..]);
            RandomAccess.Write(file, head, 0);
            RandomAccess.FlushToDisk(file);
            return new JournalSegment(path, file, new JournalCipher(journalKey, head[Magic.Length..]), size);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that a record of this size takes.</summary>
    public static int SizeOf(int plainLength) => RecordHead + plainLength;

    public bool HasRoomFor(int bytes) => Length + bytes <= Size;

    /// <summary>Seals a record into <paramref name="target"/>, for the place <paramref name="ahead"/> bytes after the segment's end.</summary>
    public void Seal(ReadOnlySpan<byte> plain, Span<byte> target, int ahead)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target, plain.Length);
        _cipher.Seal(Length + ahead, plain, target[RecordHead..], target.Slice(sizeof(int), JournalCipher.TagSize));
    }

    /// <summary>Appends sealed records: from here on they survive this process.</summary>
    public void Append(ReadOnlySpan<byte> records)
    {
        RandomAccess.Write(_file, records, Length);
        Length += records.Length;
    }

    /// <summary>Appends one record.</summary>
    public void Append(JournalRecord record)
    {
        using var plain = new MemoryStream();
        using (var writer = new BinaryWriter(plain, Encoding.UTF8, leaveOpen: true))
        {
            JournalCodec.Write(writer, record);
        }

        var target = new byte[SizeOf((int)plain.Length)];
        Seal(plain.GetBuffer().AsSpan(0, (int)plain.Length), target, 0);
        Append(target);
    }

    /// <summary>Returns when everything appended before is on the disk: from here on it survives the machine.</summary>
    public void Sync() => RandomAccess.FlushToDisk(_file);

    /// <summary>Reads a segment to its end.</summary>
    /// <exception cref="InvalidDataException">It is not a segment.</exception>
    public static JournalReading Read(string path, byte[] journalKey)
    {
        var bytes = ReadAll(path);
        if (bytes.Length < HeadSize)
        {
            return new JournalReading([], bytes.Length == 0 ? null : $"{path}: {bytes.Length} bytes are not even a head.");
        }

        if (!bytes.AsSpan().ContainsAnyExcept((byte)0))
        {
            // Its space was taken and nothing of it had reached the disk when the machine died.
            return new JournalReading([], null);
        }

        if (!bytes.AsSpan().StartsWith(Magic))
        {
            throw new InvalidDataException($"{path} is not a journal of this program: it does not begin with RKJL and format 1.");
        }

        using var cipher = new JournalCipher(journalKey, bytes.AsSpan(Magic.Length, HeadSize - Magic.Length));
        var records = new List<JournalRecord>();
        var place = HeadSize;
        while (place + RecordHead <= bytes.Length)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(place));
            if (length == 0)
            {
                return new JournalReading(records, null);
            }

            if (length < 0 || length > bytes.Length - place - RecordHead)
            {
                return new JournalReading(records, $"{path}: the record at byte {place} is incomplete.");
            }

            var plain = new byte[length];
            if (!cipher.TryOpen(place, bytes.AsSpan(place + RecordHead, length), bytes.AsSpan(place + sizeof(int), JournalCipher.TagSize), plain))
            {
                return new JournalReading(records, records.Count == 0
                    ? $"{path} does not open with this key ring, or its first record is damaged."
                    : $"{path}: the record at byte {place} is damaged.");
            }

            using var reader = new BinaryReader(new MemoryStream(plain, writable: false));
            records.Add(JournalCodec.Read(reader));
            place += RecordHead + length;
        }

        return new JournalReading(records, place == bytes.Length ? null : $"{path}: {bytes.Length - place} bytes at the end are no record.");
    }

    // Its process may be writing to it.
    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    public void Dispose()
    {
        _file.Dispose();
        _cipher.Dispose();
    }
}

/// <summary>What a segment holds.</summary>
/// <param name="Records">Its records, oldest first.</param>
/// <param name="Problem">Why reading ended before the segment's end; null: it did not.</param>
internal sealed record JournalReading(IReadOnlyList<JournalRecord> Records, string? Problem);
