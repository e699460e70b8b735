using Rekindle.Connections;
using Rekindle.Sql.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Dependents, with the same statements on every database.</summary>
internal sealed class SqlDependentStore(SqlDatabase database) : IDependentStore
{
    private const string Select = "select connection_id, name, label, consequence, state, state_since from dependents ";

    public Task<Dependent?> PutAsync(Dependent dependent, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var id = dependent.ConnectionId;
            if (!await ConnectionSql.LockAsync(database, session, id).ConfigureAwait(false))
            {
                return null;
            }

            var (environment, status) = await session.FirstAsync(
                "select environment, status from connections where shard = @shard and id = @id",
                static row => (row.Text(), row.Word<ConnectionStatus>()), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
            return await session.FirstAsync(
                """
                insert into dependents (shard, connection_id, name, label, consequence, state, state_since, environment)
                values (@shard, @id, @name, @label, @consequence, @state, @now, @environment)
                on conflict (shard, connection_id, name) do update set label = excluded.label, consequence = excluded.consequence
                returning connection_id, name, label, consequence, state, state_since
                """,
                Read, ("shard", id.Shard), ("id", id), ("name", dependent.Name), ("label", dependent.Label),
                ("consequence", dependent.Consequence), ("state", Names.Of(ConnectionSql.DependentsOf(status))), ("now", now),
                ("environment", environment)).ConfigureAwait(false);
        },
        cancellationToken);

    public Task<bool> DeleteAsync(ConnectionId id, string name, CancellationToken cancellationToken) => database.WriteAsync(
        async session => await session.ExecuteAsync(
            "delete from dependents where shard = @shard and connection_id = @id and name = @name",
            ("shard", id.Shard), ("id", id), ("name", name)).ConfigureAwait(false) > 0,
        cancellationToken);

    public Task<IReadOnlyList<Dependent>> ListAsync(ConnectionId id, CancellationToken cancellationToken) => ListAsync(
        "where shard = @shard and connection_id = @id order by name", cancellationToken, ("shard", id.Shard), ("id", id));

    public Task<IReadOnlyList<Dependent>> ListAsync(
        string environment, DependentState? state, DependentPosition? after, int limit, CancellationToken cancellationToken)
    {
        var where = new SqlConditions();
        where.Add("environment = @environment", "environment", environment);
        where.AddIf(state is { } wanted ? Names.Of(wanted) : null, "state = @state", "state");
        where.AddIf(after?.Name, "(connection_id, name) > (@after_id, @after)", "after");
        return ListAsync(
            $"{where.Where} order by connection_id, name limit @limit", cancellationToken, where.Parameters(("limit", limit), ("after_id", after?.ConnectionId)));
    }

    private static Dependent Read(SqlRow row) => new()
    {
        ConnectionId = row.ConnectionId(),
        Name = row.Text(),
        Label = row.Text(),
        Consequence = row.TextOrNull(),
        State = row.Word<DependentState>(),
        StateSince = row.Instant(),
    };

    private Task<IReadOnlyList<Dependent>> ListAsync(
        string rest, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        database.ReadAsync<IReadOnlyList<Dependent>>(
            async session => await session.ListAsync(Select + rest, Read, parameters).ConfigureAwait(false), cancellationToken);
}
