using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>What a journal says, folded: which results still matter, and which refresh tokens may have left the process.</summary>
/// <param name="Results">Results in the order in which they came, each parent before its child.</param>
/// <param name="Changes">New grants, levers and deletions, oldest first.</param>
/// <param name="Consents">New grants that the database never acknowledged.</param>
/// <param name="Sent">Attempts that were marked as about to leave.</param>
internal sealed record JournalContent(IReadOnlyList<JournalledResult> Results, IReadOnlyList<JournalRecord> Changes, IReadOnlyList<JournalledGrant> Consents,
    IReadOnlySet<Guid> Sent)
{
    /// <summary>
    /// Folds records, oldest first. Results settled longer than <paramref name="retention"/> before the journal's end matter to nobody any
    /// more: what a database forgets is the last that it was told.
    /// </summary>
    public static JournalContent Of(IReadOnlyCollection<JournalRecord> records, TimeSpan retention)
    {
        var forgottenBefore = records.Count == 0 ? default : records.Max(r => r.At) - retention;
        var sent = new HashSet<Guid>();
        var kept = new List<JournalledResult>();
        var settled = new Dictionary<Guid, DateTimeOffset>();
        foreach (var record in records)
        {
            switch (record)
            {
                case JournalRecord.Sent s:
                    sent.Add(s.AttemptId);
                    break;
                case JournalRecord.Kept k:
                    kept.Add(k.Result);
                    break;
                case JournalRecord.Settled s:
                    settled[s.AttemptId] = s.At;
                    break;
            }
        }

        return new(
            [
                .. kept.Where(r => !settled.TryGetValue(r.Attempt.Id, out var at) || at >= forgottenBefore)
                    .Select(r => r with { IsSettled = settled.ContainsKey(r.Attempt.Id) }),
            ],
            [.. records.Where(r => r is JournalRecord.Changed or JournalRecord.Deleted && r.At >= forgottenBefore)],
            [.. records.OfType<JournalRecord.Consented>().Select(c => c.Grant).Where(g => !settled.ContainsKey(g.Id))],
            sent);
    }
}
