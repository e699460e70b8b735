using System.Collections.Concurrent;

namespace Rekindle.Simulator.History;

/// <summary>How often one token was presented to the token endpoint.</summary>
public sealed record TokenUse(string Server, string? GrantId, int? Generation, string Fingerprint, int Times, int OutsideRule);

/// <summary>How often one grant was refreshed, and how often in vain.</summary>
public sealed record GrantUse(string Server, string GrantId, string Subject, int Refreshes, int Refused);

/// <summary>
/// Everything that was presented to the simulator's servers, in the order of arrival. Append-only; safe to read while
/// requests are served. An entry appears when its request arrives and is completed when it was answered.
/// </summary>
public sealed class PresentationHistory
{
    private readonly ConcurrentQueue<PresentationEntry> _entries = new();
    private readonly int? _capacity;
    private readonly Lock _waitersGate = new();
    private readonly List<Waiter> _waiters = [];
    private volatile bool _someoneWaits;
    private long _number;
    private long _reuses;

    internal PresentationHistory(int? capacity) => _capacity = capacity;

    /// <summary>Number of the newest entry: keep it and pass it as <c>after</c> to see what came later.</summary>
    public long Newest => Interlocked.Read(ref _number);

    /// <summary>Refresh tokens presented outside their server's rule since the start; counted also past the capacity.</summary>
    public long ReusesOutsideRule => Interlocked.Read(ref _reuses);

    /// <summary>The entries that came after the given number, oldest first.</summary>
    public IReadOnlyList<Presentation> Since(long after = 0) =>
        [.. _entries.Select(entry => entry.Seen).Where(seen => seen.Number > after)];

    /// <summary>The requests to the token endpoint that presented a token to refresh, oldest first.</summary>
    public IReadOnlyList<Presentation> Refreshes(string? server = null, string? grantId = null, long after = 0) =>
    [
        .. _entries.Select(entry => entry.Seen).Where(seen =>
            seen.Number > after && IsRefresh(seen) && (server ?? seen.Server) == seen.Server && (grantId ?? seen.GrantId) == seen.GrantId),
    ];

    /// <summary>How often each token was presented to be refreshed, in order of first arrival.</summary>
    public IReadOnlyList<TokenUse> PresentationsPerToken(string? server = null, long after = 0) =>
    [
        .. Refreshes(server, after: after)
            .Where(seen => seen.Fingerprint is not null)
            .GroupBy(seen => (seen.Server, seen.Fingerprint))
            .Select(uses => new TokenUse(
                uses.Key.Server,
                uses.First().GrantId,
                uses.First().Generation,
                uses.Key.Fingerprint!,
                uses.Count(),
                uses.Count(seen => seen.Token == PresentedToken.Reused))),
    ];

    /// <summary>The refresh tokens that were presented again outside their server's rule.</summary>
    public IReadOnlyList<Presentation> PresentedOutsideRule(string? server = null, long after = 0) =>
        [.. Refreshes(server, after: after).Where(seen => seen.Token == PresentedToken.Reused)];

    /// <summary>How often each grant was refreshed.</summary>
    public IReadOnlyList<GrantUse> RefreshesPerGrant(string? server = null, long after = 0) =>
    [
        .. Refreshes(server, after: after)
            .Where(seen => seen.GrantId is not null)
            .GroupBy(seen => (seen.Server, seen.GrantId, seen.Subject))
            .Select(uses => new GrantUse(
                uses.Key.Server,
                uses.Key.GrantId!,
                uses.Key.Subject!,
                uses.Count(seen => seen.Issued),
                uses.Count(seen => seen.Error is not null))),
    ];

    /// <summary>
    /// Completes when at least <paramref name="count"/> entries fit: at once, or as soon as arrivals and answers make it
    /// so. For tests that must not sleep.
    /// </summary>
    public async Task<IReadOnlyList<Presentation>> WaitForAsync(
        Func<Presentation, bool> fits, int count = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fits);
        var waiter = new Waiter(fits, count);
        lock (_waitersGate)
        {
            _waiters.Add(waiter);
            _someoneWaits = true;
        }

        // An entry that came before the waiter was listed is found here, a later one by its own signal.
        Look(waiter);
        try
        {
            return await waiter.Found.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_waitersGate)
            {
                _waiters.Remove(waiter);
                _someoneWaits = _waiters.Count > 0;
            }
        }
    }

    internal PresentationEntry Append(Presentation arrived)
    {
        var entry = new PresentationEntry(arrived with { Number = Interlocked.Increment(ref _number) });
        _entries.Enqueue(entry);
        while (_entries.Count > _capacity && _entries.TryDequeue(out _))
        {
        }

        Signal();
        return entry;
    }

    internal void Complete(PresentationEntry entry, Func<Presentation, Presentation> change)
    {
        entry.Update(change);
        if (entry.Seen is { Token: PresentedToken.Reused } seen && IsRefresh(seen))
        {
            Interlocked.Increment(ref _reuses);
        }

        Signal();
    }

    private static bool IsRefresh(Presentation seen) =>
        seen is { Endpoint: SimulatedEndpoint.Token, GrantType: not (null or "authorization_code") };

    private void Signal()
    {
        if (!_someoneWaits)
        {
            return;
        }

        Waiter[] waiters;
        lock (_waitersGate)
        {
            waiters = [.. _waiters];
        }

        Array.ForEach(waiters, Look);
    }

    private void Look(Waiter waiter)
    {
        Presentation[] found = [.. _entries.Select(entry => entry.Seen).Where(waiter.Fits)];
        if (found.Length >= waiter.Count)
        {
            waiter.Found.TrySetResult(found);
        }
    }

    private sealed record Waiter(Func<Presentation, bool> Fits, int Count)
    {
        public TaskCompletionSource<IReadOnlyList<Presentation>> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
