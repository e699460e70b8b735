using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Rekindle.Simulator.Authorize;

/// <summary>What a code stands for until it is exchanged.</summary>
internal sealed record PendingCode
{
    public required string ClientId { get; init; }

    public required string RedirectUri { get; init; }

    public required string Subject { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required bool WithRefreshToken { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public string? Challenge { get; init; }

    public string? Nonce { get; init; }
}

/// <summary>The authorization codes of one server. Each is taken once; a second taking names the grant of the first.</summary>
internal sealed class CodeBook(string? marker, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Entry> _codes = new();

    public string Add(PendingCode pending)
    {
        Prune();
        var code = $"code-{marker}{RandomNumberGenerator.GetHexString(40, lowercase: true)}";
        _codes[code] = new Entry(pending);
        return code;
    }

    public PendingCode? Peek(string code) => _codes.GetValueOrDefault(code)?.Pending;

    /// <summary>Takes a code. False: it was taken before, and <paramref name="earlier"/> is what came of it.</summary>
    public bool TryTake(string code, out long earlier)
    {
        var entry = _codes[code];
        earlier = Interlocked.Read(ref entry.Grant);
        return Interlocked.Exchange(ref entry.Taken, 1) == 0;
    }

    public void NoteGrant(string code, long grant) => Interlocked.Exchange(ref _codes[code].Grant, grant);

    // A day after its end nobody presents a code again.
    private void Prune()
    {
        var longPast = time.GetUtcNow() - TimeSpan.FromDays(1);
        foreach (var (code, entry) in _codes)
        {
            if (entry.Pending.ExpiresAt < longPast)
            {
                _codes.TryRemove(code, out _);
            }
        }
    }

    private sealed class Entry(PendingCode pending)
    {
        public int Taken;
        public long Grant;

        public PendingCode Pending => pending;
    }
}
