using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// Reads the change feed once a second, sooner on a hint, and lets the caches forget what changed: a revocation is
/// honoured in every process within seconds. Knows how old what is in memory may be.
/// </summary>
internal sealed class ChangeFollower(
    IChangeFeed feed, TokenCache cache, IntegrationDirectory directory, IRefreshStore store, ClockSkew skew, StoreAbsence absence, RefreshClock clock,
    ILogger<ChangeFollower> logger)
    : BackgroundService
{
    private const int Page = 1000;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan UsageInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UsageGrain = TimeSpan.FromHours(1);
    private static readonly TimeSpan KeepFeed = TimeSpan.FromHours(1);

    private FeedCursor _cursor = new(0, clock.Time);
    private long _readAt = -1;
    private long _freshUntil = long.MinValue;
    private DateTimeOffset _readAtUtc;
    private volatile bool _rewinds;

    /// <summary>Raised for API keys that changed.</summary>
    public event Action? ApiKeysChanged;

    /// <summary>Whether memory is at most a few seconds behind the store. Asked with every token that is handed out: one look at the clock and a comparison.</summary>
    public bool IsFresh => clock.Time.GetTimestamp() <= Volatile.Read(ref _freshUntil);

    /// <summary>How far memory may be behind.</summary>
    public TimeSpan Age => Volatile.Read(ref _readAt) is >= 0 and var at ? clock.Time.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _cursor = new FeedCursor(await feed.LastPositionAsync(cancellationToken).ConfigureAwait(false), clock.Time, clock.Options.CommitDeadline);
        _readAtUtc = clock.Now;
        WasReadAt(clock.Time.GetTimestamp());
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var housekeepingAt = clock.Now + UsageInterval;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await feed.WaitAsync(Poll, stoppingToken).ConfigureAwait(false);
                await ReadAsync(stoppingToken).ConfigureAwait(false);
                if (clock.Now >= housekeepingAt)
                {
                    housekeepingAt = clock.Now + UsageInterval;
                    await HousekeepAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is StoreException or TimeoutException)
            {
                logger.FeedUnreadable(e.Message);
                await Task.Delay(Poll, clock.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>
    /// The database has failed over, and positions seen may be given out again: the next look goes back to what was written since the last one.
    /// </summary>
    public void Rewind() => _rewinds = true;

    /// <summary>Lets all that is in memory go.</summary>
    public void ForgetAll() => cache.Clear();

    /// <summary>Reads what is new.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadNewAsync(cancellationToken).ConfigureAwait(false);
            absence.End();
        }
        catch (StoreException)
        {
            absence.Begin();
            throw;
        }
    }

    private async Task ReadNewAsync(CancellationToken cancellationToken)
    {
        var reload = false;
        IReadOnlyList<Change> page;
        var (asked, askedAt) = (clock.Time.GetTimestamp(), clock.Now);
        if (_rewinds)
        {
            var unseen = await feed.PositionBeforeAsync(_readAtUtc - clock.Options.SkewBound, cancellationToken).ConfigureAwait(false);
            _cursor = new FeedCursor(unseen, clock.Time, clock.Options.CommitDeadline);
            (_rewinds, reload) = (false, true);
            ApiKeysChanged?.Invoke();
        }

        do
        {
            page = await feed.ReadAsync(_cursor.Position, _cursor.Missing, Page, cancellationToken).ConfigureAwait(false);
            foreach (var change in page.Where(c => _cursor.Advance(c.Position)))
            {
                reload |= Apply(change);
            }
        }
        while (page.Count == Page);

        if (reload)
        {
            await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
        }

        _readAtUtc = askedAt;
        WasReadAt(asked);
    }

    private void WasReadAt(long timestamp)
    {
        Volatile.Write(ref _readAt, timestamp);
        Volatile.Write(ref _freshUntil, timestamp + (long)(FreshFor.TotalSeconds * clock.Time.TimestampFrequency));
    }

    private bool Apply(Change change)
    {
        switch (change.Kind)
        {
            case ChangeKind.ApiKey:
                ApiKeysChanged?.Invoke();
                return false;
            case ChangeKind.Integration:
                return true;
            case ChangeKind.ConnectionSet:
                cache.ForgetNames();
                cache.Invalidate(change.ConnectionId!.Value);
                return false;
            case ChangeKind.ConnectionWithheld:
                cache.Withdraw(change.ConnectionId!.Value);
                return false;
            default:
                cache.Invalidate(change.ConnectionId!.Value);
                return false;
        }
    }

    private async Task HousekeepAsync(CancellationToken cancellationToken)
    {
        cache.Tidy(clock.Now);
        var used = cache.TakeUsed().Where(c => !(clock.Now - c.Connection.LastUsedAt < UsageGrain)).Select(c => c.Id).ToArray();
        if (used.Length > 0)
        {
            await store.TouchUsedAsync(used, clock.Now, cancellationToken).ConfigureAwait(false);
        }

        // By a clock that runs ahead, what others have not read yet would be old.
        if (await skew.IsTolerableAsync(cancellationToken).ConfigureAwait(false))
        {
            await feed.PruneAsync(clock.Now - KeepFeed, cancellationToken).ConfigureAwait(false);
        }
    }
}
