using System.Collections.Concurrent;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// Opened access tokens of this process, by connection and by the name callers use. Bounded in bytes; entries go when the
/// change feed names them. Refresh tokens are never here.
/// </summary>
internal sealed class TokenCache(Sealer sealer, RefreshOptions options)
{
    private const long MaxBytes = 128L << 20;

    private readonly ConcurrentDictionary<ConnectionId, CachedConnection> _byId = new();
    private readonly ConcurrentDictionary<TokenQuery, (ConnectionId Id, long Stamp)> _byName = new();
    private readonly ConcurrentDictionary<ConnectionId, TaskCompletionSource> _watched = new();

    // When each connection was last invalidated, by a stripe of its id: a snapshot read before that must not be kept after it.
    private readonly long[] _invalidated = new long[4096];
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
        _byName.TryGetValue(name, out var named) && Volatile.Read(ref _invalidated[Stripe(named.Id)]) <= named.Stamp ? Find(named.Id) : null;

    /// <summary>Remembers what a name leads to, as the store said after <paramref name="stamp"/> was taken.</summary>
    public void Name(in TokenQuery name, ConnectionId id, long stamp) => _byName[name] = (id, stamp);

    /// <summary>Opens a snapshot and keeps it, unless a newer one is there or it was invalidated since <paramref name="stamp"/>.</summary>
    public CachedConnection Put(ConnectionSnapshot snapshot, long stamp)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var fresh = Open(snapshot);
        if (Volatile.Read(ref _invalidated[Stripe(snapshot.Connection.Id)]) > stamp)
        {
            return fresh;
        }

        while (true)
        {
            if (_byId.TryGetValue(snapshot.Connection.Id, out var there))
            {
                if (!IsNewer(fresh.Snapshot, there.Snapshot))
                {
                    return there;
                }

                if (_byId.TryUpdate(snapshot.Connection.Id, fresh, there))
                {
                    Weigh(fresh.Weight - there.Weight);
                    return fresh;
                }
            }
            else if (_byId.TryAdd(snapshot.Connection.Id, fresh))
            {
                Weigh(fresh.Weight);
                return fresh;
            }
        }
    }

    private void Weigh(int more)
    {
        if (Interlocked.Add(ref _bytes, more) > MaxBytes)
        {
            Shrink();
        }
    }

    /// <summary>A connection changed somewhere: what is here may be old.</summary>
    public void Invalidate(ConnectionId id)
    {
        Volatile.Write(ref _invalidated[Stripe(id)], Interlocked.Increment(ref _sequence));
        if (_byId.TryRemove(id, out var old))
        {
            Interlocked.Add(ref _bytes, -old.Weight);
        }

        if (_watched.TryRemove(id, out var watched))
        {
            watched.TrySetResult();
        }
    }

    /// <summary>A grant was stored by this process: its own readers need not wait for the change feed.</summary>
    public void Granted(GrantResult result)
    {
        switch (result)
        {
            case GrantResult.Created:
                ForgetNames();
                break;
            case GrantResult.Replaced replaced:
                ForgetNames();
                Invalidate(replaced.Snapshot.Connection.Id);
                break;
        }
    }

    /// <summary>Whatever is here may be of a history that ended.</summary>
    public void Clear()
    {
        foreach (var id in _byId.Keys)
        {
            Invalidate(id);
        }

        ForgetNames();
    }

    /// <summary>Connections were made or deleted: names may lead elsewhere.</summary>
    public void ForgetNames() => _byName.Clear();

    /// <summary>Completes at the connection's next change.</summary>
    public Task NextChange(ConnectionId id) =>
        _watched.GetOrAdd(id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Connections that callers used since the last call.</summary>
    public IReadOnlyList<CachedConnection> TakeUsed() => [.. _byId.Values.Where(c => c.TakeUsed())];

    private static int Stripe(ConnectionId id) => (int)(id.Value & 4095);

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

    // A tenth goes, whichever comes first: what is used comes back with one read.
    private void Shrink()
    {
        foreach (var id in _byId.Keys.Take(Math.Max(1, _byId.Count / 10)))
        {
            Invalidate(id);
        }

        if (_byName.Count > 2 * Math.Max(1000, _byId.Count))
        {
            _byName.Clear();
        }
    }
}
