using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.Journal;

/// <summary>Looks into the journals of this machine, without their secrets and without disturbing who writes them.</summary>
public sealed class JournalReader(JournalOptions options, KeyRing ring)
{
    /// <summary>Where the journals are.</summary>
    public string Folder { get; } = Path.GetFullPath(options.Folder);

    /// <summary>All of them, by instance. A server that runs may have written more by the time that this returns.</summary>
    /// <exception cref="JournalException">There is no such folder, or there is no journal by the operator's choice.</exception>
    public IReadOnlyList<JournalView> Read()
    {
        if (!options.Enabled)
        {
            throw new JournalException("There is no journal: Rekindle:Journal:Enabled is false.");
        }

        if (!Directory.Exists(Folder))
        {
            throw new JournalException($"There is no folder {Folder}: no server has run here yet, or Rekindle:Journal:Folder names another one.");
        }

        return [.. Directory.EnumerateDirectories(Folder).Where(JournalFolder.IsJournal).Order(StringComparer.Ordinal).Select(Read)];
    }

    private JournalView Read(string path)
    {
        var key = ResultJournal.KeyOf(ring);
        var segments = new List<JournalSegmentView>();
        var records = new List<JournalRecord>();
        foreach (var segment in JournalFolder.SegmentsOf(path))
        {
            try
            {
                var reading = JournalSegment.Read(segment, key);
                records.AddRange(reading.Records);
                segments.Add(new(Path.GetFileName(segment), new FileInfo(segment).Length, reading.Records.Count, reading.Problem));
            }
            catch (FileNotFoundException)
            {
                // Everything in it was settled and old, and its server tidied it away just now.
            }
            catch (InvalidDataException e)
            {
                segments.Add(new(Path.GetFileName(segment), new FileInfo(segment).Length, 0, e.Message));
            }
        }

        return new(Path.GetFileName(path), JournalFolder.IsHeld(path), segments, EntriesOf(records));
    }

    private static JournalEntryView[] EntriesOf(List<JournalRecord> records)
    {
        var kept = records.OfType<JournalRecord.Kept>().Select(k => k.Result.Attempt.Id).ToHashSet();
        var settled = records.OfType<JournalRecord.Settled>().Select(s => s.AttemptId).ToHashSet();
        return
        [
            .. records.Select(record => record switch
            {
                JournalRecord.Sent sent => new JournalEntryView(
                    sent.At, JournalEntryKind.Sent, sent.ConnectionId, sent.AttemptId,
                    kept.Contains(sent.AttemptId) || settled.Contains(sent.AttemptId) ? JournalEntryState.Acknowledged : JournalEntryState.Noted),
                JournalRecord.Kept result => new JournalEntryView(
                    result.At, JournalEntryKind.Result, result.Result.Attempt.ConnectionId, result.Result.Attempt.Id,
                    settled.Contains(result.Result.Attempt.Id) ? JournalEntryState.Acknowledged : JournalEntryState.Open),
                JournalRecord.Consented consented => new JournalEntryView(
                    consented.At, JournalEntryKind.Consent, consented.Grant.NewId, null,
                    settled.Contains(consented.Grant.Id) ? JournalEntryState.Acknowledged : JournalEntryState.Open),
                JournalRecord.Changed changed => new JournalEntryView(
                    changed.At, JournalEntryKind.Change, changed.State.Connection.Id, null, JournalEntryState.Acknowledged),
                JournalRecord.Deleted deleted => new JournalEntryView(
                    deleted.At, JournalEntryKind.Deletion, deleted.ConnectionId, null, JournalEntryState.Acknowledged),
                _ => null,
            }).OfType<JournalEntryView>(),
        ];
    }
}

/// <summary>One process's journal.</summary>
/// <param name="InstanceId">The process.</param>
/// <param name="IsRunning">Whether it, or the one that adopted its journal, runs.</param>
/// <param name="Segments">Its files, oldest first.</param>
/// <param name="Entries">What stands in them, oldest first.</param>
public sealed record JournalView(
    string InstanceId, bool IsRunning, IReadOnlyList<JournalSegmentView> Segments, IReadOnlyList<JournalEntryView> Entries);

/// <summary>One file of a journal.</summary>
/// <param name="File">Its name.</param>
/// <param name="Bytes">Space it takes.</param>
/// <param name="Records">Records in it, marks included.</param>
/// <param name="Problem">Why reading it ended before its end; null: it did not.</param>
public sealed record JournalSegmentView(string File, long Bytes, int Records, string? Problem);

/// <summary>One entry of a journal, without what it keeps.</summary>
/// <param name="At">When it was written.</param>
/// <param name="Kind">What it is.</param>
/// <param name="ConnectionId">Whose.</param>
/// <param name="AttemptId">The attempt it belongs to; null: none.</param>
/// <param name="State">What became of it.</param>
public sealed record JournalEntryView(DateTimeOffset At, JournalEntryKind Kind, ConnectionId ConnectionId, Guid? AttemptId, JournalEntryState State);

/// <summary>What an entry is.</summary>
public enum JournalEntryKind
{
    /// <summary>A refresh token was about to leave.</summary>
    Sent,

    /// <summary>A refresh brought tokens.</summary>
    Result,

    /// <summary>Somebody consented; the id is the one that the connection gets if there is none for that user yet.</summary>
    Consent,

    /// <summary>A new grant or a lever was stored.</summary>
    Change,

    /// <summary>A connection was deleted.</summary>
    Deletion,
}

/// <summary>What became of an entry.</summary>
public enum JournalEntryState
{
    /// <summary>The database has it, or will never want it: kept only in case the database forgets.</summary>
    Acknowledged,

    /// <summary>The database does not have it yet.</summary>
    Open,

    /// <summary>A mark that nothing followed: no tokens came of it, or none yet.</summary>
    Noted,
}
