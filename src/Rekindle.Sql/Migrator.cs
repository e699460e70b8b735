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
            $"create table if not exists {Table} (number integer primary key, name text not null, applied_at bigint not null)")
            .ConfigureAwait(false);
        foreach (var migration in missing)
        {
            await session.ExecuteAsync(migration.Sql).ConfigureAwait(false);
            await session.ExecuteAsync(
                $"insert into {Table} (number, name, applied_at) values (@number, @name, @now)",
                ("number", migration.Number), ("name", migration.Name), ("now", database.Time.GetUtcNow())).ConfigureAwait(false);
        }

        return [.. missing.Select(m => m.Name)];
    }

    /// <summary>Names of those that are missing.</summary>
    public static async Task<IReadOnlyList<string>> PendingAsync(SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known) =>
        [.. (await MissingAsync(database, session, known).ConfigureAwait(false)).Select(m => m.Name)];

    private static async Task<IReadOnlyList<Migration>> MissingAsync(
        SqlDatabase database, SqlSession session, IReadOnlyList<Migration> known)
    {
        var applied = await database.TableExistsAsync(session, Table).ConfigureAwait(false)
            ? await session.ListAsync($"select number from {Table}", static row => row.Int()).ConfigureAwait(false)
            : [];
        var newest = known[^1].Number;
        if (applied.Count > 0 && applied.Max() > newest)
        {
            throw new StoreException(string.Create(
                CultureInfo.InvariantCulture,
                $"The database ({database.Description}) is at migration {applied.Max():0000}, this program knows those up to {newest:0000}. Start the version that migrated it, or a newer one; it cannot be taken back."));
        }

        return [.. known.Where(m => !applied.Contains(m.Number))];
    }
}
