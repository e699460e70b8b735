using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>The audit log, with the same statements on every database.</summary>
internal sealed class SqlAuditStore(SqlDatabase database) : IAuditStore
{
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        session => session.ExecuteAsync(
            """
            insert into audit (at, environment, actor, action, target, detail)
            values (@at, @environment, @actor, @action, @target, @detail)
            """,
            ("at", entry.At), ("environment", entry.Environment), ("actor", entry.Actor), ("action", entry.Action), ("target", entry.Target),
            ("detail", entry.Detail)),
        cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> ListAsync(string environment, long? before, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        where.Add("environment = @environment", "environment", environment);
        where.AddIf(before, "id < @before", "before");
        return database.ReadAsync<IReadOnlyList<AuditEntry>>(
            async session => await session.ListAsync(
                $"select id, at, environment, actor, action, target, detail from audit {where.Where} order by id desc limit @limit",
                static row => new AuditEntry(row.Long(), row.Instant(), row.Text(), row.Text(), row.Text(), row.Text(), row.TextOrNull()),
                where.Parameters(("limit", limit))).ConfigureAwait(false),
            cancellationToken);
    }
}
