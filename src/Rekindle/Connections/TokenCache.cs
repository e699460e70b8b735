using System.Collections.Concurrent;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// Opened access tokens of this process, by connection and by the name callers use. Bounded in bytes; entries go when the
/// change feed names them. Refresh tokens are never here.
/// </summary>
/// <remarks>
/// What was invalidated is <em>outdated</em>: something about the connection has changed, its token may be as good as before. It is kept
/// until the store was read again, and is the answer only while the store cannot be (I11). What was withdrawn is gone. Looking something up
/// takes no lock; changes take one per group of connections.
/// </remarks>
internal sealed class TokenCache(Sealer sealer, UnwrittenResults unwritten, RefreshOptions options)
{
    private const long MaxBytes = 128L << 20;
    private const long BytesAfterShrinking = MaxBytes / 10 * 9;
    private const int Stripes = 4096;
    private const int Gates = 64;

    private readonly ConcurrentDictionary<ConnectionId, CachedConnection> _byId = new();
    private readonly ConcurrentDictionary<ConnectionId, CachedConnection> _outdated = new();
    private readonly ConcurrentDictionary<TokenQuery, (ConnectionId Id, long Stamp)> _byName = new();
    private readonly ConcurrentDictionary<ConnectionId, TaskCompletionSource> _watched = new();
    private readonly Lock[] _gates = [.. Enumerable.Range(0, Gates).Select(_ => new Lock())];

    // When each connection was last invalidated, or withdrawn, by a stripe of its id: a snapshot read before that must not be kept after it.
    private readonly long[] _invalidated = new long[Stripes];
    private readonly long[] _withdrawn = new long[Stripes];
    private long _namesForgotten;
    private long _sequence;
    private long _bytes;

    /// <summary>Take it before reading the store, and give it to <see cref="Put"/>.</summary>
    public long Stamp => Volatile.Read(ref _sequence);

    /// <summary>By id; null: not in memory.</summary>
    public CachedConnection? Find(ConnectionId id) => _byId.GetValueOrDefault(id);

    /// <summary>
    /// By name; null: not in memory. A name is as old as what it led to: after a change of that connection another may have to stand in
    /// for the purpose.
    /// </summary>
    public CachedConnection? Find(in TokenQuery name) =>
        _byName.TryGetValue(name, out var named) && Volatile.Read(ref _namesForgotten) <= named.Stamp
            && Volatile.Read(ref _invalidated[Stripe(named.Id)]) <= named.Stamp ? Find(named.Id) : null;

    /// <summary>The same or, where that has changed since, what was known before: for when the store cannot be read.</summary>
    public CachedConnection? FindLast(ConnectionId id) => _byId.GetValueOrDefault(id) ?? _outdated.GetValueOrDefault(id);

    /// <inheritdoc cref="FindLast(ConnectionId)"/>
    public CachedConnection? FindLast(in TokenQuery name) => _byName.TryGetValue(name, out var named) ? FindLast(named.Id) : null;

    /// <summary>Remembers what a name leads to, as the store said after <paramref name="stamp"/> was taken.</summary>
    public void Name(in TokenQuery name, ConnectionId id, long stamp) => _byName[name] = (id, stamp);

    /// <summary>
    /// Opens a snapshot and keeps it, unless a newer one is there, or one is known that is not in the store yet. Where it was invalidated since <paramref name="stamp"/> it is outdated from
    /// the beginning, and where it was withdrawn it is not kept at all.
    /// </summary>
    public CachedConnection Put(ConnectionSnapshot snapshot, long stamp)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var fresh = Open(snapshot);
        CachedConnection there;
        long more;
        lock (Gate(fresh.Id))
        {
            (there, more) = Keep(fresh, stamp);
        }

        Weigh(more);
        return there;
    }

    /// <summary>A connection changed somewhere: what is here may be old.</summary>
    public void Invalidate(ConnectionId id)
    {
        long more = 0;
        lock (Gate(id))
        {
            Volatile.Write(ref _invalidated[Stripe(id)], Interlocked.Increment(ref _sequence));
            if (_byId.TryRemove(id, out var old))
            {
                more = KeepOutdated(old) - old.Weight;
            }
        }

        Weigh(more);
        Wake(id);
    }

    /// <summary>Nothing of a connection may be handed out any more, whether or not the store can be read.</summary>
    public void Withdraw(ConnectionId id)
    {
        lock (Gate(id))
        {
            var now = Interlocked.Increment(ref _sequence);
            Volatile.Write(ref _withdrawn[Stripe(id)], now);
            Volatile.Write(ref _invalidated[Stripe(id)], now);
            Evict(id);
        }

        Wake(id);
    }

    /// <summary>This process has changed a connection, and this is what it is now: its own readers need not wait for the change feed.</summary>
    public void Changed(ConnectionSnapshot now)
    {
        ArgumentNullException.ThrowIfNull(now);
        var id = now.Connection.Id;
        if (now.Connection.Status.IsWithheld())
        {
            Withdraw(id);
            return;
        }

        Invalidate(id);
        if (_outdated.ContainsKey(id))
        {
            // Of what is outdated, this is the last that is known.
            Put(now, Volatile.Read(ref _invalidated[Stripe(id)]) - 1);
        }
    }

    /// <summary>A grant was stored by this process.</summary>
    public void Granted(GrantResult result)
    {
        switch (result)
        {
            case GrantResult.Created:
                ForgetNames();
                break;
            case GrantResult.Replaced replaced:
                ForgetNames();
                Changed(replaced.Snapshot);
                break;
        }
    }

    /// <summary>Whatever is here may be of a history that ended.</summary>
    public void Clear()
    {
        foreach (var id in _byId.Keys.Concat(_outdated.Keys))
        {
            Withdraw(id);
        }

        _byName.Clear();
    }

    /// <summary>Connections were made: names may lead elsewhere.</summary>
    public void ForgetNames() => Volatile.Write(ref _namesForgotten, Interlocked.Increment(ref _sequence));

    /// <summary>Lets go of outdated tokens that have ended, and of names that lead to nothing here.</summary>
    public void Tidy(DateTimeOffset now)
    {
        foreach (var (id, _) in _outdated.Where(o => o.Value.Token is null || o.Value.Token.ExpiresAt <= now))
        {
            lock (Gate(id))
            {
                EvictOutdated(id);
            }
        }

        foreach (var (name, _) in _byName.Where(n => FindLast(n.Value.Id) is null))
        {
            _byName.TryRemove(name, out _);
        }
    }

    /// <summary>Completes at the connection's next change.</summary>
    public Task NextChange(ConnectionId id) =>
        _watched.GetOrAdd(id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Connections that callers used since the last call.</summary>
    public IReadOnlyList<CachedConnection> TakeUsed() => [.. _byId.Values.Where(c => c.TakeUsed())];

    private static int Stripe(ConnectionId id) => (int)(id.Value & (Stripes - 1));

    private Lock Gate(ConnectionId id) => _gates[id.Value & (Gates - 1)];

    private (CachedConnection There, long More) Keep(CachedConnection fresh, long stamp)
    {
        var id = fresh.Id;
        if (Volatile.Read(ref _withdrawn[Stripe(id)]) > stamp)
        {
            return (fresh, 0);
        }

        if (unwritten.IsOf(id) && !fresh.Connection.Status.IsWithheld() && _outdated.TryGetValue(id, out var known) && !IsNewer(fresh.Snapshot, known.Snapshot))
        {
            // The store does not have yet what this process has learned and handed out.
            return (known, 0);
        }

        _byId.TryGetValue(id, out var there);
        if (Volatile.Read(ref _invalidated[Stripe(id)]) > stamp)
        {
            return (fresh, there is null ? KeepOutdated(fresh) : 0);
        }

        if (there is not null && !IsNewer(fresh.Snapshot, there.Snapshot))
        {
            return (there, 0);
        }

        _byId[id] = fresh;
        return (fresh, fresh.Weight - (there?.Weight ?? 0) - (_outdated.TryRemove(id, out var outdated) ? outdated.Weight : 0));
    }

    private long KeepOutdated(CachedConnection entry)
    {
        if (_outdated.TryGetValue(entry.Id, out var before) && !IsNewer(entry.Snapshot, before.Snapshot))
        {
            return 0;
        }

        _outdated[entry.Id] = entry;
        return entry.Weight - (before?.Weight ?? 0);
    }

    private void Wake(ConnectionId id)
    {
        if (_watched.TryRemove(id, out var watched))
        {
            watched.TrySetResult();
        }
    }

    private void Evict(ConnectionId id)
    {
        if (_byId.TryRemove(id, out var old))
        {
            Interlocked.Add(ref _bytes, -old.Weight);
        }

        EvictOutdated(id);
    }

    private void EvictOutdated(ConnectionId id)
    {
        if (_outdated.TryRemove(id, out var outdated))
        {
            Interlocked.Add(ref _bytes, -outdated.Weight);
        }
    }

    private void Weigh(long more)
    {
        if (Interlocked.Add(ref _bytes, more) > MaxBytes)
        {
            Shrink();
        }
    }

    private CachedConnection Open(ConnectionSnapshot snapshot)
    {
        var connection = snapshot.Connection;
        if (snapshot.Tokens is not { } tokens)
        {
            return new CachedConnection(snapshot, null, null, options.DemandFreshness);
        }

        var opened = sealer.Open(tokens.AccessToken, connection.SealContext(SecretKind.AccessToken, tokens.GrantNo));
        var token = opened is OpenResult.Opened { Value: var value }
            ? new AccessToken(connection.Id, value, tokens.TokenType, tokens.ExpiresAt, tokens.Scopes, tokens.Version)
            : null;
        return new CachedConnection(snapshot, token, opened.Problem, options.DemandFreshness);
    }

    private static bool IsNewer(ConnectionSnapshot a, ConnectionSnapshot b) =>
        (a.Tokens?.Version ?? int.MaxValue) >= (b.Tokens?.Version ?? int.MaxValue);

    // A tenth goes: what is outdated, and where that is not enough others, whichever come first. What is used comes back with one read.
    private void Shrink()
    {
        EvictSome(_outdated, EvictOutdated);
        EvictSome(_byId, Evict);

        if (_byName.Count > 2 * Math.Max(1000, _byId.Count))
        {
            _byName.Clear();
        }
    }

    private void EvictSome(ConcurrentDictionary<ConnectionId, CachedConnection> entries, Action<ConnectionId> evict)
    {
        foreach (var (id, _) in entries)
        {
            if (Volatile.Read(ref _bytes) <= BytesAfterShrinking)
            {
                return;
            }

            lock (Gate(id))
            {
                evict(id);
            }
        }
    }
}
