namespace Rekindle.Simulator.Faults;

/// <summary>A fault that was switched on.</summary>
public sealed class ActiveFault
{
    private readonly FaultBoard _board;
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _secondGate = new();
    private int _hits;
    private long _second;
    private int _inSecond;

    internal ActiveFault(FaultBoard board, string id, Fault fault)
    {
        _board = board;
        Id = id;
        Fault = fault;
    }

    /// <summary>Name by which it can be removed.</summary>
    public string Id { get; }

    /// <summary>What goes wrong.</summary>
    public Fault Fault { get; }

    /// <summary>How many requests it has struck.</summary>
    public int Hits => Math.Min(Volatile.Read(ref _hits), Fault.Count ?? int.MaxValue);

    /// <summary>Switches it off and lets go of the requests it holds.</summary>
    public void Remove() => _board.Remove(this);

    internal Task Removed => _removed.Task;

    internal void Release() => _removed.TrySetResult();

    /// <summary>Whether it strikes this request; counts it if so.</summary>
    internal bool Strikes(DateTimeOffset now)
    {
        if (Fault.Kind == FaultKind.Capacity && !ExceedsCapacity(now))
        {
            return false;
        }

        var hit = Interlocked.Increment(ref _hits);
        if (hit == Fault.Count && Fault.Kind != FaultKind.Hold)
        {
            _board.Unlist(this);
        }

        return hit <= (Fault.Count ?? int.MaxValue);
    }

    private bool ExceedsCapacity(DateTimeOffset now)
    {
        lock (_secondGate)
        {
            var second = now.ToUnixTimeSeconds();
            if (second != _second)
            {
                _second = second;
                _inSecond = 0;
            }

            return ++_inSecond > Fault.RequestsPerSecond;
        }
    }
}
