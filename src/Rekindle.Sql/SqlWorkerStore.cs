using Rekindle.Ownership;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Workers' signs of life, with the same statements on every database.</summary>
internal sealed class SqlWorkerStore(SqlDatabase database) : IWorkerStore
{
    private const string Columns =
        "instance_id, version, started_at, seen_at, last_cycle_at, in_flight, slots, key_ids, journal, journal_open, journal_oldest_at, timeline, clock_skew, frozen";

    public Task BeatAsync(WorkerView worker, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            $"""
            insert into workers ({Columns})
            values (@id, @version, @started_at, @seen_at, @last_cycle_at, @in_flight, @slots, @key_ids, @journal, @journal_open, @journal_oldest_at, @timeline, @clock_skew, @frozen)
            on conflict (instance_id) do update set version = excluded.version, started_at = excluded.started_at, seen_at = excluded.seen_at,
                last_cycle_at = excluded.last_cycle_at, in_flight = excluded.in_flight, slots = excluded.slots, key_ids = excluded.key_ids,
                journal = excluded.journal, journal_open = excluded.journal_open, journal_oldest_at = excluded.journal_oldest_at,
                timeline = excluded.timeline, clock_skew = excluded.clock_skew, frozen = excluded.frozen
            """,
            ("id", worker.InstanceId), ("version", worker.Version), ("started_at", worker.StartedAt), ("seen_at", worker.SeenAt),
            ("last_cycle_at", worker.LastCycleAt), ("in_flight", worker.InFlight), ("slots", worker.Slots), ("key_ids", worker.KeyIds),
            ("journal", worker.Journal is { } journal ? Names.Of(journal) : null), ("journal_open", worker.JournalOpen),
            ("journal_oldest_at", worker.JournalOldestAt), ("timeline", worker.Timeline),
            ("clock_skew", (long?)worker.ClockSkew?.TotalMilliseconds),
            ("frozen", worker.Frozen is { } reason ? Names.Of(reason) : null)),
        cancellationToken);

    public Task<IReadOnlyList<WorkerView>> ListAsync(DateTimeOffset seenSince, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerView>>(
            async session => await session.ListAsync(
                $"select {Columns} from workers where seen_at >= @since order by instance_id", Read, ("since", seenSince)).ConfigureAwait(false),
            cancellationToken);

    public Task<TimelineEntry> EnterTimelineAsync(string timeline, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                insert into timelines (id, first_seen_at, last_sign_at) values (@id, @now, (select max(seen_at) from workers))
                on conflict (id) do nothing
                """,
                ("id", timeline), ("now", now)).ConfigureAwait(false);
            return (await session.FirstAsync(
                "select first_seen_at, last_sign_at, not exists (select 1 from timelines where id <> @id) from timelines where id = @id",
                static row => new TimelineEntry(row.Instant(), row.InstantOrNull(), row.Flag()), ("id", timeline)).ConfigureAwait(false))!;
        },
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
        Journal = row.WordOrNull<JournalState>(),
        JournalOpen = row.Int(),
        JournalOldestAt = row.InstantOrNull(),
        Timeline = row.TextOrNull(),
        ClockSkew = row.LongOrNull() is { } skew ? TimeSpan.FromMilliseconds(skew) : null,
        Frozen = row.WordOrNull<FreezeReason>(),
    };
}
