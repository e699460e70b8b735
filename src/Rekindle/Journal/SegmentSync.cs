namespace Rekindle.Journal;

/// <summary>
/// The thread that waits for the disk, so that nobody else does: what was written while it waited is synced together next time.
/// </summary>
/// <param name="sync">Returns when a segment is on the disk.</param>
/// <param name="failed">Told of a segment that could not be synced: what it holds may be lost with the machine.</param>
internal sealed class SegmentSync(Action<JournalSegment> sync, Action<JournalSegment, string> failed) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _toSync = new(0);
    private List<Unsynced> _unsynced = [];
    private Thread? _thread;
    private volatile bool _stopping;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "journal sync" };
        _thread.Start();
    }

    /// <summary>Something was appended; <paramref name="waiting"/> are told whether it came to the disk.</summary>
    public void Add(JournalSegment segment, IReadOnlyList<TaskCompletionSource<bool>> waiting)
    {
        lock (_gate)
        {
            _unsynced.Add(new Unsynced(segment, waiting));
        }

        _toSync.Release();
    }

    /// <summary>Whether a segment waits for the disk.</summary>
    public bool IsWaiting(JournalSegment segment)
    {
        lock (_gate)
        {
            return _unsynced.Exists(u => u.Segment == segment);
        }
    }

    /// <summary>Syncs what there is and ends.</summary>
    public void Stop()
    {
        _stopping = true;
        _toSync.Release();
        _thread?.Join();
    }

    public void Dispose() => _toSync.Dispose();

    private void Run()
    {
        while (true)
        {
            _toSync.Wait();
            List<Unsynced> taken;
            lock (_gate)
            {
                (taken, _unsynced) = (_unsynced, []);
            }

            if (taken.Count == 0 && _stopping)
            {
                return;
            }

            foreach (var segment in taken.Select(u => u.Segment).Distinct())
            {
                var kept = TrySync(segment);
                foreach (var done in taken.Where(u => u.Segment == segment).SelectMany(u => u.Waiting))
                {
                    done.TrySetResult(kept);
                }
            }
        }
    }

    private bool TrySync(JournalSegment segment)
    {
        try
        {
            sync(segment);
            return true;
        }
        catch (IOException e)
        {
            failed(segment, e.Message);
            return false;
        }
    }

    private sealed record Unsynced(JournalSegment Segment, IReadOnlyList<TaskCompletionSource<bool>> Waiting);
}
