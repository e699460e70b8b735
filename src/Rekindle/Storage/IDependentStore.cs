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

    /// <summary>Those of an environment, by connection and name; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<Dependent>> ListAsync(string environment, DependentState? state, int limit, CancellationToken cancellationToken);
}
