using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Rekindle.Journal;

/// <summary>
/// The hand that writes a process's journal. One task writes, in batches of whatever is waiting; one thread syncs (<see cref="SegmentSync"/>), so
/// that the disk's slowness holds up neither marks nor commits. Space is taken ahead (<see cref="SegmentRing"/>).
/// </summary>
/// <remarks>
/// While no space can be had, <see cref="CanKeep"/> is false, and no refresh is started whose answer could not be kept. A segment that could not be
/// written or synced is left, and what the database does not have of it is written again to the next.
/// </remarks>
internal sealed class SegmentWriter : IAsyncDisposable
{
    private const int BatchRecords = 256;
    private static readonly TimeSpan TidyInterval = TimeSpan.FromSeconds(1);

    private readonly Func<DateTimeOffset> _cutoff;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SegmentRing _segments;
    private readonly SegmentSync _sync;

    private readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new() { SingleReader = true });
    private readonly MemoryStream _scratch = new();
    private readonly MemoryStream _batch = new();
    private readonly UnsettledRecords _unsettled = new();
    private readonly ConcurrentQueue<JournalSegment> _damaged = new();

    private DateTimeOffset _tidiedAt;
    private Task _writing = Task.CompletedTask;
    private ITimer? _looks;
    private volatile bool _canKeep = true;

    /// <summary>Takes a ring of segments.</summary>
    /// <param name="segments">Where to write; disposed with this.</param>
    /// <param name="syncSegment">Waits for the disk.</param>
    /// <param name="cutoff">What is settled and older may go.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told when the disk fails and when it is well again.</param>
    public SegmentWriter(SegmentRing segments, Action<JournalSegment> syncSegment, Func<DateTimeOffset> cutoff, TimeProvider time, ILogger logger)
    {
        _segments = segments;
        _cutoff = cutoff;
        _time = time;
        _logger = logger;
        _sync = new SegmentSync(syncSegment, (segment, problem) =>
        {
            _damaged.Enqueue(segment);
            Fail(problem);
        });
    }

    /// <summary>Whether there is room, and a disk that takes it.</summary>
    public bool CanKeep => _canKeep;

    /// <inheritdoc cref="ResultJournal.Pending"/>
    public int Pending => _unsettled.Count;

    /// <inheritdoc cref="ResultJournal.OldestPendingAt"/>
    public DateTimeOffset? OldestPendingAt => _unsettled.OldestAt;

    public void Start()
    {
        _sync.Start();
        _writing = Task.Run(RunAsync, CancellationToken.None);
        _looks = _time.CreateTimer(_ => LookAgain(), null, TidyInterval, TidyInterval);
    }

    /// <summary>Writes a record in its turn; true when it is written, or with <paramref name="afterSync"/> on the disk.</summary>
    public Task<bool> WriteAsync(JournalRecord record, bool afterSync)
    {
        var item = new Item(record, afterSync);
        return _items.Writer.TryWrite(item) ? item.Done.Task : Task.FromResult(false);
    }

    /// <summary>The files that may still be asked for, once everything that came before is written.</summary>
    public Task<IReadOnlyList<string>> ListAsync()
    {
        var listed = new TaskCompletionSource<IReadOnlyList<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _items.Writer.TryWrite(new Item(null, AfterSync: false) { Listed = listed }) ? listed.Task : Task.FromResult<IReadOnlyList<string>>([]);
    }

    /// <summary>Writes and syncs what is there, and lets go of the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_items.Writer.TryComplete())
        {
            return;
        }

        if (_looks is not null)
        {
            await _looks.DisposeAsync().ConfigureAwait(false);
        }

        await _writing.ConfigureAwait(false);
        _sync.Stop();
        _sync.Dispose();
        _segments.Dispose();
    }

    private async Task RunAsync()
    {
        var items = new List<Item>(BatchRecords);
        while (await _items.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (items.Count < BatchRecords && _items.Reader.TryRead(out var item))
            {
                items.Add(item);
            }

            WriteBatch(items.FindAll(i => i.Record is not null));
            items.ForEach(i => i.Listed?.TrySetResult(_segments.PathsSince(_cutoff())));
            items.Clear();
            Tidy();
        }
    }

    // While nothing can be kept nothing is sent either, so that no record would come by to find out that the disk is well again. And the last
    // entry that the database does not have, or has by now, has to be told of although no other follows it.
    private void LookAgain()
    {
        if (!_canKeep || Pending > 0 || OldestPendingAt is not null)
        {
            _items.Writer.TryWrite(new Item(null, AfterSync: false));
        }
    }

    private void WriteBatch(List<Item> items)
    {
        var written = 0;
        try
        {
            LeaveDamaged();
            Write(items, ref written);
        }
        catch (Exception e)
        {
            // Whatever it is, this task must live: everybody who refreshes waits for it.
            Fail(e.Message);
            foreach (var item in items[written..])
            {
                item.Done.TrySetResult(false);
            }
        }
    }

    private void Write(List<Item> items, ref int written)
    {
        try
        {
            for (var i = 0; i < items.Count; i++)
            {
                Encode(items[i].Record!);
                var size = JournalSegment.SizeOf((int)_scratch.Length);
                if (!_segments.Current.HasRoomFor((int)_batch.Length + size))
                {
                    Flush(items[written..i]);
                    written = i;
                    Roll(size);
                }

                AddToBatch(size);
            }

            Flush(items[written..]);
            written = items.Count;
        }
        catch
        {
            // It may have been written in part, and no place in a segment may be written twice.
            _batch.SetLength(0);
            _damaged.Enqueue(_segments.Current);
            throw;
        }
    }

    private void Encode(JournalRecord record)
    {
        _scratch.SetLength(0);
        using var writer = new BinaryWriter(_scratch, Encoding.UTF8, leaveOpen: true);
        JournalCodec.Write(writer, record);
    }

    private void AddToBatch(int size)
    {
        var ahead = (int)_batch.Length;
        _batch.SetLength(ahead + size);
        _segments.Current.Seal(_scratch.GetBuffer().AsSpan(0, (int)_scratch.Length), _batch.GetBuffer().AsSpan(ahead, size), ahead);
    }

    private void Flush(List<Item> items)
    {
        if (_batch.Length == 0)
        {
            return;
        }

        var segment = _segments.Current;
        segment.Append(_batch.GetBuffer().AsSpan(0, (int)_batch.Length));
        segment.LastAt = _time.GetUtcNow();
        _batch.SetLength(0);
        List<TaskCompletionSource<bool>>? waiting = null;
        foreach (var item in items)
        {
            _unsettled.Note(item.Record!, segment);
            if (item.AfterSync)
            {
                (waiting ??= []).Add(item.Done);
            }
            else
            {
                item.Done.TrySetResult(true);
            }
        }

        if (waiting is not null)
        {
            _sync.Add(segment, waiting);
        }
    }

    // A write or a sync failed. What that segment says from now on is worth nothing, and what the database does not have of it is
    // written again.
    private void LeaveDamaged()
    {
        while (_damaged.TryPeek(out var left))
        {
            if (left == _segments.Current)
            {
                Roll(0);
            }

            var written = 0;
            Write([.. _unsettled.In(left).Select(record => new Item(record, AfterSync: true))], ref written);
            _damaged.TryDequeue(out _);
        }
    }

    private void Roll(int bytes)
    {
        _segments.Roll(bytes);
        ReadySpare();
    }

    // What is full, settled and older than the retention goes; and the spare that could not be had is tried for again.
    private void Tidy()
    {
        var now = _time.GetUtcNow();
        if (now - _tidiedAt < TidyInterval)
        {
            return;
        }

        _tidiedAt = now;
        _unsettled.LookForOldest();
        try
        {
            Recover();
            _segments.Tidy(_cutoff(), _sync.IsWaiting);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be deleted harms nobody; the next process that adopts the folder tries again.
            _logger.JournalFailed(e.Message);
        }
    }

    private void Recover()
    {
        if (!_segments.HasSpare)
        {
            ReadySpare();
        }

        if (_segments.HasSpare && !_canKeep)
        {
            LeaveDamaged();
            MayKeepAgain();
        }
    }

    private void ReadySpare()
    {
        try
        {
            _segments.ReadySpare();
            MayKeepAgain();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(e.Message);
        }
    }

    private void MayKeepAgain()
    {
        if (!_canKeep)
        {
            _canKeep = true;
            _logger.JournalRecovered();
        }
    }

    private void Fail(string problem)
    {
        if (_canKeep)
        {
            _canKeep = false;
            _logger.JournalFailed(problem);
        }
    }

    private sealed record Item(JournalRecord? Record, bool AfterSync)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Wants to know which files there are, once all that came before is written.</summary>
        public TaskCompletionSource<IReadOnlyList<string>>? Listed { get; init; }
    }
}
