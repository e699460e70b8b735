using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>
/// One PostgreSQL database, through the driver's pool. Nothing is expected of a session beyond one transaction, so that a
/// pooler in transaction mode may stand between; what a session can do beyond that only makes things faster.
/// </summary>
internal sealed class PostgresDatabase : SqlDatabase
{
    // "rekindle" in ASCII, to be ours alone among the applications that may share a database.
    private const long MigrationLock = 0x72656B696E646C65;

    /// <summary>
    /// The timeline, as an expression: which cluster, and which of its histories. Every role may call these functions; on a standby, which has
    /// none of its own, it is an error, and a standby takes no claims either.
    /// </summary>
    public const string Timeline =
        "(select cluster.system_identifier::text || '-' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) from pg_control_system() cluster)";

    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly NpgsqlDataSource _source;
    private readonly ServerCheck _check;
    private readonly string _address;

    public PostgresDatabase(PostgresOptions options, TimeProvider time, ILoggerFactory loggers)
        : base(time)
    {
        _settings = PostgresSettings.Of(options);
        _address = string.Create(CultureInfo.InvariantCulture, $"{_settings.Host}:{_settings.Port}/{_settings.Database}");
        _check = new(loggers.CreateLogger<PostgresDatabase>());
        ThroughPooler = options.ThroughPooler;
        LeasesByCallersClock = options.LeasesByCallersClock;
        Signal = new(this, loggers.CreateLogger<ChangeSignal>());
        _source = new NpgsqlDataSourceBuilder(_settings.ConnectionString)
            .UsePhysicalConnectionInitializer(_check.Run, _check.RunAsync)
            .Build();
    }

    public override string Description => $"PostgreSQL {_check.Version}{(_check.Version is null ? "" : ", ")}{_address}";

    public override string Endpoint => PostgresSettings.EndpointOf(_settings);

    public override string RowLock => " for update";

    /// <inheritdoc cref="PostgresOptions.ThroughPooler"/>
    public bool ThroughPooler { get; }

    /// <summary>Whether leases run on the callers' clocks: in tests.</summary>
    public bool LeasesByCallersClock { get; }

    /// <summary>Tells of changes, ours and others'.</summary>
    public ChangeSignal Signal { get; }

    protected override Assembly MigrationAssembly => typeof(PostgresDatabase).Assembly;

    public override string RowLockOrSkip(string table) => $" for update of {table} skip locked";

    public override string Contains(string column, string parameter) => $"position(lower({parameter}) in lower({column})) > 0";

    public override Task<bool> TableExistsAsync(SqlSession session, string table) => session.AnyAsync(
        "select 1 from pg_catalog.pg_class where oid = to_regclass(@name)", ("name", table));

    // As of the last analyze; exact where there never was one, which is where tables are small.
    public override async Task<long> EstimateRowsAsync(SqlSession session, string table)
    {
        var known = await session.FirstAsync(
            """
            select coalesce(sum(reltuples), 0)::bigint from pg_catalog.pg_class
            where reltuples >= 0 and (oid = to_regclass(@name) or oid in (select relid from pg_partition_tree(to_regclass(@name)) where isleaf))
            """,
            static row => row.Long(), ("name", table)).ConfigureAwait(false);
        return known > 0 ? known : await session.FirstAsync($"select count(*) from {table}", static row => row.Long()).ConfigureAwait(false);
    }

    /// <summary>Rewrites a row and waits for the disk: a standby, a read-only or full database shows here and not with a rotated token in hand.</summary>
    public override Task ProbeAsync(CancellationToken cancellationToken) => StatementAsync(
        session => session.ExecuteAsync("update schema_migrations set applied_at = applied_at where number = 1"), cancellationToken);

    public override async Task<DateTimeOffset?> ReadClockAsync(CancellationToken cancellationToken) => LeasesByCallersClock
        ? null
        : await StatementAsync(session => LeaseNowAsync(session, default), cancellationToken).ConfigureAwait(false);

    /// <summary>Runs a statement that is a transaction by itself: one round trip.</summary>
    public Task<T> StatementAsync<T>(Func<PostgresSession, Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(SqlMode.Read, session => work((PostgresSession)session), cancellationToken);

    public override async Task<DateTimeOffset> LeaseNowAsync(SqlSession session, DateTimeOffset now) => LeasesByCallersClock
        ? now
        : await session.FirstAsync("select (extract(epoch from clock_timestamp()) * 1000)::bigint", static row => row.Instant()).ConfigureAwait(false);

    public override async Task<DateTimeOffset> ClaimNowAsync(SqlSession session, DateTimeOffset now, string? timeline)
    {
        if (timeline is null)
        {
            return await LeaseNowAsync(session, now).ConfigureAwait(false);
        }

        var (leaseNow, there) = await session.FirstAsync(
            $"select (extract(epoch from clock_timestamp()) * 1000)::bigint, {Timeline}", static row => (row.Instant(), row.Text())).ConfigureAwait(false);
        Require(timeline, there);
        return LeasesByCallersClock ? now : leaseNow;
    }

    public override async Task<string?> ReadTimelineAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StatementAsync(
                session => session.FirstAsync($"select {Timeline}", static row => row.Text()), cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException exception) when (!exception.IsTransient)
        {
            _check.TimelineHidden(exception.Message);
            return null;
        }
    }

    /// <summary>Refuses a claim that names another timeline.</summary>
    public async Task RequireTimelineAsync(string timeline, CancellationToken cancellationToken) =>
        Require(timeline, await ReadTimelineAsync(cancellationToken).ConfigureAwait(false) ?? timeline);

    /// <summary>The time that leases run on, for <c>coalesce($n, clock_timestamp())</c>: null lets the database's clock rule (I12).</summary>
    public NpgsqlParameter LeaseClock(DateTimeOffset now) => new()
    {
        NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint,
        Value = LeasesByCallersClock ? now.ToUnixTimeMilliseconds() : DBNull.Value,
    };

    /// <summary>A connection that is nobody else's, for LISTEN; disposing it ends the session.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var alone = new NpgsqlConnectionStringBuilder(_settings.ConnectionString) { Pooling = false };
        var connection = new NpgsqlConnection(alone.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await Signal.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    protected override async Task<SqlSession> OpenAsync(SqlMode mode, CancellationToken cancellationToken)
    {
        var session = await PostgresSession.OpenAsync(_source, mode, cancellationToken).ConfigureAwait(false);
        if (mode != SqlMode.Migrate)
        {
            return session;
        }

        try
        {
            // Held until the transaction ends, by whichever process came first; a migration may take its time.
            await session.ExecuteAsync("set local lock_timeout = 0").ConfigureAwait(false);
            await session.ExecuteAsync("set local statement_timeout = 0").ConfigureAwait(false);
            await session.AnyAsync("select pg_advisory_xact_lock(@lock)", ("lock", MigrationLock)).ConfigureAwait(false);

            // Everybody queues behind a statement that waits for a table somebody holds: it gives up, and the next start tries again.
            await session.ExecuteAsync("set local lock_timeout = '5s'").ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private void Require(string timeline, string there)
    {
        if (there != timeline)
        {
            throw new StoreException($"{Description} has failed over: it is on timeline {there}, no longer on {timeline}. Nothing was claimed.")
            {
                IsTransient = true,
                IsAnotherTimeline = true,
            };
        }
    }

    protected override StoreException? Translate(Exception exception) => PostgresErrors.Translate(exception, Description);

    protected override void FeedWritten() => Signal.Announce();
}
