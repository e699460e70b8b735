using Rekindle.Connections;
using Rekindle.Sql.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>A connection with its whole row of the schedule: what claims and commits look at.</summary>
internal sealed record ScheduledConnection
{
    /// <summary>The columns, in the order of <see cref="Read"/>.</summary>
    public const string Columns = $"{ConnectionSql.Columns}, s.attempt_id, s.holder, s.leased_at, s.fence, s.epoch, s.jitter, t.attempt_id";

    /// <summary>Selects them; a condition over s, c and t follows.</summary>
    public const string Select = $"select {Columns} from {ConnectionSql.Tables} ";

    public required ConnectionSnapshot Snapshot { get; init; }

    /// <summary>The attempt of the present lease, or of the last one.</summary>
    public Guid? AttemptId { get; init; }

    public string? Holder { get; init; }

    public DateTimeOffset? LeasedAt { get; init; }

    public long Fence { get; init; }

    public int Epoch { get; init; }

    public int Jitter { get; init; }

    /// <summary>The attempt that wrote the token set as it stands; null: a new grant did.</summary>
    public Guid? WrittenBy { get; init; }

    public static ScheduledConnection Read(SqlRow row) => new()
    {
        Snapshot = ConnectionSql.ReadSnapshot(row),
        AttemptId = row.GuidOrNull(),
        Holder = row.TextOrNull(),
        LeasedAt = row.InstantOrNull(),
        Fence = row.Long(),
        Epoch = row.Int(),
        Jitter = row.Int(),
        WrittenBy = row.GuidOrNull(),
    };

    /// <summary>
    /// The connection, locked until the transaction ends; null: there is none. Read by a statement of its own after the lock, so that
    /// it shows what whoever held the lock before us has written.
    /// </summary>
    public static async Task<ScheduledConnection?> LockAsync(SqlDatabase database, SqlSession session, ConnectionId id) =>
        database.RowLock.Length == 0 || await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false)
            ? await session.FirstAsync(
                Select + "where s.shard = @shard and s.connection_id = @id", Read, ("shard", id.Shard), ("id", id)).ConfigureAwait(false)
            : null;

    /// <summary>The lease it is under, as a claim.</summary>
    public Claim ToClaim() => new()
    {
        Connection = Snapshot.Connection,
        Tokens = Snapshot.Tokens!,
        AttemptId = AttemptId!.Value,
        Holder = Holder!,
        Fence = Fence,
        Epoch = Epoch,
        DueAt = Snapshot.DueAt,
        OpenIntents = Snapshot.OpenIntents,
        InDoubtSince = Snapshot.InDoubtSince,
        Jitter = Jitter,
        LastUsedAt = Snapshot.Connection.LastUsedAt,
    };
}
