using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Sql;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>One test's own, migrated database of one kind, and as many programs working on it as the test wants.</summary>
public abstract class TestStore : IAsyncDisposable
{
    private readonly List<StoreSet> _opened = [];

    internal ManualClock Clock { get; } = new();

    /// <summary>Makes the database, migrated. Called once, before anything else; a test of migrations does not.</summary>
    public abstract Task InitializeAsync();

    /// <summary>Makes the database without anything in it.</summary>
    public abstract Task CreateEmptyAsync();

    /// <summary>The stores of one more program: pools, locks and caches of its own, the same database.</summary>
    internal StoreSet Open() => Keep(Open(Clock, NullLoggerFactory.Instance));

    public async ValueTask DisposeAsync()
    {
        foreach (var stores in _opened)
        {
            await stores.DisposeAsync();
        }

        await RemoveAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes a program's stores with the others, before the database is removed.</summary>
    internal StoreSet Keep(StoreSet stores)
    {
        _opened.Add(stores);
        return stores;
    }

    internal abstract StoreSet Open(TimeProvider time, NullLoggerFactory loggers);

    /// <summary>Removes the database; all programs have let go of it.</summary>
    protected abstract ValueTask RemoveAsync();
}
