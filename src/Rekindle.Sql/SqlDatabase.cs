using System.Reflection;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>
/// What the SQL databases have in common: sessions with and without transaction, numbered migrations, and the few
/// places where the dialects differ in statements that are otherwise shared.
/// </summary>
internal abstract class SqlDatabase(TimeProvider time) : IDatabase, IAsyncDisposable
{
    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public abstract string Endpoint { get; }

    /// <summary>The clock for what is not handed in: when a row last changed, when a migration ran.</summary>
    public TimeProvider Time => time;

    /// <summary>Ends a select whose rows stay locked until the transaction ends; empty where a transaction locks everything.</summary>
    public abstract string RowLock { get; }

    /// <summary>The assembly that carries <c>Migrations/NNNN_*.sql</c>.</summary>
    protected abstract Assembly MigrationAssembly { get; }

    /// <summary>As <see cref="RowLock"/> for the rows of one table of the select, passing over those that somebody else holds.</summary>
    public abstract string RowLockOrSkip(string table);

    /// <summary>A condition: the column contains the parameter's text, whatever the case.</summary>
    public abstract string Contains(string column, string parameter);

    /// <summary>The time that leases run on: the caller's unless the database's own clock rules them (I12).</summary>
    public virtual Task<DateTimeOffset> LeaseNowAsync(SqlSession session, DateTimeOffset now) => Task.FromResult(now);

    /// <summary>As <see cref="LeaseNowAsync"/> for a claim, which is refused on another timeline than the one it names.</summary>
    public virtual Task<DateTimeOffset> ClaimNowAsync(SqlSession session, DateTimeOffset now, string? timeline) => LeaseNowAsync(session, now);

    /// <summary>Runs statements that need no common snapshot.</summary>
    public Task<T> ReadAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(SqlMode.Read, work, cancellationToken);

    /// <summary>Runs statements that all see the same state.</summary>
    public Task<T> SnapshotAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(SqlMode.Snapshot, work, cancellationToken);

    /// <summary>Runs statements in one transaction and commits it; an exception rolls it back.</summary>
    public Task<T> WriteAsync<T>(Func<SqlSession, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(SqlMode.Write, work, cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<SqlSession, Task> work, CancellationToken cancellationToken) => WriteAsync(
        async session =>
        {
            await work(session).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellationToken)
    {
        var migrations = Migration.AllOf(MigrationAssembly);
        return RunAsync(SqlMode.Migrate, session => Migrator.ApplyAsync(this, session, migrations), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken)
    {
        var migrations = Migration.AllOf(MigrationAssembly);
        return ReadAsync(session => Migrator.PendingAsync(this, session, migrations), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<MigrationPlan> PlanMigrationAsync(CancellationToken cancellationToken)
    {
        var migrations = Migration.AllOf(MigrationAssembly);
        return ReadAsync(session => Migrator.PlanAsync(this, session, migrations), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, byte[]>> ReadKeyChecksAsync(CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyDictionary<string, byte[]>>(
            async session =>
            {
                var rows = await session.ListAsync(
                    "select id, check_value from encryption_keys", static row => (Id: row.Text(), Check: row.Bytes())).ConfigureAwait(false);
                return rows.ToDictionary(r => r.Id, r => r.Check, StringComparer.Ordinal);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AddKeyCheckAsync(string keyId, byte[] check, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(
            async session =>
            {
                await session.ExecuteAsync(
                    """
                    insert into encryption_keys (id, check_value, created_at) values (@id, @check, @now)
                    on conflict do nothing
                    """,
                    ("id", keyId), ("check", check), ("now", now)).ConfigureAwait(false);
                var stored = await session.FirstAsync(
                    "select check_value from encryption_keys where id = @id", static row => row.Bytes(), ("id", keyId)).ConfigureAwait(false);
                return check.AsSpan().SequenceEqual(stored);
            },
            cancellationToken);

    /// <inheritdoc/>
    public virtual Task<DateTimeOffset?> ReadClockAsync(CancellationToken cancellationToken) => Task.FromResult<DateTimeOffset?>(null);

    /// <inheritdoc/>
    public abstract Task ProbeAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task<string?> ReadTimelineAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Whether a table is there: asked before the first migration has run.</summary>
    public abstract Task<bool> TableExistsAsync(SqlSession session, string table);

    /// <summary>About how many rows a table has.</summary>
    public abstract Task<long> EstimateRowsAsync(SqlSession session, string table);

    /// <summary>
    /// A session for the mode. <see cref="SqlMode.Migrate"/> waits until no other process migrates and creates the database if it can.
    /// </summary>
    protected abstract Task<SqlSession> OpenAsync(SqlMode mode, CancellationToken cancellationToken);

    /// <summary>The driver's exception as ours, with what to do; null: not the database's.</summary>
    protected abstract StoreException? Translate(Exception exception);

    /// <summary>Called after a commit that appended to the change feed.</summary>
    protected virtual void FeedWritten()
    {
    }

    protected async Task<T> RunAsync<T>(SqlMode mode, Func<SqlSession, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            var session = await OpenAsync(mode, cancellationToken).ConfigureAwait(false);
            await using var _ = session.ConfigureAwait(false);
            var result = await work(session).ConfigureAwait(false);
            await session.CommitAsync().ConfigureAwait(false);
            if (session.FeedWritten)
            {
                FeedWritten();
            }

            return result;
        }
        catch (Exception exception) when (Translate(exception) is { } mapped)
        {
            throw mapped;
        }
    }
}

/// <summary>What a session is for.</summary>
internal enum SqlMode
{
    /// <summary>Statements that stand alone.</summary>
    Read,

    /// <summary>Reading one state with several statements.</summary>
    Snapshot,

    /// <summary>One transaction that writes.</summary>
    Write,

    /// <summary>One transaction that changes the schema, alone.</summary>
    Migrate,
}
