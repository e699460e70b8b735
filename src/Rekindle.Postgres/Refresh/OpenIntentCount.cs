namespace Rekindle.Postgres.Refresh;

/// <summary>Leases that have run out. Counting them also finds from where on the index of leases has to be searched.</summary>
internal sealed class OpenIntentCount(PostgresDatabase database)
{
    private const int Range = 0;

    /// <summary>$1 lower bound, $2 the time for tests.</summary>
    public const string Statement =
        """
        select integration_id, count(*), min(lease_until) from refresh_schedule
        -- The clock as a subquery, read once: a volatile function cannot bound the search of an index.
        where lease_until >= $1 and lease_until <= (select coalesce($2::bigint, (extract(epoch from clock_timestamp()) * 1000)::bigint)) and not left_out
        group by integration_id
        """;

    private readonly ScanBounds _bounds = new(database.Time);

    /// <summary>No lease that is open ended before this, as far as is known.</summary>
    public DateTimeOffset From => DateTimeOffset.FromUnixTimeMilliseconds(_bounds.Begin().From(Range));

    public async Task<IReadOnlyDictionary<int, int>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var search = _bounds.Begin();
        var found = await database.StatementAsync(
            async session =>
            {
                var command = session.Statement(Statement);
                await using var disposal = command.ConfigureAwait(false);
                command.Parameters.Add(new() { Value = search.From(Range) });
                command.Parameters.Add(database.LeaseClock(now));
                return await session.ListAsync(command, static row => (Integration: row.Int(), Count: row.Int(), First: row.Instant())).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        search.Remember(Range, found.Count == 0 ? now : found.Min(f => f.First), now);
        search.End();
        return found.ToDictionary(f => f.Integration, f => f.Count);
    }
}
