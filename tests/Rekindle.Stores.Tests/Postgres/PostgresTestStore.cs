using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Postgres;
using Rekindle.Sql;
using Rekindle.Stores.Tests.Contract;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>A PostgreSQL database of a test's own: a copy of one that was migrated once.</summary>
public class PostgresTestStore : TestStore
{
    /// <summary>The database, once it is made.</summary>
    internal Testing.PostgresDatabase? Database { get; private set; }

    /// <summary>How to reach the database.</summary>
    internal string ConnectionString => Database!.ConnectionString;

    public override async Task InitializeAsync()
    {
        var server = await PostgresServer.GetAsync();
        Database = await server.CreateDatabaseAsync("migrated", MigrateAsync);
    }

    public override async Task CreateEmptyAsync()
    {
        var server = await PostgresServer.GetAsync();
        Database = await server.CreateDatabaseAsync();
    }

    /// <summary>One more program, with settings of its own.</summary>
    internal StoreSet Open(Action<PostgresOptions> configure, TimeProvider? time = null, ILoggerFactory? loggers = null)
    {
        var options = new PostgresOptions { ConnectionString = ConnectionString };
        configure(options);
        return Keep(PostgresStores.Create(options, time ?? Clock, loggers ?? NullLoggerFactory.Instance));
    }

    internal override StoreSet Open(TimeProvider time, NullLoggerFactory loggers) =>
        PostgresStores.Create(new PostgresOptions { ConnectionString = ConnectionString }, time, loggers);

    protected override ValueTask RemoveAsync() => Database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task MigrateAsync(string connectionString)
    {
        await using var stores = PostgresStores.Create(
            new PostgresOptions { ConnectionString = connectionString }, TimeProvider.System, NullLoggerFactory.Instance);
        await stores.Database.MigrateAsync(default);
    }
}
