using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>
/// Whether this process may refresh what is in its database (I14, DESIGN §6). Decided before anything is claimed, and again every few
/// seconds: a database may be replaced, taken over or frozen under a running process. While it is frozen valid tokens are served, and
/// nothing is sent that acts on a grant.
/// </summary>
/// <remarks>
/// An old backup and undecryptable rows are the database's own state and are written there, for every process of the deployment. A
/// deployment or an endpoint that differ are this process's: the database may be right, and somebody else's.
/// </remarks>
public sealed class DatabaseOwnership
{
    private readonly IOwnershipStore _store;
    private readonly IDatabase _database;
    private readonly OwnershipOptions _options;
    private readonly VolumeMemory _memory;
    private readonly Sealer _sealer;
    private readonly DecryptWatch _decrypt;
    private readonly TimeProvider _time;
    private readonly ILogger<DatabaseOwnership> _logger;

    private Freeze? _freeze;
    private bool _isWrongRing;
    private string? _databaseId;

    internal DatabaseOwnership(
        IOwnershipStore store, IDatabase database, OwnershipOptions options, VolumeMemory memory, Sealer sealer, TimeProvider time, ILogger<DatabaseOwnership> logger)
    {
        _store = store;
        _database = database;
        _options = options;
        _memory = memory;
        _sealer = sealer;
        _time = time;
        _logger = logger;
        _decrypt = new DecryptWatch(time);
    }

    /// <summary>Why nothing is refreshed; null: the database is ours.</summary>
    public Freeze? Freeze => Volatile.Read(ref _freeze);

    /// <summary>Called when a freeze is about to end, before anything may be claimed.</summary>
    internal event Func<CancellationToken, Task>? Thawing;

    /// <summary>This deployment, and where it meets its database.</summary>
    internal DatabasePlace Here => new(_options.Deployment, string.IsNullOrWhiteSpace(_options.Endpoint) ? _database.Endpoint : _options.Endpoint.Trim());

    /// <summary>
    /// Announces that the database moves. From now on nothing is refreshed at the place it leaves, so that the copy that is made next is the
    /// newest there is; the first start at the new place ends that there, and nowhere else.
    /// </summary>
    /// <param name="deployment">Id of the deployment that will work on it; null: the same.</param>
    /// <param name="endpoint">Where it will be met; null: at the same endpoint.</param>
    /// <param name="within">A start at the new place is taken for this move until then.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreException">Nobody has worked on this database yet, or that is where it is.</exception>
    /// <exception cref="FrozenException">The database is frozen: whose it is must be settled first.</exception>
    public async Task<AnnouncedMove> AnnounceMoveAsync(string? deployment, string? endpoint, TimeSpan within, CancellationToken cancellationToken = default)
    {
        var owner = await _store.ReadAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new StoreException("No server has worked on this database yet: it may be moved as it is.");
        if (owner.Freeze is { } freeze)
        {
            throw new FrozenException(freeze);
        }

        var to = new DatabasePlace(deployment ?? owner.Place.Deployment, endpoint ?? owner.Place.Endpoint);
        if (OwnershipRules.IsAt(owner.Place, to))
        {
            throw new StoreException($"The database belongs to {OwnershipRules.Words(owner.Place)} as it is: that is no move.");
        }

        var move = new AnnouncedMove(to, _time.GetUtcNow() + within);
        await _store.AnnounceAsync(move, cancellationToken).ConfigureAwait(false);
        return move;
    }

    /// <summary>Calls an announced move off: refreshing goes on where the database is. False: none was announced.</summary>
    public async Task<bool> CancelMoveAsync(CancellationToken cancellationToken = default)
    {
        var announced = await _store.ReadAsync(cancellationToken).ConfigureAwait(false) is { Move: not null };
        await _store.AnnounceAsync(null, cancellationToken).ConfigureAwait(false);
        return announced;
    }

    /// <exception cref="FrozenException">The database is frozen.</exception>
    internal void ThrowIfFrozen()
    {
        if (Freeze is { } freeze)
        {
            throw new FrozenException(freeze);
        }
    }

    /// <summary>Decides for the first time.</summary>
    /// <param name="wrongRing">How the key ring differs from the keys the database was sealed with; null: it does not.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    internal async Task StartAsync(string? wrongRing, CancellationToken cancellationToken)
    {
        if (wrongRing is not null)
        {
            var freeze = new Freeze(FreezeReason.KeyRing, wrongRing, _time.GetUtcNow());
            _isWrongRing = true;
            _sealer.Lock(freeze);
            await SetAsync(freeze, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (await _store.ReadAsync(cancellationToken).ConfigureAwait(false) is { } owner && _memory.Load(owner.DatabaseId) is null)
        {
            _logger.NothingRemembered(owner.DatabaseId, owner.Mark);
        }

        await LookAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Decides again, and while it is ours moves the mark on.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_isWrongRing)
        {
            return;
        }

        var owner = await FindOwnerAsync(cancellationToken).ConfigureAwait(false);
        if (_databaseId != owner.DatabaseId)
        {
            // Another database stands where ours was: what is remembered of that one says nothing about this one.
            _databaseId = owner.DatabaseId;
            _memory.Load(owner.DatabaseId);
        }

        var now = _time.GetUtcNow();
        var freeze = OwnershipRules.Judge(owner, Here, _memory.Current, _memory.Span, now) ?? _decrypt.Found;
        if (freeze is { Reason: FreezeReason.OldBackup or FreezeReason.Undecryptable } && owner.Freeze is null)
        {
            freeze = (await _store.FreezeAsync(freeze.Reason, freeze.Detail, owner.Epoch, now, cancellationToken).ConfigureAwait(false)).Freeze;
            _decrypt.Reset();
        }

        if (freeze is null && owner.Move is not null)
        {
            owner = await CompleteMoveAsync(owner, cancellationToken).ConfigureAwait(false);
            freeze = OwnershipRules.Judge(owner, Here, _memory.Current, _memory.Span, now);
        }

        await SetAsync(freeze, cancellationToken).ConfigureAwait(false);
        if (Freeze is null)
        {
            _memory.Note(await _store.MarkAsync(Here, owner.Epoch, now, cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>This process ends.</summary>
    internal void Stop()
    {
        if (_databaseId is { } id && Freeze is null)
        {
            _memory.Save(id);
        }
    }

    /// <summary>A stored token was opened.</summary>
    internal void NoteOpened() => _decrypt.NoteOpened();

    /// <summary>A stored token did not open under the key that sealed it: many of them are no accident of single rows (D6).</summary>
    internal void NoteUndecryptable(ConnectionId id)
    {
        if (_decrypt.NoteUndecryptable(id) is { } found && Freeze is null)
        {
            // At once for this process; the next look tells the others.
            Volatile.Write(ref _freeze, found);
            Report(found);
        }
    }

    private async Task<DatabaseOwner> FindOwnerAsync(CancellationToken cancellationToken)
    {
        if (await _store.ReadAsync(cancellationToken).ConfigureAwait(false) is { } owner)
        {
            return owner;
        }

        owner = await _store.AdoptAsync(Guid.NewGuid().ToString("N"), Here, _time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        _logger.Adopted(owner.DatabaseId, owner.Place.Deployment, owner.Place.Endpoint);
        return owner;
    }

    // Of two workers that start at the new place one completes the move; the other finds it done.
    private async Task<DatabaseOwner> CompleteMoveAsync(DatabaseOwner owner, CancellationToken cancellationToken)
    {
        if (await _store.ConfirmAsync(Here, owner.Epoch, NextEpoch(owner, _memory.Current), _time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
        {
            _logger.Moved(owner.Place.Deployment, owner.Place.Endpoint, Here.Deployment, Here.Endpoint);
        }

        return await FindOwnerAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>An epoch that neither the database nor this machine has seen.</summary>
    internal static long NextEpoch(DatabaseOwner owner, RememberedMark? remembered) => Math.Max(owner.Epoch, remembered?.Epoch ?? 0) + 1;

    private async Task SetAsync(Freeze? freeze, CancellationToken cancellationToken)
    {
        // What many undecryptable tokens say may have come up since this look began.
        freeze ??= _decrypt.Found;
        var before = Freeze;
        if (freeze is null && before is not null)
        {
            await (Thawing?.Invoke(cancellationToken) ?? Task.CompletedTask).ConfigureAwait(false);
            _logger.Thawed(Names.Of(before.Reason));
        }
        else if (freeze is not null && freeze.Reason != before?.Reason)
        {
            Report(freeze);
        }

        // The instant it was first found stays.
        Volatile.Write(ref _freeze, freeze is not null && freeze.Reason == before?.Reason ? freeze with { Since = before.Since } : freeze);
    }

    private void Report(Freeze freeze) => _logger.Frozen(Names.Of(freeze.Reason), freeze.Detail, freeze.Remedy);
}
