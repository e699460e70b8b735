using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Sql;
using Rekindle.Sqlite;
using Rekindle.Stores.Tests.Contract;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Sqlite;

/// <summary>A SQLite file of a test's own: a copy of one that was migrated once.</summary>
public sealed class SqliteTestStore : TestStore
{
    private static readonly Lazy<Task<byte[]>> Migrated = new(MigrateAsync);

    private readonly TempFolder _folder = new();

    public override async Task InitializeAsync() => await File.WriteAllBytesAsync(_folder.File("rekindle.db"), await Migrated.Value);

    public override Task CreateEmptyAsync() => File.WriteAllBytesAsync(_folder.File("rekindle.db"), []);

    internal override StoreSet Open(TimeProvider time, NullLoggerFactory loggers) =>
        SqliteStores.Create(new SqliteOptions { Path = _folder.File("rekindle.db") }, time, loggers);

    protected override ValueTask RemoveAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static async Task<byte[]> MigrateAsync()
    {
        using var folder = new TempFolder();
        var file = folder.File("template.db");
        await using (var stores = SqliteStores.Create(new SqliteOptions { Path = file }, new ManualClock(), NullLoggerFactory.Instance))
        {
            await stores.Database.MigrateAsync(default);
        }

        return await File.ReadAllBytesAsync(file);
    }
}
