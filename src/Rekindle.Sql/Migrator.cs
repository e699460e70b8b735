using System.Globalization;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Brings a database up to this program's schema, all missing steps in one transaction.</summary>
internal static class Migrator
{
    private const string Table = "schema_migrations";

    /// <summary>Applies what is missing. The session excludes every other migrating process.</summary>
    public static async Task<IReadOnlyList<string>> ApplyAsync(SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known)
    {
        var missing = await MissingAsync(database, session, known).ConfigureAwait(false);
        if (missing.Count == 0)
        {
            return [];
        }

        await session.ExecuteAsync(
            $"create table if not exists {Table} (number integer primary key, name text not null, works_with integer not null, applied_at bigint not null)")
            .ConfigureAwait(false);
        foreach (var migration in missing)
        {
            await session.ExecuteAsync(migration.Sql).ConfigureAwait(false);
            await session.ExecuteAsync(
                $"insert into {Table} (number, name, works_with, applied_at) values (@number, @name, @works, @now)",
                ("number", migration.Number), ("name", migration.Name), ("works", migration.WorksWith), ("now", database.Time.GetUtcNow()))
                .ConfigureAwait(false);
        }

        return [.. missing.Select(m => m.Name)];
    }

    /// <summary>Names of those that are missing.</summary>
    public static async Task<IReadOnlyList<string>> PendingAsync(SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known) =>
        [.. (await MissingAsync(database, session, known).ConfigureAwait(false)).Select(m => m.Name)];

    /// <summary>What applying those that are missing would do to a database of this size.</summary>
    public static async Task<MigrationPlan> PlanAsync(SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known)
    {
        var steps = new List<MigrationStep>();
        foreach (var migration in await MissingAsync(database, session, known).ConfigureAwait(false))
        {
            var statements = new List<PlannedStatement>();
            foreach (var forecast in StatementForecast.OfAll(migration.Sql))
            {
                // A table of an earlier missing step is not there yet, and empty.
                var rows = forecast is { Table: { } table, Work: not StatementWork.None } && await database.TableExistsAsync(session, table).ConfigureAwait(false)
                    ? await database.EstimateRowsAsync(session, table).ConfigureAwait(false)
                    : 0;
                statements.Add(new(forecast.Sql, forecast.Table, forecast.Blocks, rows, forecast.Estimate(rows)));
            }

            steps.Add(new(migration.Name, migration.WorksWith, statements));
        }

        return new(steps);
    }

    private static async Task<IReadOnlyList<Migration>> MissingAsync(
        SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known)
    {
        var applied = await database.TableExistsAsync(session, Table).ConfigureAwait(false)
            ? await session.ListAsync($"select number, works_with from {Table}", static row => (Number: row.Int(), WorksWith: row.Int())).ConfigureAwait(false)
            : [];

        // A newer program may have migrated it while this one is being replaced; that one said which of us it can live with.
        var newest = known[^1].Number;
        if (applied.Where(a => a.Number > newest && a.WorksWith > newest).Select(a => a.Number).DefaultIfEmpty().Max() is var beyond and > 0)
        {
            throw new StoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"The database ({database.Description}) is at migration {beyond:0000}, this program knows those up to {newest:0000} and could not work with it. Start the version that migrated it, or a newer one; it cannot be taken back."));
        }

        return [.. known.Where(m => applied.All(a => a.Number != m.Number))];
    }
}
