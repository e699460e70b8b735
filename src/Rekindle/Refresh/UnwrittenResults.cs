using System.Collections.Concurrent;
using Rekindle.Connections;

namespace Rekindle.Refresh;

/// <summary>
/// Connections about which this process has learned something that the store does not have yet, or is about to. However long its lease has
/// run out, none of them is anybody lost: what became of the refresh is known here, and this process does not send the token once more
/// (I3). That counts where the store is there and takes no writes, or not this one.
/// </summary>
internal sealed class UnwrittenResults
{
    private readonly ConcurrentDictionary<ConnectionId, int> _counts = new();

    /// <summary>All of them, as of now.</summary>
    public IReadOnlySet<ConnectionId> Connections => _counts.Keys.ToHashSet();

    public bool IsOf(ConnectionId id) => _counts.ContainsKey(id);

    /// <summary>A refresh begins, or a result waits to be written.</summary>
    public void Enter(ConnectionId id) => _counts.AddOrUpdate(id, 1, static (_, count) => count + 1);

    /// <summary>One has ended.</summary>
    public void Leave(ConnectionId id)
    {
        if (_counts.AddOrUpdate(id, 0, static (_, count) => count - 1) == 0)
        {
            _counts.TryRemove(new(id, 0));
        }
    }
}
