namespace Rekindle.Journal;

/// <summary>
/// What this process has kept and the database has not acknowledged, each with the segment that holds it: a segment goes only when none is left in
/// it. Changed by the one task that writes; its figures may be read by anybody.
/// </summary>
internal sealed class UnsettledRecords
{
    private readonly Dictionary<Guid, (JournalRecord Record, JournalSegment Home)> _records = [];
    private int _count;
    private long _oldestTicks;

    public int Count => Volatile.Read(ref _count);

    /// <summary>When the oldest was written, as of the last look; null: there was none.</summary>
    public DateTimeOffset? OldestAt => Volatile.Read(ref _oldestTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>A record was written to a segment.</summary>
    public void Note(JournalRecord record, JournalSegment segment)
    {
        switch (record)
        {
            case JournalRecord.Kept kept:
                Open(kept.Result.Attempt.Id, record, segment);
                break;
            case JournalRecord.Consented consented:
                Open(consented.Grant.Id, record, segment);
                break;
            case JournalRecord.Settled settled when _records.Remove(settled.AttemptId, out var kept):
                kept.Home.Unsettled--;
                Volatile.Write(ref _count, _records.Count);
                break;
        }
    }

    /// <summary>Those that a segment holds.</summary>
    public IEnumerable<JournalRecord> In(JournalSegment segment) => _records.Values.Where(r => r.Home == segment).Select(r => r.Record);

    /// <summary>Looks through all of them for <see cref="OldestAt"/>.</summary>
    public void LookForOldest() => Volatile.Write(ref _oldestTicks, _records.Count == 0 ? 0 : _records.Values.Min(r => r.Record.At.UtcTicks));

    private void Open(Guid id, JournalRecord record, JournalSegment segment)
    {
        if (_records.TryGetValue(id, out var before))
        {
            before.Home.Unsettled--;
        }

        segment.Unsettled++;
        _records[id] = (record, segment);
        Volatile.Write(ref _count, _records.Count);
    }
}
