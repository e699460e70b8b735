using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Postgres;

/// <summary>
/// The log of attempts as one table per day (UTC), made ahead and dropped whole. There is no default partition: its rows would
/// have to be moved before their day's own could be made.
/// </summary>
/// <remarks>
/// Any worker may do this at any time; an advisory lock lets one at a time, and the others find it done. Making a day never holds
/// up a commit: the table is made apart and attached, for which PostgreSQL lets readers and writers of the log go on. Dropping
/// one needs the log alone for a moment, so it gives up quickly where something reads, and is tried again the next time.
/// </remarks>
internal sealed class AttemptPartitions(PostgresDatabase database, ILogger logger)
{
    private const int DaysAhead = 14;
    private const long MaintenanceLock = 0x617474656D707473; // "attempts" in ASCII

    /// <summary>Makes the coming days and drops what is past retention.</summary>
    public async Task MaintainAsync(DateTimeOffset now, TimeSpan retention, CancellationToken cancellationToken)
    {
        var today = DayOf(now);
        // Yesterday too: results that come late, around midnight or out of a journal.
        await EnsureAsync(Enumerable.Range(-1, DaysAhead + 2).Select(today.AddDays), cancellationToken).ConfigureAwait(false);
        foreach (var day in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (StartOf(day.AddDays(1)) <= now - retention)
            {
                await DropAsync(day, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the days of these instants that are missing: for attempts whose clock is not ours.</summary>
    public Task EnsureAsync(IEnumerable<DateTimeOffset> instants, CancellationToken cancellationToken) =>
        EnsureAsync(instants.Select(DayOf), cancellationToken);

    /// <summary>
    /// Runs work that records the attempts of lost leases, which are dated by the database's clock; where that clock and ours are
    /// days apart, or nobody kept the log for long, their days are made and the work runs again.
    /// </summary>
    public async Task<T> WithAsync<T>(Func<Task<T>> work, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (StoreException exception) when (PostgresErrors.LacksPartition(exception))
        {
            var leased = await database.ReadAsync(
                session => session.ListAsync(
                    "select distinct leased_at from refresh_schedule where lease_until is not null", static row => row.Instant()),
                cancellationToken).ConfigureAwait(false);
            await EnsureAsync([now, .. leased], cancellationToken).ConfigureAwait(false);
            return await work().ConfigureAwait(false);
        }
    }

    private async Task EnsureAsync(IEnumerable<DateOnly> days, CancellationToken cancellationToken)
    {
        var existing = await ListAsync(cancellationToken).ConfigureAwait(false);
        var missing = days.Distinct().Except(existing).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        await database.WriteAsync(
            async session =>
            {
                await session.AnyAsync("select pg_advisory_xact_lock(@lock)", ("lock", MaintenanceLock)).ConfigureAwait(false);
                var made = await ListAsync(session).ConfigureAwait(false);
                foreach (var day in missing.Except(made))
                {
                    await MakeAsync(session, day).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task MakeAsync(SqlSession session, DateOnly day)
    {
        var name = NameOf(day);
        await session.ExecuteAsync($"create table {name} (like attempts including defaults)").ConfigureAwait(false);
        await session.ExecuteAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            alter table attempts attach partition {name}
            for values from ({StartOf(day).ToUnixTimeMilliseconds()}) to ({StartOf(day.AddDays(1)).ToUnixTimeMilliseconds()})
            """)).ConfigureAwait(false);
    }

    private async Task DropAsync(DateOnly day, CancellationToken cancellationToken)
    {
        try
        {
            await database.WriteAsync(
                async session =>
                {
                    // Whoever waits for the whole log makes everybody else wait behind: not longer than a commit may take.
                    await session.ExecuteAsync("set local lock_timeout = '100ms'").ConfigureAwait(false);
                    await session.ExecuteAsync($"drop table if exists {NameOf(day)}").ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (StoreException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
        {
            Log.PartitionInUse(logger, NameOf(day));
        }
    }

    private Task<List<DateOnly>> ListAsync(CancellationToken cancellationToken) => database.ReadAsync(ListAsync, cancellationToken);

    private static Task<List<DateOnly>> ListAsync(SqlSession session) => session.ListAsync(
        """
        select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'attempts'::regclass
        """,
        static row => DateOnly.ParseExact(row.Text().AsSpan(NamePrefix.Length), "yyyyMMdd", CultureInfo.InvariantCulture));

    private const string NamePrefix = "attempts_";

    private static string NameOf(DateOnly day) => NamePrefix + day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.UtcDateTime);

    private static DateTimeOffset StartOf(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);
}
