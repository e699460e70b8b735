using Npgsql;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>The first row of each integration's two queues, straight from the index.</summary>
internal sealed class QueueHeads(PostgresDatabase database)
{
    /// <summary>$1 integrations, $2 and $3 lower bounds of their two queues.</summary>
    /// <remarks>Why <c>(select $1)</c>: <see cref="DueClaims.Statement"/>.</remarks>
    public const string Statement =
        """
        select q.integration_id, head.priority, head.claimable_at, head.degrade_at
        from unnest((select $1::integer[]), (select $2::bigint[]), (select $3::bigint[])) as q (integration_id, used_from, idle_from)
        cross join lateral (
            (select s.priority, s.claimable_at, s.degrade_at from refresh_schedule s
             where s.integration_id = q.integration_id and s.priority = 0 and s.claimable_at >= q.used_from order by s.claimable_at limit 1)
            union all
            (select s.priority, s.claimable_at, s.degrade_at from refresh_schedule s
             where s.integration_id = q.integration_id and s.priority = 1 and s.claimable_at >= q.idle_from order by s.claimable_at limit 1)) as head
        """;

    private readonly ScanBounds _bounds = new(database.Time);

    public async Task<IReadOnlyDictionary<int, QueueHead>> ReadAsync(IReadOnlyCollection<int> integrationIds, CancellationToken cancellationToken)
    {
        var search = _bounds.Begin();
        var found = await database.StatementAsync(
            async session =>
            {
                var command = session.Statement(Statement);
                await using var disposal = command.ConfigureAwait(false);
                var ids = integrationIds.ToArray();
                command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = ids });
                command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(ids, id => search.From(ClaimQueue.Of(id, ClaimQueue.RecentlyUsed))) });
                command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = Array.ConvertAll(ids, id => search.From(ClaimQueue.Of(id, ClaimQueue.Idle))) });
                return await session.ListAsync(
                    command, static row => (Integration: row.Int(), Priority: row.Int(), Head: new QueueHead(row.Instant(), row.InstantOrNull())))
                    .ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        var now = database.Time.GetUtcNow();
        foreach (var (integration, priority, head) in found)
        {
            search.Remember(ClaimQueue.Of(integration, priority), head.DueAt, now);
        }

        search.End();
        return found.GroupBy(f => f.Integration).ToDictionary(g => g.Key, g => g.MinBy(f => f.Head.DueAt).Head);
    }
}
