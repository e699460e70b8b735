using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Rekindle.Sql;
using Rekindle.Sqlite;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Sqlite;

/// <summary>The SQLite file: who may read it, how it is written, and what is said when something is wrong with it.</summary>
public sealed class SqliteFileTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<StoreSet> _opened = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var stores in _opened)
        {
            await stores.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Fact, Trait("Req", "D4")]
    public async Task File_and_folder_are_made_for_their_owner_only()
    {
        var path = Path.Combine(_folder.File("made"), "deep", "rekindle.db");

        await using var stores = Open(path);
        await stores.Database.MigrateAsync(default);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(path)!))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact, Trait("Req", "F4")]
    public async Task Writes_are_durable_and_readers_are_not_in_their_way()
    {
        var database = await MigratedAsync();

        var (journal, synchronous, foreignKeys) = await database.WriteAsync(
            async s => (await ValueAsync(s, "pragma journal_mode"), await ValueAsync(s, "pragma synchronous"), await ValueAsync(s, "pragma foreign_keys")),
            default);

        Assert.Equal(("wal", 2L, 1L), (journal, synchronous, foreignKeys));
    }

    [Fact, Trait("Req", "F4"), Trait("Req", "I5")]
    public async Task A_write_has_the_lock_before_its_first_look_and_a_reader_takes_none()
    {
        var database = await MigratedAsync();
        await using var other = new SqliteConnection($"Data Source={_folder.File("rekindle.db")};Pooling=False;Default Timeout=1");
        await other.OpenAsync();

        var duringRead = await database.ReadAsync(_ => Task.FromResult(Begins(other)), default);
        var duringWrite = await database.WriteAsync(_ => Task.FromResult(Begins(other)), default);

        Assert.Equal((true, false, true), (duringRead, duringWrite, Begins(other)));
    }

    [Fact, Trait("Req", "F4")]
    public async Task Readers_cannot_write()
    {
        var database = await MigratedAsync();

        var e = await Assert.ThrowsAsync<StoreException>(() => database.ReadAsync(s => s.ExecuteAsync("delete from audit"), default));

        Assert.Contains("read-only", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "F4")]
    public async Task A_snapshot_does_not_see_what_is_written_meanwhile()
    {
        var database = await MigratedAsync();

        var (before, after) = await database.SnapshotAsync(
            async s =>
            {
                var first = await ValueAsync(s, "select count(*) from encryption_keys");
                await database.AddKeyCheckAsync("k", [1], DateTimeOffset.UnixEpoch, default);
                return (first, await ValueAsync(s, "select count(*) from encryption_keys"));
            },
            default);

        Assert.Equal((0L, 0L), (before, after));
        Assert.Single(await database.ReadKeyChecksAsync(default));
    }

    [Fact, Trait("Req", "A14")]
    public async Task A_missing_file_is_named_with_the_remedy_and_not_made_by_reading()
    {
        var path = _folder.File("missing.db");

        var e = await Assert.ThrowsAsync<StoreException>(() => Open(path).Integrations.ListAsync(default));

        Assert.Contains(path, e.Message, StringComparison.Ordinal);
        Assert.Contains("migrating makes it", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Fact, Trait("Req", "A14")]
    public async Task A_file_that_is_no_database_is_left_as_it_is()
    {
        var path = _folder.File("letter.db");
        var content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Dear Sir or Madam, ", 500)));
        await File.WriteAllBytesAsync(path, content);

        var e = await Assert.ThrowsAsync<StoreException>(() => Open(path).Database.MigrateAsync(default));

        Assert.Contains("is not a SQLite database", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
        Assert.Equal(content, await File.ReadAllBytesAsync(path));
    }

    [Fact, Trait("Req", "A14")]
    public async Task A_damaged_file_is_called_damaged()
    {
        await using (var stores = Open(_folder.File("rekindle.db")))
        {
            await stores.Database.MigrateAsync(default);
        }

        await using (var file = File.OpenWrite(_folder.File("rekindle.db")))
        {
            file.Seek(4096, SeekOrigin.Begin);
            file.Write(new byte[200_000]);
        }

        var e = await Assert.ThrowsAsync<StoreException>(() => Open(_folder.File("rekindle.db")).Audit.ListAsync("x", null, 1, default));

        Assert.Contains("is damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "A14")]
    public async Task A_folder_in_place_of_the_file_is_an_error_of_ours()
    {
        Directory.CreateDirectory(_folder.File("folder.db"));

        await Assert.ThrowsAsync<StoreException>(() => Open(_folder.File("folder.db")).Database.MigrateAsync(default));
    }

    [Theory, Trait("Req", "A14")]
    [InlineData(5, true, "another process")]
    [InlineData(8, false, "read-only")]
    [InlineData(10, true, "disk reports an error")]
    [InlineData(11, false, "damaged")]
    [InlineData(13, true, "disk is full")]
    [InlineData(14, false, "cannot be opened")]
    [InlineData(26, false, "not a SQLite database")]
    [InlineData(19, false, "refused a statement: constraint")]
    public void What_SQLite_says_becomes_what_to_do(int code, bool transient, string expected)
    {
        var e = SqliteErrors.Translate(new SqliteException("constraint", code), "/data/rekindle.db")!;

        Assert.StartsWith("/data/rekindle.db ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Equal(transient, e.IsTransient);
    }

    [Fact, Trait("Req", "A14")]
    public void What_is_not_the_database_s_is_left_to_others() =>
        Assert.Null(SqliteErrors.Translate(new InvalidOperationException(), "/data/rekindle.db"));

    [Fact, Trait("Failure", "F18")]
    public async Task A_writer_of_another_process_that_does_not_end_is_a_passing_trouble()
    {
        var database = await MigratedAsync();
        await using var other = new SqliteConnection($"Data Source={_folder.File("rekindle.db")};Pooling=False");
        await other.OpenAsync();
        await using (other.BeginTransaction(deferred: false))
        {
            var waited = Stopwatch.StartNew();

            var e = await Assert.ThrowsAsync<StoreException>(() => database.ProbeAsync(default));

            Assert.True(e.IsTransient);
            Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
            Assert.Empty(await database.ReadKeyChecksAsync(default));
        }

        await database.ProbeAsync(default);
    }

    [Fact, Trait("Req", "A4")]
    public async Task Writers_of_this_process_wait_their_turn_without_a_thread()
    {
        var database = await MigratedAsync();
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        var first = database.WriteAsync(
            async _ =>
            {
                entered.SetResult();
                await leave.Task;
            },
            default);
        await entered.Task;

        var second = database.AddKeyCheckAsync("k", [1], DateTimeOffset.UnixEpoch, default);

        Assert.False(second.IsCompleted);
        leave.SetResult();
        await first;
        Assert.True(await second);
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_writer_that_gives_up_waiting_leaves_the_turn_to_others()
    {
        var database = await MigratedAsync();
        var leave = new TaskCompletionSource();
        var first = database.WriteAsync(async _ => await leave.Task, default);
        using var impatient = new CancellationTokenSource();
        var second = database.AddKeyCheckAsync("k1", [1], DateTimeOffset.UnixEpoch, impatient.Token);
        var third = database.AddKeyCheckAsync("k2", [1], DateTimeOffset.UnixEpoch, default);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        leave.SetResult();

        await first;
        Assert.True(await third);
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_closed_database_takes_no_more_work_and_closes_once()
    {
        var stores = Open(_folder.File("rekindle.db"));
        await stores.Database.MigrateAsync(default);
        await stores.DisposeAsync();
        await stores.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => stores.Database.ProbeAsync(default));
        Assert.False(File.Exists(_folder.File("rekindle.db-wal")));
    }

    private static Task<object?> ValueAsync(SqlSession session, string sql) => session.FirstAsync(sql, row => row.Value());

    private async Task<SqlDatabase> MigratedAsync()
    {
        var stores = Open(_folder.File("rekindle.db"));
        await stores.Database.MigrateAsync(default);
        return stores.Database;
    }

    private StoreSet Open(string path)
    {
        var stores = SqliteStores.Create(
            new SqliteOptions { Path = path, BusyTimeout = TimeSpan.FromSeconds(1) }, new ManualClock(), NullLoggerFactory.Instance);
        _opened.Add(stores);
        return stores;
    }

    private static bool Begins(SqliteConnection connection)
    {
        try
        {
            using var transaction = connection.BeginTransaction(deferred: false);
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_BUSY)
        {
            return false;
        }
    }
}
