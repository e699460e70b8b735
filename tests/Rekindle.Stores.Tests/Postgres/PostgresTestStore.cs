using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Postgres;
using Rekindle.Sql;
using Rekindle.Stores.Tests.Contract;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>A PostgreSQL database of a test's own: a copy of one that was migrated once.</summary>
public sealed class PostgresTestStore : TestStore
{
    private Testing.PostgresDatabase? _database;

    /// <summary>How to reach the database.</summary>
    internal string ConnectionString => _database!.ConnectionString;

    /// <summary>What a test sets apart from the connection string.</summary>
    internal Action<PostgresOptions> Configure { get; set; } = static _ => { };

    public override async Task InitializeAsync()
    {
        var server = await PostgresServer.GetAsync();
        _database = await server.CreateDatabaseAsync("migrated", MigrateAsync);
    }

    public override async Task CreateEmptyAsync()
    {
        var server = await PostgresServer.GetAsync();
        _database = await server.CreateDatabaseAsync();
    }

    internal override StoreSet Open(TimeProvider time, NullLoggerFactory loggers)
    {
        var options = new PostgresOptions { ConnectionString = ConnectionString };
        Configure(options);
        return PostgresStores.Create(options, time, loggers);
    }

    protected override ValueTask RemoveAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task MigrateAsync(string connectionString)
    {
        await using var stores = PostgresStores.Create(
            new PostgresOptions { ConnectionString = connectionString }, TimeProvider.System, NullLoggerFactory.Instance);
        await stores.Database.MigrateAsync(default);
    }
}
