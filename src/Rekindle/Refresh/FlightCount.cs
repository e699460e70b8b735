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
    private readonly TaskCompletionSource _landed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _closed;

    /// <summary>False: this process is stopping, and nothing new is sent.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _count++;
            return true;
        }
    }

    /// <summary>One has ended, its result written or kept.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0 && _closed)
            {
                _landed.TrySetResult();
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _closed = true;
            if (_count == 0)
            {
                return;
            }
        }

        await _landed.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_landed.Task.IsCompleted)
        {
            logger.NotDrained(_count);
        }
    }
}
