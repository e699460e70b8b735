using Rekindle.Attempts;
using Rekindle.Storage;

namespace Rekindle.Sql.Attempts;

/// <summary>The attempt log; how the past is dropped differs between the databases.</summary>
internal abstract class SqlAttemptStore(SqlDatabase database) : IAttemptStore
{
    public virtual Task AppendAsync(IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            foreach (var attempt in attempts)
            {
                await AttemptSql.InsertAsync(session, attempt).ConfigureAwait(false);
            }
        },
        cancellationToken);

    public Task<Attempt?> GetAsync(Guid id, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync($"select {AttemptSql.Columns} from attempts where id = @id", AttemptSql.Read, ("id", id)), cancellationToken);

    public Task<IReadOnlyList<Attempt>> ListAsync(AttemptFilter filter, Guid? before, int limit, CancellationToken cancellationToken)
    {
        var conditions = ConditionsOf(filter);
        conditions.AddIf(before, "id < @before", "before");
        return database.ReadAsync<IReadOnlyList<Attempt>>(
            async session => await session.ListAsync(
                $"select {AttemptSql.Columns} from attempts {conditions.Where} order by id desc limit @limit",
                AttemptSql.Read,
                conditions.Parameters(("limit", limit))).ConfigureAwait(false),
            cancellationToken);
    }

    public Task<int> CountAsync(AttemptFilter filter, int ceiling, CancellationToken cancellationToken)
    {
        var conditions = ConditionsOf(filter);
        return database.ReadAsync(
            session => session.FirstAsync(
                $"select count(*) from (select 1 from attempts {conditions.Where} limit @ceiling) as found",
                static row => row.Int(),
                conditions.Parameters(("ceiling", ceiling))),
            cancellationToken);
    }

    public Task<IReadOnlyList<Attempt>> ReadAfterAsync(
        long after, IReadOnlyCollection<long> missing, int limit, CancellationToken cancellationToken) =>
        SqlLog.ReadAsync(database, "attempts", AttemptSql.Columns, AttemptSql.Read, after, missing, limit, cancellationToken);

    public Task<long> LastPositionAsync(CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync("select coalesce(max(position), 0) from attempts", static row => row.Long()), cancellationToken);

    public abstract Task MaintainAsync(DateTimeOffset now, TimeSpan retention, CancellationToken cancellationToken);

    private static SqlConditions ConditionsOf(AttemptFilter filter)
    {
        var where = new SqlConditions();
        // One connection's attempts are few: with coalesce no database is tempted to look for them through the whole environment.
        where.Add(
            filter.ConnectionId is null ? "environment = @environment" : "coalesce(environment, '') = @environment",
            "environment",
            filter.Environment);
        where.AddIn("integration", "integration", filter.Integrations);
        where.AddIn("tenant", "tenant", filter.Tenants);
        where.AddIf(filter.ConnectionId, "connection_id = @connection", "connection");
        where.AddIf(filter.Subject, "subject = @subject", "subject");
        where.AddIf(filter.Source is { } source ? Names.Of(source) : null, "source = @source", "source");
        where.AddIf(filter.Action is { } action ? Names.Of(action) : null, "action = @action", "action");
        where.AddIf(filter.Class is { } answer ? Names.Of(answer) : null, "class = @class", "class");
        where.AddIf(filter.Since, "created_at >= @since", "since");
        where.AddIf(filter.Until, "created_at < @until", "until");
        return where;
    }
}
