using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Storage;
using Rekindle.Telemetry;

namespace Rekindle.Refresh;

/// <summary>
/// The way of every result into the store: batched, on its own deadline, never on a caller's cancellation, and without
/// giving up while this process lives (F02). What brought tokens goes to the journal at the same time; while the store is
/// away, a result that is on the journal's disk is acknowledged, served from here, and written when the store returns. Two lanes,
/// so that an on-demand result never waits behind a scheduled batch (DESIGN §3). A batch that fails leaves its lane and is
/// halved down to the row, so that one bad row holds up nobody else. While the store cannot be reached at all it stays together, and one
/// row after the other is tried for all of them: a batch that fails where one of its rows gets through has a bad row as well.
/// </summary>
internal sealed class CommitQueue : BackgroundService
{
    private const int BatchSize = 128;
    private const int BatchesAtOnce = 3;
    private const int TriesTogether = 3;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryWhileAway = TimeSpan.FromSeconds(1);

    private readonly IRefreshStore _store;
    private readonly ResultJournal _journal;
    private readonly UnwrittenResults _unwritten;
    private readonly TokenCache _cache;
    private readonly RekindleMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<CommitQueue> _logger;
    private readonly Channel<Pending> _scheduled = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly Channel<Pending> _urgent = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly ConcurrentDictionary<Task, byte> _detached = new();
    private int _waiting;

    public CommitQueue(
        IRefreshStore store, ResultJournal journal, UnwrittenResults unwritten, TokenCache cache, RekindleMetrics metrics, TimeProvider time, ILogger<CommitQueue> logger)
    {
        _store = store;
        _journal = journal;
        _unwritten = unwritten;
        _cache = cache;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Most time between two tries to write a result.</summary>
    public static TimeSpan LongestRetry { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Results not yet in the store.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Completes when the commit is in the store, whatever became of it there; or on the journal's disk while the store is away.</summary>
    public async Task<CommitResult> CommitAsync(RefreshCommit commit, bool urgent, long cacheStamp)
    {
        var pending = new Pending(commit, cacheStamp, commit.Tokens is null ? null : _journal.KeepAsync(JournalledResult.Of(commit)));
        Interlocked.Increment(ref _waiting);
        _unwritten.Enter(commit.Claim.Connection.Id);
        if (!(urgent ? _urgent : _scheduled).Writer.TryWrite(pending))
        {
            // The lanes have closed: this process is stopping, and its last results are written one by one.
            await WriteAsync([pending]).ConfigureAwait(false);
        }

        return await pending.Done.Task.ConfigureAwait(false);
    }

    /// <summary>Gives a lease back. Failing to is no harm: the lease ends by itself, as an open intent.</summary>
    public async Task ReleaseAsync(LeaseRelease release)
    {
        try
        {
            await _store.ReleaseAsync([release], CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException e)
        {
            _logger.ReleaseFailed(release.Id.ToString(), e.Message);
        }
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        DrainAsync(_scheduled.Reader),
        DrainAsync(_urgent.Reader));

    /// <summary>Writes what is waiting before it lets the process go.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _scheduled.Writer.TryComplete();
        _urgent.Writer.TryComplete();
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        while (!_detached.IsEmpty && !cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(_detached.Keys).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (Waiting > 0)
        {
            _logger.ResultsUnwritten(Waiting);
        }
    }

    // Batches form by themselves: what arrives while one is being written makes the next. Only while full ones pile up are
    // several under way: more small ones at once would cost the database more and bring nobody's result home sooner.
    private async Task DrainAsync(ChannelReader<Pending> reader)
    {
        using var places = new SemaphoreSlim(BatchesAtOnce);
        var batch = new List<Pending>(BatchSize);
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < BatchSize && reader.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            await places.WaitAsync().ConfigureAwait(false);
            var write = WriteInPlaceAsync([.. batch], places);
            if (batch.Count < BatchSize)
            {
                await write.ConfigureAwait(false);
            }

            batch.Clear();
        }

        for (var ended = 0; ended < BatchesAtOnce; ended++)
        {
            await places.WaitAsync().ConfigureAwait(false);
        }
    }

    private async Task WriteInPlaceAsync(Pending[] batch, SemaphoreSlim places)
    {
        await WriteAsync(batch).ConfigureAwait(false);
        places.Release();
    }

    // One try in the lane. What fails leaves it and goes on trying by itself, so that neither a bad row nor a locked one holds up others.
    private async Task WriteAsync(Pending[] batch)
    {
        if (await TryWriteAsync(batch).ConfigureAwait(false) is { } failure)
        {
            Detach(batch, failure, tries: 1);
        }
    }

    private void Detach(Pending[] batch, Exception failure, int tries)
    {
        var task = RetryAsync(batch, failure, tries);
        _detached[task] = 0;
        _ = task.ContinueWith(t => _detached.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task RetryAsync(Pending[] batch, Exception failure, int tries)
    {
        await Task.Yield();
        while (true)
        {
            AcknowledgeKept(batch);
            var isAway = failure is StoreException { IsUnreachable: true };
            if (batch.Length > 1 && !isAway && (failure is not StoreException { IsTransient: true } || tries >= TriesTogether))
            {
                Halve(batch, failure);
                return;
            }

            var wait = FirstRetry * Math.Pow(2, Math.Min(tries, 10));
            var longest = isAway ? RetryWhileAway : LongestRetry;
            wait = wait < longest ? wait : longest;
            _logger.CommitRetried(batch.Length, wait.TotalMilliseconds, failure.Message);
            await Task.Delay(wait, _time).ConfigureAwait(false);
            tries++;

            // What breaks the connection may be the store's end or a row's doing. One alone tells, unless it is that row: then the next does.
            var (first, others) = isAway && batch.Length > 1 && tries > TriesTogether ? Single(batch, tries % batch.Length) : (batch, []);
            if (await TryWriteAsync(first).ConfigureAwait(false) is { } again)
            {
                failure = again;
                continue;
            }

            if (others.Length > 0)
            {
                Halve(others, failure);
            }

            return;
        }
    }

    // Something in this batch cannot be written, or cannot be now: find it without holding up the others.
    private void Halve(Pending[] batch, Exception failure)
    {
        _logger.CommitHalved(batch.Length, failure.Message);
        foreach (var half in batch.Chunk((batch.Length + 1) / 2))
        {
            Detach(half, failure, tries: 0);
        }
    }

    private static (Pending[] One, Pending[] Others) Single(Pending[] batch, int at) => ([batch[at]], [.. batch[..at], .. batch[(at + 1)..]]);

    private async Task<Exception?> TryWriteAsync(Pending[] batch)
    {
        try
        {
            FailPoint.Reach(Gap.Journalled, () => Task.WhenAll(batch.Select(p => p.Kept ?? Task.FromResult(false))));
            var results = await _store.CommitAsync([.. batch.Select(p => p.Commit)], CancellationToken.None).ConfigureAwait(false);
            FailPoint.Reach(Gap.Committed);
            for (var i = 0; i < batch.Length; i++)
            {
                Complete(batch[i], results[i]);
            }

            return null;
        }
        catch (Exception e)
        {
            // Whatever it is: a result that is not written is tried again, and the lane must live.
            return e;
        }
    }

    private void Complete(Pending pending, CommitResult result)
    {
        Interlocked.Decrement(ref _waiting);
        _unwritten.Leave(pending.Commit.Claim.Connection.Id);
        _metrics.Committed(result);
        if (pending.Kept is not null)
        {
            _journal.Settle(pending.Commit.Claim.AttemptId);
        }

        FailPoint.Reach(Gap.Acknowledged);

        // After the transaction and outside it (step 9): readers here look again, those elsewhere hear it from the change feed.
        _cache.Invalidate(pending.Commit.Claim.Connection.Id);
        pending.Done.TrySetResult(result);
    }

    // The store is away: whoever waits for what the journal has on its disk need not wait for the store as well.
    private void AcknowledgeKept(Pending[] batch)
    {
        foreach (var pending in batch.Where(p => p.Kept is not null && !p.Done.Task.IsCompleted))
        {
            _ = AcknowledgeAsync(pending);
        }
    }

    private async Task AcknowledgeAsync(Pending pending)
    {
        if (await pending.Kept!.ConfigureAwait(false) && !pending.Done.Task.IsCompleted)
        {
            _cache.Put(pending.Commit.ToSnapshot(), pending.CacheStamp);
            pending.Done.TrySetResult(CommitResult.Journalled);
        }
    }

    private sealed record Pending(RefreshCommit Commit, long CacheStamp, Task<bool>? Kept)
    {
        public TaskCompletionSource<CommitResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
