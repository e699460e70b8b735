using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;
using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Sqlite;

/// <summary>
/// One SQLite file. This process writes through one connection, taken in turn without blocking a thread, and reads
/// through a few others, which writers do not hinder (WAL). Other processes may use the same file: SQLite's own lock keeps
/// writers apart, and a write waits for it for the busy timeout.
/// </summary>
internal sealed class SqliteDatabase(SqliteOptions options, TimeProvider time) : SqlDatabase(time)
{
    private const int MostIdleReaders = 8;

    private readonly string _path = Path.GetFullPath(options.Path);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentBag<SqliteLink> _idleReaders = [];
    private SqliteLink? _writer;
    private volatile bool _disposed;

    public override string Description => $"SQLite {SqliteVersion()}, {_path}";

    public override string Endpoint => _path;

    /// <summary>Empty: BEGIN IMMEDIATE keeps all other writers out.</summary>
    public override string RowLock => "";

    protected override Assembly MigrationAssembly => typeof(SqliteDatabase).Assembly;

    /// <summary>Raised after each commit that appended to the change feed.</summary>
    public event Action? Changed;

    public override string RowLockOrSkip(string table) => "";

    public override string Contains(string column, string parameter) => $"contains_text({column}, {parameter})";

    public override async Task<bool> TableExistsAsync(SqlSession session, string table) =>
        await session.AnyAsync("select 1 from sqlite_master where type = 'table' and name = @name", ("name", table)).ConfigureAwait(false);

    public override Task<long> EstimateRowsAsync(SqlSession session, string table) =>
        session.FirstAsync($"select count(*) from {table}", static row => row.Long());

    /// <summary>Writes a page and waits for the disk: a read-only file or a full disk shows here and not with a rotated token in hand.</summary>
    public override Task ProbeAsync(CancellationToken cancellationToken) =>
        WriteAsync(session => session.ExecuteAsync("pragma user_version = 1"), cancellationToken);

    /// <summary>Nobody promotes a copy of a file behind our back.</summary>
    public override Task<string?> ReadTimelineAsync(CancellationToken cancellationToken) => Task.FromResult<string?>("file");

    /// <summary>Takes a connection back.</summary>
    public void Return(SqliteLink link, SqlMode mode, bool sound)
    {
        if (mode is SqlMode.Write or SqlMode.Migrate)
        {
            if (!sound || _disposed)
            {
                CloseWriter();
            }

            _writing.Release();
            return;
        }

        if (sound && !_disposed && _idleReaders.Count < MostIdleReaders)
        {
            _idleReaders.Add(link);
            return;
        }

        link.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _writing.WaitAsync().ConfigureAwait(false);
        CloseWriter();
        _writing.Release();
        while (_idleReaders.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }

    protected override async Task<SqlSession> OpenAsync(SqlMode mode, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (mode is SqlMode.Read or SqlMode.Snapshot)
        {
            return OpenReader(mode, cancellationToken);
        }

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (mode == SqlMode.Migrate)
            {
                SqliteFile.Create(_path);
            }

            _writer ??= Connect(readOnly: false);
            return new SqliteSession(this, _writer, mode, cancellationToken);
        }
        catch
        {
            CloseWriter();
            _writing.Release();
            throw;
        }
    }

    protected override StoreException? Translate(Exception exception) => SqliteErrors.Translate(exception, _path);

    protected override void FeedWritten() => Changed?.Invoke();

    private SqliteSession OpenReader(SqlMode mode, CancellationToken cancellationToken)
    {
        var link = _idleReaders.TryTake(out var idle) ? idle : Connect(readOnly: true);
        try
        {
            return new SqliteSession(this, link, mode, cancellationToken);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    private SqliteLink Connect(bool readOnly)
    {
        SqliteLibrary.Load();
        SqliteFile.RequireLocal(_path);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            // The driver tries a busy statement again until this has passed, over and above SQLite's own wait.
            DefaultTimeout = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds),
        }.ToString());
        try
        {
            connection.Open();
            Configure(connection, readOnly);
            return new(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Configure(SqliteConnection connection, bool readOnly)
    {
        connection.CreateFunction(
            "contains_text",
            (string? text, string part) => text is not null && text.Contains(part, StringComparison.OrdinalIgnoreCase),
            isDeterministic: true);
        using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"pragma busy_timeout = {(long)options.BusyTimeout.TotalMilliseconds}");
        command.ExecuteNonQuery();
        // SQLite says no by naming the mode it stays in, not by an error.
        command.CommandText = "pragma journal_mode = wal";
        if (command.ExecuteScalar() is not "wal")
        {
            throw new StoreException($"{_path} cannot keep a write-ahead log where it lies. Put it on an ordinary local disk, or use PostgreSQL.");
        }

        command.CommandText = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            pragma synchronous = full;
            pragma foreign_keys = on;
            pragma query_only = {(readOnly ? 1 : 0)};
            """);
        command.ExecuteNonQuery();
    }

    private void CloseWriter()
    {
        _writer?.Dispose();
        _writer = null;
    }

    private static string SqliteVersion()
    {
        SqliteLibrary.Load();
        return SQLitePCL.raw.sqlite3_libversion().utf8_to_string();
    }
}
