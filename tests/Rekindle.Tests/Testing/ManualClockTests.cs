using Rekindle.Testing;

namespace Rekindle.Tests.Testing;

public sealed class ManualClockTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void Timers_fire_in_the_order_of_their_times_and_see_that_time()
    {
        var start = _clock.Now;
        var fired = new List<(string Name, TimeSpan At)>();
        using var late = Timer("late", 3);
        using var early = Timer("early", 1);
        using var second = Timer("second at the same time", 1);

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([("early", TimeSpan.FromSeconds(1)), ("second at the same time", TimeSpan.FromSeconds(1))], fired);

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(("late", TimeSpan.FromSeconds(3)), fired[^1]);
        Assert.Equal(start + TimeSpan.FromSeconds(3), _clock.Now);

        ITimer Timer(string name, int seconds) =>
            _clock.CreateTimer(_ => fired.Add((name, _clock.Now - start)), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void A_periodic_timer_fires_each_time_until_it_is_disposed()
    {
        var count = 0;
        var timer = _clock.CreateTimer(_ => count++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, count);

        timer.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, count);
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task A_loop_of_delays_goes_round_once_per_interval()
    {
        var rounds = new List<DateTimeOffset>();
        using var stop = new CancellationTokenSource();
        var loop = Task.Run(async () =>
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromMinutes(1), _clock, stop.Token);
                rounds.Add(_clock.Now);
            }
        });
        await _clock.WaitForTimersAsync();

        var start = _clock.Now;
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(5));

        Assert.Equal(Enumerable.Range(1, 5).Select(i => start + TimeSpan.FromMinutes(i)), rounds);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
    }

    [Fact]
    public async Task Cancellation_after_a_time_and_waiting_with_a_limit_follow_the_clock()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromSeconds(10), _clock);
        var limited = new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(10), _clock);

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(9.9));
        Assert.False(source.IsCancellationRequested);
        Assert.False(limited.IsCompleted);

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        Assert.True(source.IsCancellationRequested);
        await Assert.ThrowsAsync<TimeoutException>(() => limited);
    }

    [Fact]
    public async Task A_timer_due_at_once_fires_without_the_clock_moving()
    {
        var fired = new TaskCompletionSource();

        await using var timer = _clock.CreateTimer(_ => fired.SetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await fired.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Shifting_the_wall_clock_changes_no_duration()
    {
        var before = (_clock.GetTimestamp(), _clock.Now);

        _clock.ShiftWallClock(TimeSpan.FromHours(-1));

        Assert.Equal(TimeSpan.Zero, _clock.GetElapsedTime(before.Item1));
        Assert.Equal(before.Now - TimeSpan.FromHours(1), _clock.Now);
    }

    [Fact]
    public void The_next_timer_can_be_jumped_to()
    {
        var start = _clock.Now;
        using var timer = _clock.CreateTimer(_ => { }, null, TimeSpan.FromDays(3), Timeout.InfiniteTimeSpan);

        Assert.True(_clock.AdvanceToNextTimer());
        Assert.Equal(start + TimeSpan.FromDays(3), _clock.Now);
        Assert.False(_clock.AdvanceToNextTimer());
    }
}
