using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Telemetry;

/// <summary>
/// Looks at the deployment at most every 15 seconds, whoever asks and however often: per look, the heads of the queues, four counts to a bound,
/// the budgets' windows and the workers' list, all by index.
/// </summary>
internal sealed class Observer(
    IObservationStore figures, IRefreshStore refresh, IWorkerStore workers, IntegrationDirectory directory, RateBudget budget,
    ResultJournal journal, DatabaseOwnership ownership, ClockSkew skew, WorkerIdentity identity, RefreshClock clock)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // A little less, so that who looks at every interval does not meet its own last look.
    private static readonly TimeSpan Reused = Interval - TimeSpan.FromMilliseconds(500);

    /// <summary>Smoothing holds a due connection back for a minute at most; what waits longer waits for something else.</summary>
    public static readonly TimeSpan Smoothing = TimeSpan.FromMinutes(1);

    /// <summary>Where counting stops: that it is many is enough to know.</summary>
    public const int AtMost = 1000;

    // The sweep marks ended tokens once a second.
    private static readonly TimeSpan SweepAllowance = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan WorkersRemembered = TimeSpan.FromDays(1);

    // What is older than this says nothing about now.
    private static readonly TimeSpan Worthless = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private Task<Observation>? _looking;
    private Observation? _latest;
    private long _lookedAt;

    /// <summary>The last look; null: there is none, or the database has been away for a minute.</summary>
    public Observation? Latest => Volatile.Read(ref _latest) is { } latest && clock.Time.GetElapsedTime(Interlocked.Read(ref _lookedAt)) < Worthless ? latest : null;

    /// <summary>How old the last look is; null: there is none.</summary>
    public TimeSpan? Age => Volatile.Read(ref _latest) is null ? null : clock.Time.GetElapsedTime(Interlocked.Read(ref _lookedAt));

    /// <summary>The last look if it is younger than <see cref="Interval"/>, otherwise a new one, shared by all who ask meanwhile.</summary>
    /// <exception cref="StoreException">The database is away.</exception>
    public Task<Observation> ObserveAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_latest is { } latest && clock.Time.GetElapsedTime(_lookedAt) < Reused)
            {
                return Task.FromResult(latest);
            }

            if (_looking is null || _looking.IsCompleted)
            {
                _looking = LookAsync();
            }

            return _looking.WaitAsync(cancellationToken);
        }
    }

    private async Task<Observation> LookAsync()
    {
        var (now, stamp) = (clock.Now, clock.Time.GetTimestamp());
        var entries = await directory.AllAsync(CancellationToken.None).ConfigureAwait(false);
        var heads = await refresh.ReadQueueHeadsAsync([.. entries.Select(e => e.Integration.Id)], CancellationToken.None).ConfigureAwait(false);
        var intents = await refresh.CountOpenIntentsAsync(now, CancellationToken.None).ConfigureAwait(false);
        var overdue = heads.Where(h => h.Value.DueAt <= now - Smoothing).Select(h => new OverdueRange(h.Key, h.Value.DueAt, now - Smoothing)).ToArray();
        var read = await figures.ReadAsync(new(overdue, now - SweepAllowance, AtMost), CancellationToken.None).ConfigureAwait(false);
        var alive = await ReadAliveAsync(now).ConfigureAwait(false);
        var others = alive.Where(w => w.InstanceId != identity.InstanceId).ToArray();
        var integrations = new List<IntegrationObservation>(entries.Count);
        foreach (var entry in entries)
        {
            var id = entry.Integration.Id;
            var use = await budget.ReadAsync(entry.Integration, CancellationToken.None).ConfigureAwait(false);
            var late = heads.TryGetValue(id, out var head) && head.DueAt < now ? now - head.DueAt : TimeSpan.Zero;
            integrations.Add(new(
                entry.Integration, entry.IsOpen(now) && !IsPaced(entry.Integration, now), read.Overdue.GetValueOrDefault(id), late, intents.GetValueOrDefault(id),
                (double)use.TotalAttempts / use.MaxRequests));
        }

        var observation = new Observation
        {
            At = now,
            Integrations = integrations,
            ExpiredWhileActive = read.ExpiredWhileActive,
            LateResults = read.LateResults,
            Undecryptable = read.Undecryptable,
            Frozen = others.Count(w => w.Frozen is not null) + (ownership.Freeze is null ? 0 : 1),
            Workers = alive,
            Skew = others.Select(w => w.ClockSkew).Append(skew.Latest).Max(s => s?.Duration()) ?? TimeSpan.Zero,
            SkewBound = skew.Bound,
            JournalAge = others.Select(w => w.JournalOldestAt).Append(journal.OldestPendingAt).Max(at => now - at) ?? TimeSpan.Zero,
        };
        Interlocked.Exchange(ref _lookedAt, stamp);
        Volatile.Write(ref _latest, observation);
        return observation;
    }

    // A sign of life bears its sender's own time: one whose clock is behind is not therefore dead.
    // Pauses of a second follow each other while a provider gives less than is wanted: the alert would come and go with each of them.
    private static bool IsPaced(Integration integration, DateTimeOffset now) => integration.ThrottledUntil > now - integration.Policy.BudgetWindow;

    private async Task<IReadOnlyList<WorkerView>> ReadAliveAsync(DateTimeOffset now)
    {
        var shared = now - (skew.Latest ?? TimeSpan.Zero);
        var lately = await workers.ListAsync(now - WorkersRemembered, CancellationToken.None).ConfigureAwait(false);
        return [.. lately.Where(w => shared - (w.SeenAt - (w.ClockSkew ?? TimeSpan.Zero)) < LeaseInspector.SilentAfter)];
    }
}
