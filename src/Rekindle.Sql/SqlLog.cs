namespace Rekindle.Sql;

/// <summary>Reading an append-only table on from a position.</summary>
internal static class SqlLog
{
    /// <summary>
    /// Rows at the missing positions that have come by now, then those above <paramref name="after"/>. Two statements, because no
    /// index serves "above or one of these".
    /// </summary>
    public static Task<IReadOnlyList<T>> ReadAsync<T>(
        SqlDatabase database, string table, string columns, SqlRead<T> read, long after, IReadOnlyCollection<long> missing, int limit,
        CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<T>>(
        async session =>
        {
            var rows = missing.Count == 0
                ? []
                : await session.ListAsync(
                    $"select {columns} from {table} where position in ({string.Join(", ", missing)}) order by position limit @limit",
                    read, ("limit", limit)).ConfigureAwait(false);
            rows.AddRange(await session.ListAsync(
                $"select {columns} from {table} where position > @after order by position limit @limit",
                read, ("after", after), ("limit", limit - rows.Count)).ConfigureAwait(false));
            return rows;
        },
        cancellationToken);
}
