namespace Rekindle.Refresh;

/// <summary>
/// Refreshes that may be in flight at once: in all, and per integration so that one slow provider cannot take them all
/// (I4). An integration that has just been opened again starts with one slot (F92). Each success adds one, which doubles them from one round
/// of answers to the next, up to half of what it had when it was halted; from there on each round adds one. So a provider that takes
/// less than it used to is soon asked for about what it takes, instead of being stormed after each of its pauses.
/// </summary>
internal sealed class SlotPool(int total)
{
    private const double FirstAfterHalt = 1;

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
            return Math.Max(0, Math.Min(Total - _inFlight, Math.Min(limit, (int)(use?.Ramp ?? limit)) - (use?.InFlight ?? 0)));
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
            if (success && use is { IsHalted: false, Ramp: { } ramp })
            {
                ramp += ramp < use.Steep ? 1 : 1 / ramp;
                use.Ramp = ramp < Total ? ramp : null;
            }

            _freed.TrySetResult();
        }
    }

    /// <summary>The integration is halted: when it opens again, it starts small.</summary>
    public void Halt(int integrationId)
    {
        lock (_counts)
        {
            var use = Of(integrationId);
            if (!use.IsHalted)
            {
                use.Steep = (use.Ramp ?? Total) / 2;
                (use.IsHalted, use.Ramp) = (true, FirstAfterHalt);
            }
        }
    }

    /// <summary>The integration is open: what succeeds from now on counts.</summary>
    public void Open(int integrationId)
    {
        lock (_counts)
        {
            if (_byIntegration.TryGetValue(integrationId, out var use))
            {
                use.IsHalted = false;
            }
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

        /// <summary>How many it may have by now; null: as many as there are.</summary>
        public double? Ramp { get; set; }

        /// <summary>Up to here it grows by one with each success.</summary>
        public double Steep { get; set; }

        public bool IsHalted { get; set; }
    }
}
