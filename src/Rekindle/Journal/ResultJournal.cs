using System.Collections.Concurrent;
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
/// One task writes, in batches of whatever is waiting; one thread syncs (<see cref="SegmentSync"/>), so that the disk's slowness holds up
/// neither marks nor commits. Space is taken ahead (<see cref="SegmentRing"/>). While none can be had, <see cref="CanKeep"/> is false,
/// and no refresh is started whose answer could not be kept. A segment that could not be written or synced is left, and what the
/// database does not have of it is written again to the next.
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
    private readonly Dictionary<Guid, Unsettled> _unsettled = [];
    private readonly ConcurrentQueue<JournalSegment> _damaged = new();

    private JournalFolder? _folder;
    private SegmentRing? _segments;
    private SegmentSync? _sync;
    private byte[] _key = [];
    private int _pending;
    private long _oldestTicks;
    private long _confirmedTicks;
    private DateTimeOffset _tidiedAt;
    private Task? _writer;
    private ITimer? _looks;
    private volatile bool _canKeep;

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

    /// <summary>Waits for the disk; tests let it fail.</summary>
    public Action<JournalSegment> SyncSegment { get; init; } = static segment => segment.Sync();

    /// <summary>Whether there is a journal at all.</summary>
    public bool IsOn => _options.Enabled;

    /// <summary>Whether a result that comes back could be kept. Without a journal: always, by the operator's choice.</summary>
    public bool CanKeep => !IsOn || _canKeep;

    /// <summary>Entries kept here that the database has not acknowledged.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>When the oldest of them was written, to the second; null: there is none.</summary>
    public DateTimeOffset? OldestPendingAt => Volatile.Read(ref _oldestTicks) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>What others may know of it.</summary>
    public JournalState State => !IsOn ? JournalState.Off : CanKeep ? JournalState.Ready : JournalState.Failing;

    /// <summary>The journal's root; null: there is no journal.</summary>
    public string? Root { get; private set; }

    /// <summary>How long what is settled is kept. The marks of what is in flight must outlive the flight, however short it is set.</summary>
    public TimeSpan Retention => _options.Retention > _refresh.Lease + _refresh.CommitDeadline ? _options.Retention : _refresh.Lease + _refresh.CommitDeadline;

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
            _segments = new SegmentRing(_folder, _key, SegmentSize);
        }
        catch (IOException e)
        {
            throw new JournalException($"The journal in {Root} cannot take {2 * SegmentSize >> 20} MiB: {e.Message} Make room, or set Rekindle:Journal:Folder elsewhere.", e);
        }

        _canKeep = true;
        _sync = new SegmentSync(SyncSegment, (segment, problem) =>
        {
            _damaged.Enqueue(segment);
            Fail(problem);
        });
        _sync.Start();
        _writer = Task.Run(WriteAsync, CancellationToken.None);
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
        _sync!.Stop();
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

    /// <summary>Keeps a consent that was exchanged, until the database has it; true when it is on the disk.</summary>
    public Task<bool> KeepAsync(JournalledGrant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        return IsOn ? Enqueue(new JournalRecord.Consented(grant, _time.GetUtcNow()), afterSync: true) : Task.FromResult(false);
    }

    /// <summary>The database has stored a new grant or a lever, and this is the connection now: noted in case it forgets.</summary>
    public void NoteChange(ConnectionSnapshot? state)
    {
        if (IsOn && state is not null)
        {
            Enqueue(new JournalRecord.Changed(state, _time.GetUtcNow()), afterSync: false);
        }
    }

    /// <inheritdoc cref="NoteChange(ConnectionSnapshot?)"/>
    public void NoteChange(GrantResult? result) => NoteChange(result switch
    {
        GrantResult.Created created => created.Snapshot,
        GrantResult.Replaced replaced => replaced.Snapshot,
        _ => null,
    });

    /// <summary>The database has deleted a connection: noted in case it forgets.</summary>
    public void NoteDeletion(ConnectionId id, string reason)
    {
        if (IsOn)
        {
            Enqueue(new JournalRecord.Deleted(id, reason, _time.GetUtcNow()), afterSync: false);
        }
    }

    /// <summary>The database has the attempt's result, or the consent, or will never want it.</summary>
    public void Settle(Guid attemptId)
    {
        if (IsOn)
        {
            Enqueue(new JournalRecord.Settled(attemptId, _time.GetUtcNow()), afterSync: false);
        }
    }

    /// <summary>
    /// The database was there just now, on the timeline onto which everything was given back. Its retention is counted from here: what it
    /// forgets when it fails over after a long absence was acknowledged before that began.
    /// </summary>
    public void Confirm() => Volatile.Write(ref _confirmedTicks, _time.GetUtcNow().UtcTicks);

    /// <summary>What this process wrote and may still be asked for, everything that was kept before the call included: oldest first, a segment at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<JournalRecord>> ReadBackAsync()
    {
        if (!IsOn)
        {
            yield break;
        }

        var listed = new TaskCompletionSource<IReadOnlyList<string>>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_items.Writer.TryWrite(new Item(null, AfterSync: false) { Listed = listed }))
        {
            yield break;
        }

        foreach (var path in await listed.Task.ConfigureAwait(false))
        {
            IReadOnlyList<JournalRecord> records;
            try
            {
                // Where the last record is being written while we read, reading ends before it: it is newer than the call.
                records = JournalSegment.Read(path, _key).Records;
            }
            catch (FileNotFoundException)
            {
                // Tidied away meanwhile: settled and old.
                continue;
            }

            yield return records;
        }
    }

    public void Dispose()
    {
        _segments?.Dispose();
        _sync?.Dispose();
        _folder?.Dispose();
        (_segments, _sync, _folder) = (null, null, null);
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
            items.ForEach(i => i.Listed?.TrySetResult(_segments!.PathsSince(Cutoff)));
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
                if (!_segments!.Current.HasRoomFor((int)_batch.Length + size))
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
            _damaged.Enqueue(_segments!.Current);
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
        _segments!.Current.Seal(_scratch.GetBuffer().AsSpan(0, (int)_scratch.Length), _batch.GetBuffer().AsSpan(ahead, size), ahead);
    }

    private void Flush(List<Item> items)
    {
        if (_batch.Length == 0)
        {
            return;
        }

        var segment = _segments!.Current;
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
            _sync!.Add(segment, waiting);
        }
    }

    private void Account(JournalRecord record, JournalSegment segment)
    {
        switch (record)
        {
            case JournalRecord.Kept kept:
                Open(kept.Result.Attempt.Id, record, segment);
                break;
            case JournalRecord.Consented consented:
                Open(consented.Grant.Id, record, segment);
                break;
            case JournalRecord.Settled settled when _unsettled.Remove(settled.AttemptId, out var kept):
                kept.Home.Unsettled--;
                Interlocked.Decrement(ref _pending);
                break;
        }
    }

    private void Open(Guid id, JournalRecord record, JournalSegment segment)
    {
        if (_unsettled.TryGetValue(id, out var before))
        {
            before.Home.Unsettled--;
        }
        else
        {
            Interlocked.Increment(ref _pending);
        }

        segment.Unsettled++;
        _unsettled[id] = new Unsettled(record, segment);
    }

    // A write or a sync failed. What that segment says from now on is worth nothing, and what the database does not have of it is
    // written again.
    private void LeaveDamaged()
    {
        while (_damaged.TryPeek(out var left))
        {
            if (left == _segments!.Current)
            {
                Roll(0);
            }

            var written = 0;
            Write([.. _unsettled.Values.Where(u => u.Home == left).Select(u => new Item(u.Record, AfterSync: true))], ref written);
            _damaged.TryDequeue(out _);
        }
    }

    private void Roll(int bytes)
    {
        _segments!.Roll(bytes);
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
        Volatile.Write(ref _oldestTicks, _unsettled.Count == 0 ? 0 : _unsettled.Values.Min(u => u.Record.At.UtcTicks));
        try
        {
            Recover();
            _segments!.Tidy(Cutoff, _sync!.IsWaiting);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be deleted harms nobody; the next process that adopts the folder tries again.
            _logger.JournalFailed(e.Message);
        }
    }

    private DateTimeOffset Cutoff =>
        (Volatile.Read(ref _confirmedTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : _time.GetUtcNow()) - Retention;

    private void Recover()
    {
        if (!_segments!.HasSpare)
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
            _segments!.ReadySpare();
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

    private sealed record Unsettled(JournalRecord Record, JournalSegment Home);
}
