using Npgsql;
using Rekindle.Postgres.Refresh;

namespace Rekindle.Drills.Scale;

/// <summary>What PostgreSQL itself counts: pages that statements looked at, how tables were searched, how large they are.</summary>
internal sealed class ScaleMeter(string connectionString) : IAsyncDisposable
{
    public static readonly string[] Tables = ["refresh_schedule", "token_sets", "connections"];

    private const int KnownBy = 60;
    private const string OwnStatements = "dbid = (select oid from pg_database where datname = current_database())";

    // Sessions report what they did at most once a second.
    private static readonly TimeSpan UntilReported = TimeSpan.FromSeconds(1.5);

    private static readonly (string Name, string[] Texts)[] Statements =
        [("look", [QueueHeads.Statement]), ("claim", [DueClaims.Statement]), ("commit", [SteadyStatement.Text, CommitStatement.Text])];

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 1, CommandTimeout = 3600 }.ConnectionString);

    public Task InstallAsync() => ExecuteAsync("create extension pg_stat_statements; create extension pageinspect");

    public async Task ExecuteAsync(string sql)
    {
        // One by one: some of them refuse to share a transaction.
        foreach (var statement in sql.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            await using var command = _source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Counting pages starts anew.</summary>
    public Task ResetPagesAsync() => ExecuteAsync($"select pg_stat_statements_reset(0, (select oid from pg_database where datname = current_database()), 0)");

    /// <summary>Pages that each call of a statement looked at, on average: found in memory or read.</summary>
    public async Task<ScalePages> PagesAsync()
    {
        var pages = new Dictionary<string, double>();
        foreach (var (name, texts) in Statements)
        {
            await using var command = _source.CreateCommand(
                $"""
                select coalesce(sum(shared_blks_hit + shared_blks_read) / nullif(sum(calls), 0), -1)::float8
                from pg_stat_statements where {OwnStatements} and left(query, {KnownBy}) = any ($1)
                """);
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. texts.Select(text => text[..KnownBy])] });
            pages[name] = (double)(await command.ExecuteScalarAsync())!;
        }

        return pages.Values.Min() >= 0
            ? new(pages["look"], pages["claim"], pages["commit"])
            : throw new InvalidOperationException("PostgreSQL has not counted the statements of the refresh path.");
    }

    /// <summary>
    /// Pages that a claim passes on its way down the trees: each row is looked up in two and put into one, and each queue's two halves are searched
    /// for. A tree of a thousand times as many rows is a level higher or two; that is not what flat is about.
    /// </summary>
    public Task<long> DescentsAsync(int rows, int queues) => NumberAsync(
        $"select {rows} * ({string.Join(" + ", Tables.Select(t => LevelOf(t + "_pkey")))}) + {2 * queues} * {LevelOf("refresh_schedule_claim")}");

    /// <summary>How often a large table was read whole since the database was made.</summary>
    public async Task<long> SequentialScansAsync()
    {
        await Task.Delay(UntilReported);
        return await NumberAsync($"select sum(seq_scan)::bigint from pg_stat_user_tables where relname in ({TableList})");
    }

    /// <summary>The indexes that rows were found by, most used first.</summary>
    public async Task<IReadOnlyList<string>> UsedIndexesAsync()
    {
        await using var command = _source.CreateCommand(
            $"select indexrelname from pg_stat_user_indexes where idx_scan > 0 and relname in ({TableList}) order by idx_scan desc");
        await using var reader = await command.ExecuteReaderAsync();
        var names = new List<string>();
        while (await reader.ReadAsync())
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    /// <summary>Bytes and updates of a table.</summary>
    public async Task<ScaleTable> TableAsync(string table)
    {
        await using var command = _source.CreateCommand(
            $"select pg_table_size('{table}'), pg_indexes_size('{table}'), n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = '{table}'");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }

    /// <summary>Bytes of the whole database.</summary>
    public Task<long> SizeAsync() => NumberAsync("select pg_database_size(current_database())");

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static string LevelOf(string index) => $"(select level from bt_metap('{index}'))";

    private static string TableList => string.Join(", ", Tables.Select(t => $"'{t}'"));

    private async Task<long> NumberAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>Pages per call.</summary>
/// <param name="Look">A look at the queues.</param>
/// <param name="Claim">A claim.</param>
/// <param name="Commit">The commit of a claim's rows.</param>
internal sealed record ScalePages(double Look, double Claim, double Commit);

/// <summary>A table as it stands.</summary>
/// <param name="Heap">Its bytes.</param>
/// <param name="Indexes">Bytes of its indexes.</param>
/// <param name="Updates">Rows updated since the database was made.</param>
/// <param name="Hot">Those of them that touched no index.</param>
internal sealed record ScaleTable(long Heap, long Indexes, long Updates, long Hot);
