namespace Rekindle.Server;

/// <summary>
/// Gives back once what starting took: catalogue, templates and configuration are read with much that is not needed again, and a process
/// that has little to do may not collect it for hours. Seconds after the start, when the first rounds are over too.
/// </summary>
internal sealed class Tidying(IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(3);
    private ITimer? _timer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _timer = time.CreateTimer(
            static _ => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true), null, AfterStart, Timeout.InfiniteTimeSpan));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _timer?.Dispose();
}
