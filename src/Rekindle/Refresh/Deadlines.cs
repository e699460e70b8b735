using System.Collections.Concurrent;

namespace Rekindle.Refresh;

/// <summary>Cancels what takes too long. A source and its timer serve one exchange after the other, as long as none of them has run into its end.</summary>
internal sealed class Deadlines(TimeProvider time)
{
    private const int MostIdle = 1024;

    private readonly ConcurrentQueue<CancellationTokenSource> _idle = new();

    public CancellationTokenSource Start(TimeSpan after)
    {
        var source = _idle.TryDequeue(out var idle) ? idle : new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        source.CancelAfter(after);
        return source;
    }

    /// <summary>Nobody watches the source any more.</summary>
    /// <param name="source">The source.</param>
    /// <param name="cameToAnEnd">False: something failed, and whoever noticed it may still be about to ask the source.</param>
    public void Return(CancellationTokenSource source, bool cameToAnEnd)
    {
        if (cameToAnEnd && _idle.Count < MostIdle && source.TryReset())
        {
            _idle.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }
}
