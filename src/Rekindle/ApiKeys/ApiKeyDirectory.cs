using System.Collections.Concurrent;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.ApiKeys;

/// <summary>
/// From a presented API key to its <see cref="Caller"/>. A key that was found is trusted for five seconds, less when the
/// change feed says that keys changed; while the database is away it is trusted as long as tokens are served from memory.
/// </summary>
public sealed class ApiKeyDirectory
{
    private const int MostKnown = 10_000;
    private static readonly TimeSpan Trusted = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly IApiKeyStore _store;
    private readonly RefreshClock _clock;
    private long _changes;

    internal ApiKeyDirectory(IApiKeyStore store, ChangeFollower changes, RefreshClock clock)
    {
        _store = store;
        _clock = clock;
        changes.ApiKeysChanged += () => Interlocked.Increment(ref _changes);
    }

    /// <summary>Whether this key id was good not long ago. Says nothing about the secret that was presented with it.</summary>
    public bool IsKnown(string keyId) => _known.ContainsKey(keyId);

    /// <summary>Whom a key belongs to; null: it is not one of ours, has ended, or was revoked.</summary>
    /// <exception cref="StoreException">The database is away and the key is not in memory.</exception>
    public ValueTask<Caller?> FindAsync(string presentedKey, CancellationToken cancellationToken)
    {
        if (!ApiKeyFormat.TryParse(presentedKey, out _, out var id))
        {
            return new((Caller?)null);
        }

        return _known.TryGetValue(id, out var known) && IsTrusted(known)
            ? new(Verified(known.Caller, presentedKey))
            : ReadAsync(id, presentedKey, known, cancellationToken);
    }

    private bool IsTrusted(Known known) =>
        known.Changes == Volatile.Read(ref _changes) && _clock.Time.GetElapsedTime(known.ReadAt) < Trusted;

    private async ValueTask<Caller?> ReadAsync(string id, string presentedKey, Known? known, CancellationToken cancellationToken)
    {
        var fresh = new Known(null!, Volatile.Read(ref _changes), _clock.Time.GetTimestamp());
        ApiKey? stored;
        try
        {
            stored = await _store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException) when (known is not null && _clock.Time.GetElapsedTime(known.ReadAt) < _clock.Options.MaxStale)
        {
            return Verified(known.Caller, presentedKey);
        }

        if (stored is null || stored.ExpiresAt <= _clock.Now)
        {
            _known.TryRemove(id, out _);
            return null;
        }

        var caller = new Caller(stored);
        if (Verified(caller, presentedKey) is null)
        {
            return null;
        }

        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        _known[id] = fresh with { Caller = caller };
        return caller;
    }

    private Caller? Verified(Caller caller, string presentedKey) =>
        ApiKeyFormat.Matches(presentedKey, caller.Key.Hash) && !(caller.Key.ExpiresAt <= _clock.Now) ? caller : null;

    private sealed record Known(Caller Caller, long Changes, long ReadAt);
}
