using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>Whether the key ring is the one that the database was sealed with: every key ever used there is known by id and check value (F80).</summary>
internal sealed class KeyCheck(IDatabase database, KeyRing ring, TimeProvider time)
{
    /// <summary>How the ring differs; null: it does not. A ring that differs leaves nothing of itself in the database.</summary>
    public async Task<string?> FindMismatchAsync(CancellationToken cancellationToken)
    {
        var stored = await database.ReadKeyChecksAsync(cancellationToken).ConfigureAwait(false);
        var unknown = stored.Keys.Where(id => ring.Keys.All(k => k.Id != id)).ToArray();
        if (unknown.Length > 0)
        {
            return $"The database holds values sealed with key {string.Join(", ", unknown)}, which is not in this key ring ({string.Join(", ", ring.Keys.Select(k => k.Id))}).";
        }

        return ring.Keys.FirstOrDefault(k => stored.TryGetValue(k.Id, out var check) && !check.AsSpan().SequenceEqual(Convert.FromHexString(k.CheckValue))) is { } other
            ? Other(other.Id)
            : null;
    }

    /// <summary>The same, and where the ring fits its keys are recorded.</summary>
    public async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        if (await FindMismatchAsync(cancellationToken).ConfigureAwait(false) is { } mismatch)
        {
            return mismatch;
        }

        foreach (var key in ring.Keys)
        {
            if (!await database.AddKeyCheckAsync(key.Id, Convert.FromHexString(key.CheckValue), time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
            {
                return Other(key.Id);
            }
        }

        return null;
    }

    private static string Other(string id) => $"Key {id} of this key ring is another key than the one of that id the database was used with.";
}
