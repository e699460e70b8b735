using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Ownership;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// Gives back to the database what journals hold. Before anything is claimed, and three times a minute, those of processes that are gone from
/// this machine (I3): their results, in order, each over its exact parent; then their leases are settled: given back where the request
/// provably never left, and otherwise in doubt from now on instead of from the lease's end. After a failover all of it again, and what
/// this process itself has kept.
/// </summary>
internal sealed class JournalRecovery(
    ResultJournal journal, IRefreshStore store, IConnectionStore connections, KeyRing ring, Sealer sealer, FlightCount flights,
    DatabaseOwnership ownership, RefreshClock clock, ILogger<JournalRecovery> logger)
    : IHostedService, IDisposable
{
    private const int BatchSize = 64;
    private const long SettledSegmentSize = 1 << 20;

    // Sooner than anybody takes a lease for lost after an absence of the store (StoreAbsence).
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Impatience = TimeSpan.FromSeconds(1);

    // An old backup has forgotten more than the last minutes: all that still lies here may be what it lacks.
    private static readonly TimeSpan Everything = TimeSpan.FromDays(3650);

    // Adopted folders stay locked until they matter no more: their results are kept in case the database forgets them.
    private readonly List<(JournalFolder Folder, DateTimeOffset Until)> _adopted = [];
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (journal.Root is not { } root)
        {
            return;
        }

        ownership.Thawing += stopping => GiveBackAsync(Everything, stopping);
        if (ownership.Freeze is null)
        {
            await AdoptAllAsync(root, journal.Retention, cancellationToken).ConfigureAwait(false);
        }

        _loop = Task.Run(() => FollowAsync(root, _stopping.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    /// <summary>
    /// Everything that is known here once more, for a database that may have forgotten the last of it. Returns when it has all of it, what was
    /// in flight included.
    /// </summary>
    public Task GiveBackAsync(CancellationToken cancellationToken) =>
        ownership.Freeze is null ? GiveBackAsync(journal.Retention, cancellationToken) : Task.CompletedTask;

    // What is settled longer than the reach is passed over.
    private async Task GiveBackAsync(TimeSpan reach, CancellationToken cancellationToken)
    {
        if (journal.Root is not { } root)
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var (folder, _) in _adopted)
            {
                var content = ContentOf(folder, reach, out _);
                await RestoreAsync(content.Changes, cancellationToken).ConfigureAwait(false);
                await ReplayAsync(content.Results, cancellationToken).ConfigureAwait(false);
            }

            await AdoptAllAsync(root, reach, cancellationToken).ConfigureAwait(false);
            await GiveBackOwnAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _adopted.ForEach(a => a.Folder.Dispose());
        _adopted.Clear();
        _stopping.Dispose();
        _turn.Dispose();
    }

    // A sibling on this machine may die while this process lives.
    private async Task FollowAsync(string root, CancellationToken stopping)
    {
        for (var wait = Interval; ;)
        {
            await Task.Delay(wait, clock.Time, stopping).ConfigureAwait(false);
            wait = Interval;
            if (ownership.Freeze is not null)
            {
                // The journals may be another database's, whose results must not end here. They are adopted when the freeze ends.
                continue;
            }

            await _turn.WaitAsync(stopping).ConfigureAwait(false);
            try
            {
                foreach (var old in _adopted.FindAll(a => a.Until <= clock.Now))
                {
                    old.Folder.Delete();
                    _adopted.Remove(old);
                }

                await AdoptAllAsync(root, journal.Retention, stopping).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.AdoptionPostponed(e.Message);
                wait = Impatience;
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    // What is in flight was claimed of a database that may have forgotten the claim: somebody else would send the same token. So it is waited
    // for, and then offered like all the rest: it may have come while the database was away.
    private async Task GiveBackOwnAsync(CancellationToken cancellationToken)
    {
        var before = await ReplayOwnAsync(cancellationToken).ConfigureAwait(false);
        await flights.LandedAsync().WaitAsync(clock.Options.Lease, clock.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var after = await ReplayOwnAsync(cancellationToken).ConfigureAwait(false);
        while (await store.ApplyLateResultsAsync(clock.Now, BatchSize, cancellationToken).ConfigureAwait(false) > 0)
        {
        }

        logger.GivenBack(after.Count, Count(before, ReplayResult.Applied) + Count(after, ReplayResult.Applied), Count(after, ReplayResult.Deferred));
    }

    private async Task<IReadOnlyList<ReplayResult>> ReplayOwnAsync(CancellationToken cancellationToken)
    {
        var replayed = new List<ReplayResult>();
        await foreach (var records in journal.ReadBackAsync().WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // New grants and levers first: refreshes are of what they made.
            await RestoreAsync(records, cancellationToken).ConfigureAwait(false);

            // What the database has not acknowledged yet is on its way there besides: nothing here is anybody's last word.
            var results = records.OfType<JournalRecord.Kept>().Select(kept => kept.Result with { IsSettled = true }).ToArray();
            replayed.AddRange(await ReplayAsync(results, cancellationToken).ConfigureAwait(false));
        }

        return replayed;
    }

    private static int Count(IReadOnlyList<ReplayResult> replayed, ReplayResult result) => replayed.Count(r => r == result);

    private async Task AdoptAllAsync(string root, TimeSpan reach, CancellationToken cancellationToken)
    {
        foreach (var folder in JournalFolder.Adopt(root))
        {
            try
            {
                await AdoptAsync(folder, reach, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                // Nothing of it is touched: another key ring may open it, another day the disk may give it.
                logger.JournalUnreadable(folder.InstanceId, folder.Path, e.Message);
                folder.Dispose();
            }
            catch
            {
                folder.Dispose();
                throw;
            }
        }
    }

    private async Task AdoptAsync(JournalFolder folder, TimeSpan reach, CancellationToken cancellationToken)
    {
        var content = ContentOf(folder, reach, out var complete);
        await RestoreAsync(content.Changes, cancellationToken).ConfigureAwait(false);
        foreach (var consent in content.Consents)
        {
            // What the process that is gone had promised the person who consented.
            await connections.SaveGrantAsync(consent.ToGrant(sealer, clock.Now), cancellationToken).ConfigureAwait(false);
            logger.ConsentStored(consent.Key.Integration);
        }

        var replayed = await ReplayAsync(content.Results, cancellationToken).ConfigureAwait(false);
        var lost = await store.SettleHolderAsync(
            new LostHolder(folder.InstanceId, content.Sent, complete && folder.IsOfThisBoot), clock.Now, cancellationToken).ConfigureAwait(false);
        logger.Adopted(
            folder.InstanceId, replayed.Count, Count(replayed, ReplayResult.Applied), Count(replayed, ReplayResult.AlreadyThere),
            Count(replayed, ReplayResult.Deferred), Count(replayed, ReplayResult.Superseded), lost.Released, lost.InDoubt);
        Keep(folder, content);
    }

    private JournalContent ContentOf(JournalFolder folder, TimeSpan reach, out bool complete)
    {
        var key = ResultJournal.KeyOf(ring);
        var records = new List<JournalRecord>();
        complete = true;
        foreach (var segment in folder.Segments)
        {
            var reading = JournalSegment.Read(segment, key);
            records.AddRange(reading.Records);
            if (reading.Problem is { } problem)
            {
                complete = false;
                logger.JournalEndsEarly(folder.InstanceId, problem);
            }
        }

        return records.Count > 0 || complete
            ? JournalContent.Of(records, reach)
            : throw new InvalidDataException("Nothing in it can be opened: it was written with another key ring, or is damaged.");
    }

    private async Task RestoreAsync(IEnumerable<JournalRecord> records, CancellationToken cancellationToken)
    {
        var states = new List<ConnectionSnapshot>();
        foreach (var record in records)
        {
            if (record is JournalRecord.Changed changed)
            {
                states.Add(changed.State);
            }
            else if (record is JournalRecord.Deleted deleted)
            {
                await RestoreAsync(states, cancellationToken).ConfigureAwait(false);
                states.Clear();
                await connections.DeleteAsync(deleted.ConnectionId, deleted.Reason, clock.Now, cancellationToken).ConfigureAwait(false);
            }
        }

        await RestoreAsync(states, cancellationToken).ConfigureAwait(false);
    }

    private async Task RestoreAsync(List<ConnectionSnapshot> states, CancellationToken cancellationToken)
    {
        if (await connections.RestoreAsync(states, clock.Now, cancellationToken).ConfigureAwait(false) is > 0 and var restored)
        {
            logger.ChangesRestored(restored);
        }
    }

    private async Task<IReadOnlyList<ReplayResult>> ReplayAsync(IReadOnlyList<JournalledResult> results, CancellationToken cancellationToken)
    {
        var replayed = new List<ReplayResult>(results.Count);
        foreach (var batch in results.Chunk(BatchSize))
        {
            replayed.AddRange(await store.ReplayAsync(batch, clock.Now, cancellationToken).ConfigureAwait(false));
        }

        return replayed;
    }

    // The next adopter must know that the database has had these: otherwise it would report them as late.
    private void Keep(JournalFolder folder, JournalContent content)
    {
        if (content is { Results.Count: 0, Changes.Count: 0, Consents.Count: 0 })
        {
            folder.Delete();
            return;
        }

        var unsettled = content.Results.Where(r => !r.IsSettled).Select(r => r.Attempt.Id).Concat(content.Consents.Select(c => c.Id)).ToArray();
        if (unsettled.Length > 0)
        {
            using var segment = JournalSegment.Create(folder.SegmentPath(folder.NextNumber), ResultJournal.KeyOf(ring), SettledSegmentSize);
            foreach (var id in unsettled)
            {
                segment.Append(new JournalRecord.Settled(id, clock.Now));
            }

            segment.Sync();
        }

        _adopted.Add((folder, clock.Now + journal.Retention));
    }
}
