using Npgsql;
using NpgsqlTypes;
using Rekindle.Connections;

namespace Rekindle.Testing;

/// <summary>
/// Fills a migrated PostgreSQL database with connections as fast as it takes rows, for measurements that importing one by one
/// would make too long. Secondary indexes are made anew afterwards and foreign keys are not checked, so the role must be a superuser's.
/// </summary>
public sealed class ConnectionSeeder(string connectionString)
{
    private const int Chunk = 8192;

    // A table takes rows as fast as one process can write them; a longer wait is a slow disk, not a mistake.
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);

    /// <summary>Adds the connections of a plan. Answers their ids, in the order of their numbers.</summary>
    public async Task<ConnectionId[]> SeedAsync(SeedPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = (int)Timeout.TotalSeconds };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "set session_replication_role = replica");
        await ExecuteAsync(connection, "set maintenance_work_mem = '512MB'");
        await ExecuteAsync(connection, "set synchronous_commit = off");
        var indexes = await DropIndexesAsync(connection);
        var ids = await CopyConnectionsAsync(connection, plan);
        await CopyTokensAsync(connection, plan, ids);
        await CopyScheduleAsync(connection, plan, ids);
        foreach (var index in indexes)
        {
            await ExecuteAsync(connection, index);
        }

        await ExecuteAsync(connection, "vacuum (analyze) connections, token_sets, refresh_schedule");
        await ExecuteAsync(connection, "checkpoint");
        return ids;
    }

    private static async Task<ConnectionId[]> CopyConnectionsAsync(NpgsqlConnection connection, SeedPlan plan)
    {
        var ids = new ConnectionId[plan.Count];
        var at = plan.Now.ToUnixTimeMilliseconds();
        await using var rows = await BeginAsync(
            connection, "connections (shard, id, environment, integration, subject, purpose, integration_id, status, created_at, updated_at)");
        await WriteAsync(
            plan,
            n => plan.KeyOf(n),
            async (n, key) =>
            {
                ids[n] = ConnectionId.New(key);
                await rows.StartRowAsync();
                await rows.WriteAsync(ids[n].Shard, NpgsqlDbType.Smallint);
                await rows.WriteAsync(ids[n].Value, NpgsqlDbType.Bigint);
                await rows.WriteAsync(key.Environment, NpgsqlDbType.Text);
                await rows.WriteAsync(key.Integration, NpgsqlDbType.Text);
                await rows.WriteAsync(key.Subject, NpgsqlDbType.Text);
                await rows.WriteAsync(key.Purpose, NpgsqlDbType.Text);
                await rows.WriteAsync(plan.IntegrationOf(n).Id, NpgsqlDbType.Integer);
                await rows.WriteAsync("active", NpgsqlDbType.Text);
                await rows.WriteAsync(at, NpgsqlDbType.Bigint);
                await rows.WriteAsync(at, NpgsqlDbType.Bigint);
            });
        await rows.CompleteAsync();
        return ids;
    }

    private static async Task CopyTokensAsync(NpgsqlConnection connection, SeedPlan plan, ConnectionId[] ids)
    {
        await using var rows = await BeginAsync(
            connection,
            "token_sets (shard, connection_id, grant_no, version, issued_at, expires_at, granted_at, updated_at, expiry_source, access_token, refresh_token)");
        await WriteAsync(
            plan,
            n => plan.Material(ids[n], n),
            async (n, material) =>
            {
                var times = plan.Times(n);
                await rows.StartRowAsync();
                await rows.WriteAsync(ids[n].Shard, NpgsqlDbType.Smallint);
                await rows.WriteAsync(ids[n].Value, NpgsqlDbType.Bigint);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync(1, NpgsqlDbType.Integer);
                await rows.WriteAsync(times.IssuedAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
                await rows.WriteAsync(times.ExpiresAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
                await rows.WriteAsync(times.IssuedAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
                await rows.WriteAsync(times.IssuedAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
                await rows.WriteAsync("expires_in", NpgsqlDbType.Text);
                await rows.WriteAsync(material.AccessToken.Bytes, NpgsqlDbType.Bytea);
                await rows.WriteAsync(material.RefreshToken.Bytes, NpgsqlDbType.Bytea);
            });
        await rows.CompleteAsync();
    }

    private static async Task CopyScheduleAsync(NpgsqlConnection connection, SeedPlan plan, ConnectionId[] ids)
    {
        await using var rows = await BeginAsync(connection, "refresh_schedule (shard, connection_id, integration_id, due_at, degrade_at)");
        for (var n = 0; n < plan.Count; n++)
        {
            var times = plan.Times(n);
            await rows.StartRowAsync();
            await rows.WriteAsync(ids[n].Shard, NpgsqlDbType.Smallint);
            await rows.WriteAsync(ids[n].Value, NpgsqlDbType.Bigint);
            await rows.WriteAsync(plan.IntegrationOf(n).Id, NpgsqlDbType.Integer);
            await rows.WriteAsync(times.DueAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
            await rows.WriteAsync(times.ExpiresAt.ToUnixTimeMilliseconds(), NpgsqlDbType.Bigint);
        }

        await rows.CompleteAsync();
    }

    // Hashing and sealing use every processor; a COPY takes its rows from one.
    private static async Task WriteAsync<T>(SeedPlan plan, Func<int, T> make, Func<int, T, Task> write)
    {
        var made = new T[Math.Min(Chunk, plan.Count)];
        for (var first = 0; first < plan.Count; first += made.Length)
        {
            var (from, count) = (first, Math.Min(made.Length, plan.Count - first));
            Parallel.For(0, count, i => made[i] = make(from + i));
            for (var i = 0; i < count; i++)
            {
                await write(first + i, made[i]);
            }
        }
    }

    private static async Task<NpgsqlBinaryImporter> BeginAsync(NpgsqlConnection connection, string target)
    {
        var importer = await connection.BeginBinaryImportAsync($"copy {target} from stdin (format binary)");
        importer.Timeout = Timeout;
        return importer;
    }

    private static async Task<List<string>> DropIndexesAsync(NpgsqlConnection connection)
    {
        var found = new List<(string Name, string Definition)>();
        await using (var command = new NpgsqlCommand(
            """
            select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index i
            where i.indrelid in ('connections'::regclass, 'token_sets'::regclass, 'refresh_schedule'::regclass)
              and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)
            """,
            connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                found.Add((reader.GetString(0), reader.GetString(1)));
            }
        }

        foreach (var (name, _) in found)
        {
            await ExecuteAsync(connection, $"drop index {name}");
        }

        return [.. found.Select(f => f.Definition)];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
