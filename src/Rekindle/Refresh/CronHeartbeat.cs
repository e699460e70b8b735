using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>
/// One bounded heartbeat by request, for places where no worker can live (C5). What will be due before the next call counts
/// as due: it learns the interval between calls, in memory and, for processes that end between them, from the workers' list.
/// </summary>
public sealed class CronHeartbeat : IDisposable
{
    /// <summary>Longest time that one call may take.</summary>
    public static TimeSpan LongestRun { get; } = TimeSpan.FromSeconds(60);

    private const int GapsRemembered = 9;
    private const double Foresight = 1.5;
    private const double ShareForClaiming = 0.6;

    // A refreshed token must not be due again within the same call, or it would be refreshed in a loop.
    private const double ShareOfInterval = 0.9;
    private static readonly TimeSpan LongestGap = TimeSpan.FromDays(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _running = new(1, 1);
    private readonly Dictionary<string, List<TimeSpan>> _gaps = new(StringComparer.Ordinal);
    private readonly Heartbeat _heartbeat;
    private readonly IRefreshStore _store;
    private readonly IWorkerStore _workers;
    private readonly IntegrationDirectory _directory;
    private readonly DatabaseOwnership _ownership;
    private readonly WorkerIdentity _identity;
    private readonly RefreshClock _clock;

    internal CronHeartbeat(
        Heartbeat heartbeat, IRefreshStore store, IWorkerStore workers, IntegrationDirectory directory, DatabaseOwnership ownership,
        WorkerIdentity identity, RefreshClock clock)
    {
        _ownership = ownership;
        _heartbeat = heartbeat;
        _store = store;
        _workers = workers;
        _directory = directory;
        _identity = identity;
        _clock = clock;
    }

    /// <summary>Refreshes what is due in an environment, and what will be before the next call. Null: a call is running already.</summary>
    /// <param name="environment">Environment.</param>
    /// <param name="atMost">How long it may take; at most <see cref="LongestRun"/>.</param>
    /// <param name="cancellationToken">Ends the waiting; refreshes under way are finished.</param>
    /// <exception cref="FrozenException">Nothing is refreshed: the database may not be this deployment's.</exception>
    public async Task<CronSummary?> RunAsync(string environment, TimeSpan atMost, CancellationToken cancellationToken = default)
    {
        _ownership.ThrowIfFrozen();
        if (!await _running.WaitAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        try
        {
            var startedAt = _clock.Now;
            var interval = await LearnIntervalAsync(environment, startedAt, cancellationToken).ConfigureAwait(false);
            var lifetimes = await ReadLifetimesAsync(environment, cancellationToken).ConfigureAwait(false);
            var horizon = interval * Foresight ?? TimeSpan.Zero;
            var scope = new HeartbeatScope(RefreshSource.Cron, environment, Horizons(lifetimes, horizon));
            var complete = await WorkAsync(scope, startedAt, atMost < LongestRun ? atMost : LongestRun, cancellationToken).ConfigureAwait(false);
            return new CronSummary
            {
                StartedAt = startedAt,
                Duration = _clock.Now - startedAt,
                Interval = interval,
                DueWithin = horizon,
                Cycle = await _heartbeat.CompleteCycleAsync(cancellationToken).ConfigureAwait(false),
                IsComplete = complete,
                InFlight = _heartbeat.Slots.InFlight,
                ShortLived = ShortLived(lifetimes, interval),
            };
        }
        finally
        {
            _running.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _running.Dispose();

    // True: nothing that is due was left.
    private async Task<bool> WorkAsync(HeartbeatScope scope, DateTimeOffset startedAt, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var claimUntil = startedAt + (atMost * ShareForClaiming);
        var left = true;
        while (left && _clock.Now < claimUntil)
        {
            var freed = _heartbeat.Slots.Freed;
            var next = await _heartbeat.StartRoundAsync(scope, cancellationToken).ConfigureAwait(false);
            left = next <= _clock.Now + Heartbeat.BacklogLook;
            if (left)
            {
                await Task.WhenAny(freed, Task.Delay(_heartbeat.Slots.InFlight == 0 ? Heartbeat.BacklogLook : Look, _clock.Time, cancellationToken)).ConfigureAwait(false);
            }
        }

        var rest = startedAt + atMost - _clock.Now;
        await _heartbeat.DrainAsync().WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, _clock.Time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !left;
    }

    private async Task<TimeSpan?> LearnIntervalAsync(string environment, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The row is also how a deployment in cron mode appears among the workers.
        var name = $"cron-{environment}";
        var seen = await _workers.ListAsync(now - LongestGap, cancellationToken).ConfigureAwait(false);
        var before = seen.FirstOrDefault(w => w.InstanceId == name);
        await _workers.BeatAsync(
            new WorkerView
            {
                InstanceId = name,
                Version = _identity.Version,
                StartedAt = before?.StartedAt ?? now,
                SeenAt = now,
                LastCycleAt = now,
                Slots = _heartbeat.Slots.Total,
            },
            cancellationToken).ConfigureAwait(false);
        if (!_gaps.TryGetValue(name, out var gaps))
        {
            _gaps[name] = gaps = [];
        }

        if (before is not null && now > before.SeenAt)
        {
            gaps.Add(now - before.SeenAt);
            gaps.RemoveRange(0, Math.Max(0, gaps.Count - GapsRemembered));
        }

        // The middle one: a call by hand, or a night without calls, does not change what is expected.
        return gaps.Count == 0 ? null : gaps.Order().ElementAt(gaps.Count / 2);
    }

    private async Task<List<(IntegrationEntry Entry, TimeSpan Lifetime, TimeSpan Interval, int Count)>> ReadLifetimesAsync(
        string environment, CancellationToken cancellationToken)
    {
        var all = await _directory.AllAsync(cancellationToken).ConfigureAwait(false);
        var entries = all.Where(e => e.Integration.Environment == environment).ToDictionary(e => e.Integration.Id);
        var groups = await _store.ReadLifetimesAsync([.. entries.Keys], cancellationToken).ConfigureAwait(false);
        return
        [
            .. from g in groups
               let entry = entries[g.IntegrationId]
               let interval = CapacityReader.IntervalOf(g.Lifetime, entry, _clock.Options)
               where interval is not null
               select (entry, g.Lifetime!.Value, interval.Value, g.Count),
        ];
    }

    private static Dictionary<int, TimeSpan> Horizons(IEnumerable<(IntegrationEntry Entry, TimeSpan Lifetime, TimeSpan Interval, int Count)> lifetimes, TimeSpan horizon) =>
        lifetimes.GroupBy(l => l.Entry.Integration.Id).ToDictionary(g => g.Key, g =>
        {
            var soonestAgain = g.Min(l => l.Interval) * ShareOfInterval;
            return soonestAgain < horizon ? soonestAgain : horizon;
        });

    private static IReadOnlyList<ShortLivedTokens> ShortLived(
        IEnumerable<(IntegrationEntry Entry, TimeSpan Lifetime, TimeSpan Interval, int Count)> lifetimes, TimeSpan? interval) =>
    [
        .. lifetimes.Where(l => l.Lifetime < interval).GroupBy(l => l.Entry.Integration.Key)
            .Select(g => new ShortLivedTokens(g.Key, g.Min(l => l.Lifetime), g.Sum(l => l.Count))),
    ];
}

/// <summary>What one heartbeat by request did.</summary>
public sealed record CronSummary
{
    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Time between calls as observed; null: this is the first call.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>What falls due within this time counted as due.</summary>
    public TimeSpan DueWithin { get; init; }

    /// <summary>Claimed, refreshed, failed, skipped.</summary>
    public required CycleSummary Cycle { get; init; }

    /// <summary>Whether nothing that is due was left.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Refreshes that had not ended when the time was up; they are finished.</summary>
    public int InFlight { get; init; }

    /// <summary>Integrations whose tokens live shorter than the time between calls: they cannot be kept fresh this way.</summary>
    public IReadOnlyList<ShortLivedTokens> ShortLived { get; init; } = [];
}

/// <summary>Tokens that live shorter than the time between heartbeats.</summary>
/// <param name="Integration">Key of the integration.</param>
/// <param name="Lifetime">The shortest life.</param>
/// <param name="Connections">How many connections.</param>
public sealed record ShortLivedTokens(string Integration, TimeSpan Lifetime, int Connections);
