namespace Rekindle.Journal;

/// <summary>
/// The segments of one process: one in use, one lying ready, and the full ones until all that is in them is settled and old. Only
/// the writing task touches it.
/// </summary>
internal sealed class SegmentRing : IDisposable
{
    private readonly JournalFolder _folder;
    private readonly byte[] _key;
    private readonly long _size;
    private readonly Queue<JournalSegment> _full = new();
    private JournalSegment? _spare;
    private int _lastNumber;

    /// <summary>Takes the space of two segments.</summary>
    /// <exception cref="IOException">It is not to be had.</exception>
    public SegmentRing(JournalFolder folder, byte[] key, long size)
    {
        (_folder, _key, _size) = (folder, key, size);
        Current = Create(0);
        _spare = Create(0);
    }

    /// <summary>The one in use.</summary>
    public JournalSegment Current { get; private set; }

    /// <summary>Whether the next one lies ready.</summary>
    public bool HasSpare => _spare is not null;

    /// <summary>Files with anything in them that was written since, oldest first.</summary>
    public IReadOnlyList<string> PathsSince(DateTimeOffset since) =>
        [.. _full.Append(Current).Where(s => s.LastAt >= since || s.Unsettled > 0).Select(s => s.Path)];

    /// <summary>Goes on in the next segment, one in which so many bytes have room.</summary>
    /// <exception cref="IOException">There is none, and none can be had.</exception>
    public void Roll(int bytes)
    {
        var next = _spare is { } spare && spare.HasRoomFor(bytes) ? spare : Create(bytes);
        _full.Enqueue(Current);
        Current = next;
        if (next == _spare)
        {
            _spare = null;
        }
    }

    /// <summary>Takes the space of a segment to come.</summary>
    /// <exception cref="IOException">It is not to be had.</exception>
    public void ReadySpare() => _spare ??= Create(0);

    /// <summary>Deletes what is full, settled, and was written before <paramref name="cutoff"/>, oldest first.</summary>
    public void Tidy(DateTimeOffset cutoff, Func<JournalSegment, bool> isBusy)
    {
        while (_full.TryPeek(out var oldest) && oldest.Unsettled == 0 && oldest.LastAt < cutoff && !isBusy(oldest))
        {
            _full.Dequeue();
            oldest.Dispose();
            File.Delete(oldest.Path);
        }
    }

    public void Dispose()
    {
        foreach (var segment in _full)
        {
            segment.Dispose();
        }

        _full.Clear();
        Current.Dispose();
        _spare?.Dispose();
    }

    private JournalSegment Create(int atLeast)
    {
        var path = _folder.SegmentPath(++_lastNumber);
        try
        {
            return JournalSegment.Create(path, _key, Math.Max(_size, atLeast + 4096L));
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }
}
