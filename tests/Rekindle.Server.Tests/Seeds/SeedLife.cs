using System.Collections.Concurrent;
using System.Reflection;
using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Server.Tests.Seeds;

/// <summary>Whether a worker lives, what it has in flight, and what its next write to the database comes to.</summary>
internal sealed class SeedLife
{
    private readonly ConcurrentDictionary<Guid, Flight> _flights = new();
    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommitFate _fate;

    public bool IsDead => _died.Task.IsCompleted;

    public Task Died => _died.Task;

    /// <summary>Claims that were neither committed nor given back, and do not wait for the clock.</summary>
    public int Flying => _flights.Values.Count(f => !f.IsStalled);

    /// <summary>Commits that failed and are tried again when the clock has moved.</summary>
    public int Stalled => _flights.Values.Count(f => f.IsStalled);

    /// <summary>Completes once the journal has what it was given.</summary>
    public Func<Task> JournalledAsync { get; set; } = () => Task.CompletedTask;

    /// <summary>Whether a flight of this connection waits for the clock: who joins it waits as well.</summary>
    public bool IsStalled(ConnectionId connection) => _flights.Values.Any(f => f.IsStalled && f.Connection == connection);

    /// <summary>Whether a refresh of this connection is under way here.</summary>
    public bool IsFlying(ConnectionId connection) => _flights.Values.Any(f => !f.IsStalled && f.Connection == connection);

    /// <summary>For who wants to know why it does not end.</summary>
    public string Describe() => _flights.IsEmpty ? "nothing in flight" : string.Join(", ", _flights.Values.Select(f => f.IsStalled ? $"{f.Connection} waits for the clock" : $"{f.Connection} in flight"));

    public void FateOfNextCommit(CommitFate fate) => _fate = fate;

    public void Die() => _died.TrySetResult();

    /// <summary>The clock has moved on: what waited for it is under way again.</summary>
    public void Unstall()
    {
        foreach (var (attempt, flight) in _flights)
        {
            _flights.TryUpdate(attempt, flight with { IsStalled = false }, flight);
        }
    }

    public void Begin(IEnumerable<Claim> claims)
    {
        foreach (var claim in claims)
        {
            _flights[claim.AttemptId] = new Flight(claim.Connection.Id, IsStalled: false);
        }
    }

    public void End(Guid attempt) => _flights.TryRemove(attempt, out _);

    public void Stall(IEnumerable<Claim> claims)
    {
        foreach (var claim in claims)
        {
            _flights[claim.AttemptId] = new Flight(claim.Connection.Id, IsStalled: true);
        }
    }

    public CommitFate TakeFate()
    {
        var fate = _fate;
        _fate = CommitFate.Done;
        return fate;
    }
}

/// <summary>A claim that has no result yet.</summary>
internal sealed record Flight(ConnectionId Connection, bool IsStalled);

/// <summary>What becomes of one call that writes results.</summary>
internal enum CommitFate
{
    Done,

    /// <summary>The database refuses it for now.</summary>
    Refused,

    /// <summary>It takes effect, and its acknowledgement is lost.</summary>
    Unacknowledged,

    /// <summary>The worker dies; its journal has the result, the database does not.</summary>
    DiesBefore,

    /// <summary>The worker dies; the database has the result.</summary>
    DiesAfter,
}

/// <summary>A store as a worker that may die meets it: nothing of a dead worker comes through any more.</summary>
public class SeedStore<T> : DispatchProxy
    where T : class
{
    private T _inner = null!;
    private SeedLife _life = null!;

    internal static T Wrap(T inner, SeedLife life)
    {
        var proxy = Create<T, SeedStore<T>>();
        var store = (SeedStore<T>)(object)proxy;
        (store._inner, store._life) = (inner, life);
        return proxy;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (_life.IsDead)
        {
            // Results would be offered again and again, as to a database that is away.
            if (targetMethod!.Name == nameof(IRefreshStore.CommitAsync))
            {
                return new TaskCompletionSource<IReadOnlyList<CommitResult>>().Task;
            }

            throw new StoreException("This worker is dead.") { IsTransient = true };
        }

        return (targetMethod!.Name, _inner) switch
        {
            (nameof(IRefreshStore.CommitAsync), IRefreshStore store) => CommitAsync(store, (IReadOnlyList<RefreshCommit>)args![0]!),
            (nameof(IRefreshStore.ReleaseAsync), IRefreshStore store) => ReleaseAsync(store, (IReadOnlyList<LeaseRelease>)args![0]!),
            (nameof(IRefreshStore.ClaimDueAsync), IRefreshStore store) => ClaimedAsync(store.ClaimDueAsync((ClaimRequest)args![0]!, default)),
            (nameof(IRefreshStore.ClaimOpenIntentsAsync), IRefreshStore store) =>
                ClaimedAsync(store.ClaimOpenIntentsAsync((OpenIntentRequest)args![0]!, default)),
            (nameof(IRefreshStore.ClaimOneAsync), IRefreshStore) => ClaimedAsync((Task<ClaimAnswer>)targetMethod.Invoke(_inner, args)!),
            _ => targetMethod.Invoke(_inner, args),
        };
    }

    private async Task<IReadOnlyList<Claim>> ClaimedAsync(Task<IReadOnlyList<Claim>> claiming)
    {
        var claims = await claiming;
        _life.Begin(claims);
        return claims;
    }

    private async Task<ClaimAnswer> ClaimedAsync(Task<ClaimAnswer> claiming)
    {
        var answer = await claiming;
        _life.Begin(answer is ClaimAnswer.Taken taken ? [taken.Claim] : []);
        return answer;
    }

    private async Task ReleaseAsync(IRefreshStore store, IReadOnlyList<LeaseRelease> releases)
    {
        await store.ReleaseAsync(releases, default);
        releases.ToList().ForEach(r => _life.End(r.AttemptId));
    }

    private async Task<IReadOnlyList<CommitResult>> CommitAsync(IRefreshStore store, IReadOnlyList<RefreshCommit> commits)
    {
        var fate = _life.TakeFate();
        if (fate is CommitFate.DiesBefore && commits.Any(c => c.Tokens is not null))
        {
            await _life.JournalledAsync();
        }

        if (fate is not (CommitFate.Refused or CommitFate.DiesBefore))
        {
            var results = await store.CommitAsync(commits, default);
            if (fate == CommitFate.Done)
            {
                commits.ToList().ForEach(c => _life.End(c.Claim.AttemptId));
                return results;
            }
        }

        if (fate is CommitFate.DiesBefore or CommitFate.DiesAfter)
        {
            _life.Die();
            return await new TaskCompletionSource<IReadOnlyList<CommitResult>>().Task;
        }

        _life.Stall(commits.Select(c => c.Claim));
        throw new StoreException("The connection was cut.") { IsTransient = true };
    }
}
