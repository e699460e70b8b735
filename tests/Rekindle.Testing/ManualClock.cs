namespace Rekindle.Testing;

/// <summary>
/// A clock that stands still until a test moves it. Timers (and with them <c>Task.Delay</c>, periodic timers and
/// cancellation after a time) fire while it moves, in the order of their due times, with the clock showing that time.
/// </summary>
/// <remarks>
/// The code under test must have armed its timer before the clock moves: await <see cref="WaitForTimersAsync"/>, or
/// better a signal of the code itself. The local time zone is ten hours ahead, so that local time used by mistake shows.
/// </remarks>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly SortedSet<ManualTimer> _armed = new(ManualTimer.ByDueTime);
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private TimeSpan _elapsed;
    private TimeSpan _wallClockShift;
    private long _sequence;

    /// <summary>A clock that starts at noon of 1 March 2026 UTC.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public DateTimeOffset Now => GetUtcNow();

    /// <summary>How many timers wait for their time.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
            {
                return _armed.Count;
            }
        }
    }

    public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("Test+10", TimeSpan.FromHours(10), null, null);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return start + _elapsed + _wallClockShift;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _elapsed.Ticks;
        }
    }

    /// <summary>Moves the clock and fires what comes due, on the calling thread.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(by.Ticks);
        var target = _elapsed + by;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Moves the clock, and after each timer lets what it set going run on before the next one fires.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(by.Ticks);
        var target = _elapsed + by;
        await SettleAsync();
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
            await SettleAsync();
        }
    }

    /// <summary>Moves the clock to the next timer and fires it; false when none is armed.</summary>
    public bool AdvanceToNextTimer()
    {
        TimeSpan next;
        lock (_gate)
        {
            if (_armed.Min is not { } timer)
            {
                return false;
            }

            next = timer.Due - _elapsed;
        }

        Advance(next > TimeSpan.Zero ? next : TimeSpan.Zero);
        return true;
    }

    /// <summary>Changes what the machine believes the time of day to be; durations and timers do not notice.</summary>
    public void ShiftWallClock(TimeSpan by)
    {
        lock (_gate)
        {
            _wallClockShift += by;
        }
    }

    /// <summary>Completes as soon as at least so many timers are armed: the code under test has come to its waits.</summary>
    public async Task WaitForTimersAsync(int count = 1, CancellationToken cancellationToken = default)
    {
        Task reached;
        lock (_gate)
        {
            if (_armed.Count >= count)
            {
                return;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, waiter));
            reached = waiter.Task;
        }

        await reached.WaitAsync(TimeSpan.FromSeconds(30), cancellationToken);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>
    /// Continuations run on the thread pool; when nothing is queued there several times in a row, what could go on has
    /// gone on. Work that waits for a socket or a process is not seen: await its own signal.
    /// </summary>
    private static async Task SettleAsync()
    {
        var quiet = 0;
        for (var i = 0; quiet < 3 && i < 1000; i++)
        {
            await Task.Run(static () => { });
            quiet = ThreadPool.PendingWorkItemCount == 0 ? quiet + 1 : 0;
        }
    }

    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_gate)
        {
            if (_armed.Min is not { } timer || timer.Due > target)
            {
                _elapsed = target > _elapsed ? target : _elapsed;
                return null;
            }

            _elapsed = timer.Due > _elapsed ? timer.Due : _elapsed;
            _armed.Remove(timer);
            if (timer.Period > TimeSpan.Zero)
            {
                Arm(timer, timer.Period);
            }

            return timer;
        }
    }

    private void Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            _armed.Remove(timer);
            timer.Period = period;
            if (dueTime > TimeSpan.Zero)
            {
                Arm(timer, dueTime);
                return;
            }

            if (dueTime == TimeSpan.Zero && period > TimeSpan.Zero)
            {
                Arm(timer, period);
            }
        }

        if (dueTime == TimeSpan.Zero)
        {
            // Not on this thread: the caller has not got hold of its timer yet.
            ThreadPool.QueueUserWorkItem(static timer => timer.Fire(), timer, preferLocal: false);
        }
    }

    private void Arm(ManualTimer timer, TimeSpan dueTime)
    {
        timer.Due = _elapsed + dueTime;
        timer.Sequence = _sequence++;
        _armed.Add(timer);
        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_armed.Count >= _waiters[i].Count)
            {
                _waiters[i].Reached.TrySetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private void Disarm(ManualTimer timer)
    {
        lock (_gate)
        {
            _armed.Remove(timer);
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool _disposed;

        public static Comparer<ManualTimer> ByDueTime { get; } =
            Comparer<ManualTimer>.Create((a, b) => (a.Due, a.Sequence).CompareTo((b.Due, b.Sequence)));

        public TimeSpan Due { get; set; }

        public TimeSpan Period { get; set; }

        public long Sequence { get; set; }

        public void Fire()
        {
            if (!_disposed)
            {
                callback(state);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_disposed)
            {
                return false;
            }

            clock.Schedule(this, dueTime, period);
            return true;
        }

        public void Dispose()
        {
            _disposed = true;
            clock.Disarm(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
