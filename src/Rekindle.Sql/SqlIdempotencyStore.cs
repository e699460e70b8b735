using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Answers kept for repeated requests, with the same statements on every database.</summary>
internal sealed class SqlIdempotencyStore(SqlDatabase database) : IIdempotencyStore
{
    public Task<IdempotentAnswer?> BeginAsync(
        string owner, string key, byte[] bodyHash, DateTimeOffset now, DateTimeOffset deadline, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            while (true)
            {
                var ours = await session.ExecuteAsync(
                    """
                    insert into idempotency_keys (owner, key, body_hash, created_at, deadline) values (@owner, @key, @hash, @now, @deadline)
                    on conflict (owner, key) do nothing
                    """,
                    ("owner", owner), ("key", key), ("hash", bodyHash), ("now", now), ("deadline", deadline)).ConfigureAwait(false);
                if (ours > 0)
                {
                    return null;
                }

                var stored = await session.FirstAsync(
                    "select body_hash, status, body, deadline from idempotency_keys where owner = @owner and key = @key",
                    static row => new IdempotentAnswer(row.Bytes(), row.IntOrNull(), row.TextOrNull(), row.Instant()),
                    ("owner", owner), ("key", key)).ConfigureAwait(false);
                if (stored is not null)
                {
                    return stored;
                }

                // It was freed between the two statements: try for it again.
            }
        },
        cancellationToken);

    public Task CompleteAsync(string owner, string key, int status, string body, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            "update idempotency_keys set status = @status, body = @body where owner = @owner and key = @key",
            ("status", status), ("body", body), ("owner", owner), ("key", key)),
        cancellationToken);

    public Task AbandonAsync(string owner, string key, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            "delete from idempotency_keys where owner = @owner and key = @key and status is null", ("owner", owner), ("key", key)),
        cancellationToken);

    public Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync("delete from idempotency_keys where created_at < @before", ("before", before)), cancellationToken);
}
