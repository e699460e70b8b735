using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Workers' signs of life, with the same statements on every database.</summary>
internal sealed class SqlWorkerStore(SqlDatabase database) : IWorkerStore
{
    public Task BeatAsync(WorkerView worker, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            """
            insert into workers (instance_id, version, started_at, seen_at, last_cycle_at, in_flight, slots, key_ids)
            values (@id, @version, @started_at, @seen_at, @last_cycle_at, @in_flight, @slots, @key_ids)
            on conflict (instance_id) do update set version = excluded.version, started_at = excluded.started_at, seen_at = excluded.seen_at,
                last_cycle_at = excluded.last_cycle_at, in_flight = excluded.in_flight, slots = excluded.slots, key_ids = excluded.key_ids
            """,
            ("id", worker.InstanceId), ("version", worker.Version), ("started_at", worker.StartedAt), ("seen_at", worker.SeenAt),
            ("last_cycle_at", worker.LastCycleAt), ("in_flight", worker.InFlight), ("slots", worker.Slots), ("key_ids", worker.KeyIds)),
        cancellationToken);

    public Task<IReadOnlyList<WorkerView>> ListAsync(DateTimeOffset seenSince, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerView>>(
            async session => await session.ListAsync(
                """
                select instance_id, version, started_at, seen_at, last_cycle_at, in_flight, slots, key_ids
                from workers where seen_at >= @since order by instance_id
                """,
                Read, ("since", seenSince)).ConfigureAwait(false),
            cancellationToken);

    public Task RemoveAsync(string instanceId, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync("delete from workers where instance_id = @id", ("id", instanceId)), cancellationToken);

    private static WorkerView Read(SqlRow row) => new()
    {
        InstanceId = row.Text(),
        Version = row.Text(),
        StartedAt = row.Instant(),
        SeenAt = row.Instant(),
        LastCycleAt = row.InstantOrNull(),
        InFlight = row.Int(),
        Slots = row.Int(),
        KeyIds = row.Text(),
    };
}
