namespace Rekindle.Refresh;

/// <summary>
/// Refreshes that may be in flight at once: in all, and per integration so that one slow provider cannot take them all
/// (I4). An integration that has just been opened again starts with few slots and doubles with each success (F92).
/// </summary>
internal sealed class SlotPool(int total)
{
    private const int FirstAfterHalt = 1;

    private readonly Lock _counts = new();
    private readonly Dictionary<int, Use> _byIntegration = [];
    private TaskCompletionSource _freed = NewSignal();
    private int _inFlight;

    /// <summary>All slots.</summary>
    public int Total { get; } = total;

    /// <summary>Slots in use.</summary>
    public int InFlight
    {
        get
        {
            lock (_counts)
            {
                return _inFlight;
            }
        }
    }

    /// <summary>Completes when a slot has been given back since the last call.</summary>
    public Task Freed
    {
        get
        {
            lock (_counts)
            {
                if (_freed.Task.IsCompleted)
                {
                    _freed = NewSignal();
                }

                return _freed.Task;
            }
        }
    }

    /// <summary>How many refreshes of an integration could start now.</summary>
    public int Free(int integrationId, int limit)
    {
        lock (_counts)
        {
            var use = _byIntegration.GetValueOrDefault(integrationId);
            return Math.Max(0, Math.Min(Total - _inFlight, Math.Min(limit, use?.Ramp ?? limit) - (use?.InFlight ?? 0)));
        }
    }

    /// <summary>Takes a slot for a claimed connection.</summary>
    public void Enter(int integrationId)
    {
        lock (_counts)
        {
            _inFlight++;
            Of(integrationId).InFlight++;
        }
    }

    /// <summary>Gives a slot back; a success widens the ramp.</summary>
    public void Leave(int integrationId, bool success)
    {
        lock (_counts)
        {
            _inFlight--;
            var use = Of(integrationId);
            use.InFlight--;
            if (success && use.Ramp is { } ramp)
            {
                use.Ramp = ramp < Total ? ramp * 2 : null;
            }

            _freed.TrySetResult();
        }
    }

    /// <summary>The integration was halted: when it opens again, it starts small.</summary>
    public void Halt(int integrationId)
    {
        lock (_counts)
        {
            Of(integrationId).Ramp = FirstAfterHalt;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Use Of(int integrationId)
    {
        if (!_byIntegration.TryGetValue(integrationId, out var use))
        {
            _byIntegration[integrationId] = use = new Use();
        }

        return use;
    }

    private sealed class Use
    {
        public int InFlight { get; set; }

        public int? Ramp { get; set; }
    }
}
