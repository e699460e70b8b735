using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>
/// Keeps what providers answered until the database has it, and ten minutes longer (F4). A rotated refresh token exists once,
/// in this process's memory, between the answer and the commit; the journal makes that twice.
/// <code>
///   before the token leaves   Sent     written, not synced       after a crash: sent or provably not?
///   the answer brought tokens Kept     written, synced in groups in parallel with the commit, which never waits for it
///   the database has them     Settled  written, not synced       after a crash: replay is harmless, only slower
/// </code>
/// Three cases, one mechanism. The database is away: what is kept is acknowledged to callers and committed when it returns.
/// The process dies: the next one on this machine adopts its folder (<see cref="JournalRecovery"/>). A promoted replica
/// has forgotten the last commits: what was settled lately is offered again, and stored where its exact parent stands.
/// </summary>
/// <remarks>
/// One task writes, in batches of whatever is waiting; one thread syncs, so that the disk's slowness holds up neither marks
/// nor commits. Space is taken ahead: a segment is in use and one lies ready. While none can be had, <see cref="CanKeep"/> is false,
/// and no refresh is started whose answer could not be kept.
/// </remarks>
internal sealed class ResultJournal : IHostedService, IDisposable
{
    private const int BatchRecords = 256;
    private const int BytesPerResult = 64 << 10;
    private static readonly TimeSpan TidyInterval = TimeSpan.FromSeconds(1);

    private readonly JournalOptions _options;
    private readonly RefreshOptions _refresh;
    private readonly KeyRing _ring;
    private readonly string _instanceId;
    private readonly TimeProvider _time;
    private readonly bool _isDevelopment;
    private readonly ILogger<ResultJournal> _logger;

    private readonly Channel<Item> _items = Channel.CreateUnbounded<Item>(new() { SingleReader = true });
    private readonly MemoryStream _scratch = new();
    private readonly MemoryStream _batch = new();
    private readonly Dictionary<Guid, JournalSegment> _unsettled = [];
    private readonly Queue<JournalSegment> _full = new();
    private readonly object _syncGate = new();
    private readonly SemaphoreSlim _toSync = new(0);
    private List<Unsynced> _unsynced = [];

    private JournalFolder? _folder;
    private JournalSegment? _current;
    private JournalSegment? _spare;
    private byte[] _key = [];
    private int _nextNumber;
    private int _pending;
    private DateTimeOffset _tidiedAt;
    private Task? _writer;
    private Thread? _syncer;
    private ITimer? _looks;
    private volatile bool _stopping;
    private volatile bool _canKeep;
    private volatile bool _damaged;

    public ResultJournal(
        JournalOptions options, RefreshOptions refresh, KeyRing ring, WorkerIdentity worker, TimeProvider time, IHostEnvironment? environment,
        ILogger<ResultJournal> logger)
    {
        _options = options;
        _refresh = refresh;
        _ring = ring;
        _instanceId = worker.InstanceId;
        _time = time;
        _isDevelopment = environment?.IsDevelopment() == true;
        _logger = logger;
    }

    /// <summary>Whether there is a journal at all.</summary>
    public bool IsOn => _options.Enabled;

    /// <summary>Whether a result that comes back could be kept. Without a journal: always, by the operator's choice.</summary>
    public bool CanKeep => !IsOn || _canKeep;

    /// <summary>Results kept here that the database has not acknowledged.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>The journal's root; null: there is no journal.</summary>
    public string? Root { get; private set; }

    /// <summary>The key of journals under this ring: the same for every process, and after a rotation.</summary>
    public static byte[] KeyOf(KeyRing ring) => ring.DeriveKey("journal");

    /// <summary>Opens this process's folder. Callers may ask for marks only after this.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!IsOn)
        {
            _logger.NoJournal();
            return Task.CompletedTask;
        }

        Root = JournalFolder.Prepare(_options, _isDevelopment);
        _folder = JournalFolder.Create(Root, _instanceId);
        _key = KeyOf(_ring);
        try
        {
            _current = NewSegment();
            _spare = NewSegment();
        }
        catch (IOException e)
        {
            throw new JournalException($"The journal in {Root} cannot take {2 * SegmentSize >> 20} MiB: {e.Message} Make room, or set Rekindle:Journal:Folder elsewhere.", e);
        }

        _canKeep = true;
        _writer = Task.Run(WriteAsync, CancellationToken.None);
        _syncer = new Thread(Sync) { IsBackground = true, Name = "journal sync" };
        _syncer.Start();
        _looks = _time.CreateTimer(_ => LookAgain(), null, TidyInterval, TidyInterval);
        _logger.JournalOpened(_folder.Path);
        return Task.CompletedTask;
    }

    /// <summary>Writes and syncs what is there. The folder stays: the next process decides what still matters.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_writer is null)
        {
            return;
        }

        await _looks!.DisposeAsync().ConfigureAwait(false);
        _items.Writer.TryComplete();
        await _writer.ConfigureAwait(false);
        _stopping = true;
        _toSync.Release();
        _syncer!.Join();
        Dispose();
    }

    /// <summary>Notes that a refresh token is about to leave; true when that is on record.</summary>
    public Task<bool> SentAsync(Guid attemptId, ConnectionId connection) =>
        IsOn ? Enqueue(new JournalRecord.Sent(attemptId, connection, _time.GetUtcNow()), afterSync: false) : Task.FromResult(true);

    /// <summary>Keeps a result; true when it is on the disk, false when it could not be written.</summary>
    public Task<bool> KeepAsync(JournalledResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return IsOn ? Enqueue(new JournalRecord.Kept(result, _time.GetUtcNow()), afterSync: true) : Task.FromResult(false);
    }

    /// <summary>The database has the attempt's result, or will never want it.</summary>
    public void Settle(Guid attemptId)
    {
        if (IsOn)
        {
            Enqueue(new JournalRecord.Settled(attemptId, _time.GetUtcNow()), afterSync: false);
        }
    }

    public void Dispose()
    {
        foreach (var segment in _full)
        {
            segment.Dispose();
        }

        _full.Clear();
        _current?.Dispose();
        _spare?.Dispose();
        _folder?.Dispose();
        (_current, _spare, _folder) = (null, null, null);
    }

    private long SegmentSize => Math.Max((long)_options.SegmentMegabytes << 20, (long)_refresh.Slots * BytesPerResult);

    private Task<bool> Enqueue(JournalRecord record, bool afterSync)
    {
        var item = new Item(record, afterSync);
        return _items.Writer.TryWrite(item) ? item.Done.Task : Task.FromResult(false);
    }

    private async Task WriteAsync()
    {
        var items = new List<Item>(BatchRecords);
        while (await _items.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (items.Count < BatchRecords && _items.Reader.TryRead(out var item))
            {
                items.Add(item);
            }

            WriteBatch(items.FindAll(i => i.Record is not null));
            items.Clear();
            Tidy();
        }
    }

    // While nothing can be kept nothing is sent either, so that no record would come by to find out that the disk is well again.
    private void LookAgain()
    {
        if (!_canKeep)
        {
            _items.Writer.TryWrite(new Item(null, AfterSync: false));
        }
    }

    private void WriteBatch(List<Item> items)
    {
        var from = 0;
        try
        {
            LeaveDamaged();
            for (var i = 0; i < items.Count; i++)
            {
                Encode(items[i].Record!);
                if (!_current!.HasRoomFor((int)_batch.Length + JournalSegment.SizeOf((int)_scratch.Length)))
                {
                    Flush(items[from..i]);
                    from = i;
                    Roll(JournalSegment.SizeOf((int)_scratch.Length));
                }

                AddToBatch();
            }

            Flush(items[from..]);
        }
        catch (Exception e)
        {
            // Whatever it is, this task must live: everybody who refreshes waits for it.
            _batch.SetLength(0);
            _damaged = true;
            Fail(e.Message);
            foreach (var item in items[from..])
            {
                item.Done.TrySetResult(false);
            }
        }
    }

    private void Encode(JournalRecord record)
    {
        _scratch.SetLength(0);
        using var writer = new BinaryWriter(_scratch, Encoding.UTF8, leaveOpen: true);
        JournalCodec.Write(writer, record);
    }

    private void AddToBatch()
    {
        var ahead = (int)_batch.Length;
        var size = JournalSegment.SizeOf((int)_scratch.Length);
        _batch.SetLength(ahead + size);
        _current!.Seal(_scratch.GetBuffer().AsSpan(0, (int)_scratch.Length), _batch.GetBuffer().AsSpan(ahead, size), ahead);
    }

    private void Flush(List<Item> items)
    {
        if (_batch.Length == 0)
        {
            return;
        }

        var segment = _current!;
        segment.Append(_batch.GetBuffer().AsSpan(0, (int)_batch.Length));
        segment.LastAt = _time.GetUtcNow();
        _batch.SetLength(0);
        List<TaskCompletionSource<bool>>? waiting = null;
        foreach (var item in items)
        {
            Account(item.Record!, segment);
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
            lock (_syncGate)
            {
                _unsynced.Add(new Unsynced(segment, waiting));
            }

            _toSync.Release();
        }
    }

    private void Account(JournalRecord record, JournalSegment segment)
    {
        switch (record)
        {
            case JournalRecord.Kept kept when _unsettled.TryAdd(kept.Result.Attempt.Id, segment):
                segment.Unsettled++;
                Interlocked.Increment(ref _pending);
                break;
            case JournalRecord.Settled settled when _unsettled.Remove(settled.AttemptId, out var home):
                home.Unsettled--;
                Interlocked.Decrement(ref _pending);
                break;
        }
    }

    private void Roll(int bytes)
    {
        var next = _spare is { } spare && spare.HasRoomFor(bytes) ? spare : NewSegment(bytes);
        _full.Enqueue(_current!);
        _current = next;
        if (_current == _spare)
        {
            _spare = null;
            ReadySpare();
        }
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
        try
        {
            Recover();
            while (_full.TryPeek(out var oldest) && oldest.Unsettled == 0 && now - oldest.LastAt > Retention && !IsUnsynced(oldest))
            {
                _full.Dequeue();
                oldest.Dispose();
                File.Delete(oldest.Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be deleted harms nobody; the next process that adopts the folder tries again.
            _logger.JournalFailed(e.Message);
        }
    }

    /// <summary>How long what is settled is kept. The marks of what is in flight must outlive the flight, however short it is set.</summary>
    public TimeSpan Retention => _options.Retention > _refresh.Lease + _refresh.CommitDeadline ? _options.Retention : _refresh.Lease + _refresh.CommitDeadline;

    private void Recover()
    {
        if (_spare is null)
        {
            ReadySpare();
        }

        if (_spare is not null && !_canKeep)
        {
            LeaveDamaged();
            MayKeepAgain();
        }
    }

    // A write or a sync failed. What that segment says from now on is worth nothing, and no place in it may be written twice.
    private void LeaveDamaged()
    {
        if (_damaged)
        {
            Roll(0);
            _damaged = false;
        }
    }

    private bool IsUnsynced(JournalSegment segment)
    {
        lock (_syncGate)
        {
            return _unsynced.Exists(u => u.Segment == segment);
        }
    }

    private void ReadySpare()
    {
        try
        {
            _spare = NewSegment();
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

    private JournalSegment NewSegment(int atLeast = 0)
    {
        var path = _folder!.SegmentPath(++_nextNumber);
        try
        {
            return JournalSegment.Create(path, _key, Math.Max(SegmentSize, atLeast + 4096L));
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    private void Sync()
    {
        while (true)
        {
            _toSync.Wait();
            List<Unsynced> taken;
            lock (_syncGate)
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
            segment.Sync();
            return true;
        }
        catch (IOException e)
        {
            _damaged = true;
            Fail(e.Message);
            return false;
        }
    }

    private sealed record Item(JournalRecord? Record, bool AfterSync)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Unsynced(JournalSegment Segment, List<TaskCompletionSource<bool>> Waiting);
}
