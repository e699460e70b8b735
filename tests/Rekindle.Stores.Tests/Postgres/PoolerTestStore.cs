using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Postgres;
using Rekindle.Sql;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>The same, behind pgbouncer in transaction mode: every transaction may meet another session of the few there are.</summary>
public sealed class PoolerTestStore : PostgresTestStore
{
    private Pooler? _pooler;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _pooler = await Pooler.GetAsync();
    }

    public override async Task CreateEmptyAsync()
    {
        await base.CreateEmptyAsync();
        _pooler = await Pooler.GetAsync();
    }

    internal override StoreSet Open(TimeProvider time, NullLoggerFactory loggers) => PostgresStores.Create(
        new PostgresOptions { ConnectionString = _pooler!.Before(Database!), ThroughPooler = true }, time, loggers);
}
