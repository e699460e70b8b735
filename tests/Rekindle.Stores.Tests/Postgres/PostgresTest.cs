using Npgsql;
using Rekindle.Providers;
using Rekindle.Sql;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>What tests of PostgreSQL's own behaviour need beyond the contract's: sessions of their own, many rows, and figures.</summary>
public abstract class PostgresTest : StoreContract<PostgresTestStore>
{
    /// <summary>A session beside the stores'.</summary>
    internal async Task<NpgsqlConnection> ConnectBesideAsync()
    {
        var connection = new NpgsqlConnection(Store.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>A single value, or null.</summary>
    internal static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        return await command.ExecuteScalarAsync();
    }

    /// <summary>A program whose only session is always the same one.</summary>
    internal StoreSet OpenWithOneSession(TimeProvider? time = null) =>
        Store.Open(options => options.ConnectionString += ";Maximum Pool Size=1;Timeout=30", time);

    /// <summary>Connections with their tokens, straight into the tables.</summary>
    internal async Task SeedAsync(Integration integration, int count, DateTimeOffset due)
    {
        await SeedScheduleAsync(integration, count, due);
        await using var beside = await ConnectBesideAsync();
        await ScalarAsync(
            beside,
            $"""
            insert into connections (shard, id, environment, integration, subject, purpose, integration_id, status, created_at, updated_at)
            select shard, connection_id, '{integration.Environment}', '{integration.Key}', 'user-' || connection_id, 'default', integration_id, 'active', 0, 0
            from refresh_schedule where integration_id = {integration.Id};
            insert into token_sets (shard, connection_id, grant_no, version, access_token, refresh_token, issued_at, expires_at, expiry_source, granted_at, updated_at)
            select shard, connection_id, 1, 1, '\x01', '\x02', 0, degrade_at, 'expires_in', 0, 0
            from refresh_schedule where integration_id = {integration.Id};
            """);
    }

    /// <summary>Rows of the schedule alone: for integrations that nothing is claimed of.</summary>
    internal async Task SeedScheduleAsync(Integration integration, int count, DateTimeOffset due)
    {
        await using var beside = await ConnectBesideAsync();
        await ScalarAsync(
            beside,
            $"""
            insert into refresh_schedule (shard, connection_id, integration_id, due_at, degrade_at)
            select number % 4096, ((number % 4096)::bigint << 51) | ({integration.Id}::bigint << 32) | number, {integration.Id},
                   {due.ToUnixTimeMilliseconds()}, {due.AddMinutes(10).ToUnixTimeMilliseconds()}
            from generate_series(1, {count}) as number;
            analyze refresh_schedule;
            """);
    }

    /// <summary>How many pages of the schedule and its indexes the work of a program with one session looked at.</summary>
    internal Task<long> PagesAsync(StoreSet program, Func<Task> work) => CountAsync(
        program,
        work,
        """
        select (heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::bigint
        from pg_statio_user_tables where relname = 'refresh_schedule'
        """);

    /// <summary>How many entries of the schedule's indexes it walked over, those of dead rows included.</summary>
    internal Task<long> EntriesAsync(StoreSet program, Func<Task> work) => CountAsync(
        program, work, "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'refresh_schedule'");

    private async Task<long> CountAsync(StoreSet program, Func<Task> work, string counter)
    {
        await using var beside = await ConnectBesideAsync();
        var before = await ReadAsync();
        await work();
        return await ReadAsync() - before;

        async Task<long> ReadAsync()
        {
            await program.Database.ReadAsync(session => session.AnyAsync("select pg_stat_force_next_flush()"), default);
            return (long)(await ScalarAsync(beside, counter))!;
        }
    }

    internal static void Print(string figures) => TestContext.Current.TestOutputHelper?.WriteLine(figures);
}
