using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>Dependents of connections. Their state follows the connection's in its own transactions.</summary>
public interface IDependentStore
{
    /// <summary>Attaches a dependent, or changes its label and consequence; its state follows the connection's status. Null: no such connection.</summary>
    Task<Dependent?> PutAsync(Dependent dependent, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Detaches one; false: there was none.</summary>
    Task<bool> DeleteAsync(ConnectionId id, string name, CancellationToken cancellationToken);

    /// <summary>Those of one connection, by name.</summary>
    Task<IReadOnlyList<Dependent>> ListAsync(ConnectionId id, CancellationToken cancellationToken);

    /// <summary>One page of an environment's, by connection and name. <paramref name="after"/> is the last one of the page before; null: the first page.</summary>
    Task<IReadOnlyList<Dependent>> ListAsync(
        string environment, DependentState? state, DependentPosition? after, int limit, CancellationToken cancellationToken);
}

/// <summary>Where a page of dependents ended.</summary>
public sealed record DependentPosition(ConnectionId ConnectionId, string Name);
