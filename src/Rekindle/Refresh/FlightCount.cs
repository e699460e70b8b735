using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rekindle.Refresh;

/// <summary>
/// Counts the refreshes in flight, whoever asked, and ends with the last of them: after the web server, the worker and whatever else
/// could start one, and before the queue and the journal that take their results.
/// </summary>
internal sealed class FlightCount(ILogger<FlightCount> logger) : IHostedService
{
    private readonly Lock _gate = new();
    private readonly Wave _waiting = new();
    private Wave _wave = new();
    private Task _earlier = Task.CompletedTask;
    private int _count;
    private bool _closed;

    /// <summary>A refresh begins. Null: this process is stopping, and nothing new is sent.</summary>
    public Wave? TryEnter() => TryEnter(() => _wave);

    /// <summary>Somebody waits for a refresh, perhaps another machine's; the process does not end before he has his answer.</summary>
    public Wave? TryWait() => TryEnter(() => _waiting);

    /// <summary>One has ended, its result written or kept.</summary>
    /// <param name="wave">What it got when it entered.</param>
    public void Leave(Wave wave)
    {
        ArgumentNullException.ThrowIfNull(wave);
        lock (_gate)
        {
            _count--;
            wave.Leave();
        }
    }

    /// <summary>Completes when all refreshes that are in flight now have ended; those that start later are not waited for.</summary>
    public Task LandedAsync()
    {
        lock (_gate)
        {
            _earlier = Task.WhenAll(_earlier, _wave.Close());
            _wave = new Wave();
            return _earlier;
        }
    }

    private Wave? TryEnter(Func<Wave> wave)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return null;
            }

            _count++;
            var joined = wave();
            joined.Enter();
            return joined;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task waiting;
        lock (_gate)
        {
            _closed = true;
            waiting = _waiting.Close();
        }

        var landed = Task.WhenAll(LandedAsync(), waiting);
        await landed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!landed.IsCompleted)
        {
            logger.NotDrained(_count);
        }
    }

    /// <summary>Refreshes that began between two moments. Under the lock of the count.</summary>
    internal sealed class Wave
    {
        private readonly TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _flights;
        private bool _closed;

        public void Enter() => _flights++;

        public void Leave()
        {
            _flights--;
            LandIfOver();
        }

        public Task Close()
        {
            _closed = true;
            LandIfOver();
            return _landed.Task;
        }

        private void LandIfOver()
        {
            if (_closed && _flights == 0)
            {
                _landed.TrySetResult();
            }
        }
    }
}
