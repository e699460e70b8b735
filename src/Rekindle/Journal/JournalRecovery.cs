using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// Before anything is claimed: adopts the journals of processes that are gone from this machine (I3). Their results go to the
/// database, in order, each over its exact parent; then their leases are settled: given back where the request provably
/// never left, and otherwise in doubt from now on instead of from the lease's end.
/// </summary>
internal sealed class JournalRecovery(
    ResultJournal journal, IRefreshStore store, KeyRing ring, TimeProvider time, ILogger<JournalRecovery> logger)
    : IHostedService, IDisposable
{
    private const int BatchSize = 64;
    private const long SettledSegmentSize = 1 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // Adopted folders stay locked until they matter no more: their results are kept in case the database forgets them.
    private readonly List<(JournalFolder Folder, DateTimeOffset Until)> _adopted = [];
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (journal.Root is not { } root)
        {
            return;
        }

        await AdoptAllAsync(root, cancellationToken).ConfigureAwait(false);
        _loop = Task.Run(() => FollowAsync(root, _stopping.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }

    public void Dispose()
    {
        _adopted.ForEach(a => a.Folder.Dispose());
        _adopted.Clear();
        _stopping.Dispose();
    }

    // A sibling on this machine may die while this process lives.
    private async Task FollowAsync(string root, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
        {
            foreach (var old in _adopted.FindAll(a => a.Until <= time.GetUtcNow()))
            {
                old.Folder.Delete();
                _adopted.Remove(old);
            }

            try
            {
                await AdoptAllAsync(root, stopping).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.AdoptionPostponed(e.Message);
            }
        }
    }

    private async Task AdoptAllAsync(string root, CancellationToken cancellationToken)
    {
        foreach (var folder in JournalFolder.Adopt(root))
        {
            try
            {
                await AdoptAsync(folder, cancellationToken).ConfigureAwait(false);
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

    private async Task AdoptAsync(JournalFolder folder, CancellationToken cancellationToken)
    {
        var key = ResultJournal.KeyOf(ring);
        var records = new List<JournalRecord>();
        var complete = true;
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

        if (records.Count == 0 && !complete)
        {
            throw new InvalidDataException("Nothing in it can be opened: it was written with another key ring, or is damaged.");
        }

        var now = time.GetUtcNow();
        var content = JournalContent.Of(records, now - journal.Retention);
        var replayed = await ReplayAsync(content.Results, cancellationToken).ConfigureAwait(false);
        var lost = await store.SettleHolderAsync(
            new LostHolder(folder.InstanceId, content.Sent, complete && folder.IsOfThisBoot), now, cancellationToken).ConfigureAwait(false);
        logger.Adopted(
            folder.InstanceId, replayed.Count, Count(ReplayResult.Applied), Count(ReplayResult.AlreadyThere), Count(ReplayResult.Deferred),
            Count(ReplayResult.Superseded), lost.Released, lost.InDoubt);
        Keep(folder, key, content.Results, now);

        int Count(ReplayResult result) => replayed.Count(r => r == result);
    }

    private async Task<IReadOnlyList<ReplayResult>> ReplayAsync(IReadOnlyList<JournalledResult> results, CancellationToken cancellationToken)
    {
        var replayed = new List<ReplayResult>(results.Count);
        foreach (var batch in results.Chunk(BatchSize))
        {
            replayed.AddRange(await store.ReplayAsync(batch, time.GetUtcNow(), cancellationToken).ConfigureAwait(false));
        }

        return replayed;
    }

    // The next adopter must know that the database has had these: otherwise it would report them as late.
    private void Keep(JournalFolder folder, byte[] key, IReadOnlyList<JournalledResult> results, DateTimeOffset now)
    {
        if (results.Count == 0)
        {
            folder.Delete();
            return;
        }

        var unsettled = results.Where(r => !r.IsSettled).Select(r => r.Attempt.Id).ToArray();
        if (unsettled.Length > 0)
        {
            using var segment = JournalSegment.Create(folder.SegmentPath(folder.NextNumber), key, SettledSegmentSize);
            foreach (var id in unsettled)
            {
                segment.Append(new JournalRecord.Settled(id, now));
            }

            segment.Sync();
        }

        _adopted.Add((folder, now + journal.Retention));
    }
}
