using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// The way of every result into the store: batched, on its own deadline, never on a caller's cancellation, and without
/// giving up while this process lives (F02): a refresh token that rotated exists only here until it is written. Two lanes, so
/// that an on-demand result never waits behind a scheduled batch (DESIGN §3). A batch that fails is halved down to the
/// row, so that one bad row holds up nobody else.
/// </summary>
internal sealed class CommitQueue : BackgroundService
{
    private const int BatchSize = 128;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(5);

    private readonly IRefreshStore _store;
    private readonly TokenCache _cache;
    private readonly TimeProvider _time;
    private readonly ILogger<CommitQueue> _logger;
    private readonly Channel<Pending> _scheduled = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private readonly Channel<Pending> _urgent = Channel.CreateUnbounded<Pending>(new() { SingleReader = true });
    private int _waiting;

    public CommitQueue(IRefreshStore store, TokenCache cache, TimeProvider time, ILogger<CommitQueue> logger)
    {
        _store = store;
        _cache = cache;
        _time = time;
        _logger = logger;
    }

    /// <summary>Results not yet in the store.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Completes when the commit is in the store, whatever became of it there.</summary>
    public async Task<CommitResult> CommitAsync(RefreshCommit commit, bool urgent)
    {
        var pending = new Pending(commit);
        Interlocked.Increment(ref _waiting);
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
        if (Waiting > 0)
        {
            _logger.ResultsUnwritten(Waiting);
        }
    }

    // Batches form by themselves: what arrives while one is being written makes the next.
    private async Task DrainAsync(ChannelReader<Pending> reader)
    {
        var batch = new List<Pending>(BatchSize);
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (batch.Count < BatchSize && reader.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            await WriteAsync([.. batch]).ConfigureAwait(false);
            batch.Clear();
        }
    }

    private async Task WriteAsync(Pending[] batch)
    {
        for (var retry = FirstRetry; ; retry = retry * 2 < LastRetry ? retry * 2 : LastRetry)
        {
            try
            {
                var results = await _store.CommitAsync([.. batch.Select(p => p.Commit)], CancellationToken.None).ConfigureAwait(false);
                for (var i = 0; i < batch.Length; i++)
                {
                    Complete(batch[i], results[i]);
                }

                return;
            }
            catch (StoreException e) when (batch.Length == 1 || e.IsTransient)
            {
                _logger.CommitRetried(batch.Length, retry.TotalMilliseconds, e.Message);
            }
            catch (StoreException e)
            {
                // Something in this batch cannot be written: find it without holding up the others.
                _logger.CommitHalved(batch.Length, e.Message);
                await WriteAsync(batch[..(batch.Length / 2)]).ConfigureAwait(false);
                await WriteAsync(batch[(batch.Length / 2)..]).ConfigureAwait(false);
                return;
            }

            await Task.Delay(retry, _time).ConfigureAwait(false);
        }
    }

    private void Complete(Pending pending, CommitResult result)
    {
        Interlocked.Decrement(ref _waiting);

        // After the transaction and outside it (step 9): readers here look again, those elsewhere hear it from the change feed.
        _cache.Invalidate(pending.Commit.Claim.Connection.Id);
        pending.Done.TrySetResult(result);
    }

    private sealed record Pending(RefreshCommit Commit)
    {
        public TaskCompletionSource<CommitResult> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
