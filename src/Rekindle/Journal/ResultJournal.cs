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
/// <remarks>How it comes to the disk: <see cref="SegmentWriter"/>.</remarks>
internal sealed class ResultJournal : IHostedService, IAsyncDisposable, IDisposable
{
    private const int BytesPerResult = 64 << 10;

    private readonly JournalOptions _options;
    private readonly RefreshOptions _refresh;
    private readonly KeyRing _ring;
    private readonly string _instanceId;
    private readonly TimeProvider _time;
    private readonly bool _isDevelopment;
    private readonly ILogger<ResultJournal> _logger;

    private JournalFolder? _folder;
    private SegmentWriter? _writer;
    private byte[] _key = [];
    private long _confirmedTicks;

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
    public bool CanKeep => !IsOn || _writer?.CanKeep == true;

    /// <summary>Entries kept here that the database has not acknowledged.</summary>
    public int Pending => _writer?.Pending ?? 0;

    /// <summary>When the oldest of them was written, to the second; null: there is none.</summary>
    public DateTimeOffset? OldestPendingAt => _writer?.OldestPendingAt;

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
            _writer = new SegmentWriter(new SegmentRing(_folder, _key, SegmentSize), SyncSegment, () => Cutoff, _time, _logger);
        }
        catch (IOException e)
        {
            throw new JournalException($"The journal in {Root} cannot take {2 * SegmentSize >> 20} MiB: {e.Message} Make room, or set Rekindle:Journal:Folder elsewhere.", e);
        }

        _writer.Start();
        _logger.JournalOpened(_folder.Path);
        return Task.CompletedTask;
    }

    /// <summary>Writes and syncs what is there. The folder stays: the next process decides what still matters.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    /// <summary>Notes that a refresh token is about to leave; true when that is on record.</summary>
    public Task<bool> SentAsync(Guid attemptId, ConnectionId connection) =>
        IsOn ? Write(new JournalRecord.Sent(attemptId, connection, _time.GetUtcNow()), afterSync: false) : Task.FromResult(true);

    /// <summary>Keeps a result; true when it is on the disk, false when it could not be written.</summary>
    public Task<bool> KeepAsync(JournalledResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return IsOn ? Write(new JournalRecord.Kept(result, _time.GetUtcNow()), afterSync: true) : Task.FromResult(false);
    }

    /// <summary>Keeps a consent that was exchanged, until the database has it; true when it is on the disk.</summary>
    public Task<bool> KeepAsync(JournalledGrant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        return IsOn ? Write(new JournalRecord.Consented(grant, _time.GetUtcNow()), afterSync: true) : Task.FromResult(false);
    }

    /// <summary>The database has stored a new grant or a lever, and this is the connection now: noted in case it forgets.</summary>
    public void NoteChange(ConnectionSnapshot? state)
    {
        if (IsOn && state is not null)
        {
            Write(new JournalRecord.Changed(state, _time.GetUtcNow()), afterSync: false);
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
            Write(new JournalRecord.Deleted(id, reason, _time.GetUtcNow()), afterSync: false);
        }
    }

    /// <summary>The database has the attempt's result, or the consent, or will never want it.</summary>
    public void Settle(Guid attemptId)
    {
        if (IsOn)
        {
            Write(new JournalRecord.Settled(attemptId, _time.GetUtcNow()), afterSync: false);
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
        foreach (var path in _writer is { } writer ? await writer.ListAsync().ConfigureAwait(false) : [])
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

    /// <summary>What was handed in comes to the disk, also where a host is disposed without being stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            await _writer.DisposeAsync().ConfigureAwait(false);
        }

        _folder?.Dispose();
        _folder = null;
    }

    // A container that is disposed synchronously asks for this one.
    public void Dispose() => DisposeAsync().AsTask().Wait();

    private long SegmentSize => Math.Max((long)_options.SegmentMegabytes << 20, (long)_refresh.Slots * BytesPerResult);

    private DateTimeOffset Cutoff =>
        (Volatile.Read(ref _confirmedTicks) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : _time.GetUtcNow()) - Retention;

    // Before the start and after the stop there is nobody to write.
    private Task<bool> Write(JournalRecord record, bool afterSync) => _writer?.WriteAsync(record, afterSync) ?? Task.FromResult(false);
}
