using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Connections;

/// <summary>Connections outside a refresh, with the same statements on every database.</summary>
internal sealed class SqlConnectionStore(SqlDatabase database) : IConnectionStore
{
    private const int MostOfOneSubject = 100;

    private readonly GrantWriter _grants = new(database);
    private readonly LeverWriter _levers = new(database);
    private readonly ConnectionRemoval _removal = new(database);
    private readonly StateRestorer _restorer = new(database);

    public Task<ConnectionSnapshot?> GetAsync(ConnectionId id, CancellationToken cancellationToken) =>
        database.ReadAsync(session => ConnectionSql.GetAsync(session, id), cancellationToken);

    public Task<ConnectionSnapshot?> FindAsync(ConnectionKey key, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync(
            ConnectionSql.Select +
            """
            where c.shard = @shard and c.environment = @environment and c.integration = @integration and c.tenant = @tenant
              and c.subject = @subject and c.purpose = @purpose and c.account = @account
            """,
            ConnectionSql.ReadSnapshot,
            ("shard", key.Shard), ("environment", key.Environment), ("integration", key.Integration), ("tenant", key.Tenant),
            ("subject", key.Subject), ("purpose", key.Purpose), ("account", key.Account)),
        cancellationToken);

    public Task<IReadOnlyList<ConnectionSnapshot>> FindBySubjectAsync(
        string environment, string integration, string tenant, string subject, CancellationToken cancellationToken) =>
        ListAsync(
            """
            where c.environment = @environment and c.integration = @integration and c.tenant = @tenant and c.subject = @subject
            order by c.purpose, c.account limit @limit
            """,
            cancellationToken,
            ("environment", environment), ("integration", integration), ("tenant", tenant), ("subject", subject), ("limit", MostOfOneSubject));

    public Task<IReadOnlyList<ConnectionSnapshot>> ListAsync(
        ConnectionFilter filter, ConnectionId? after, int limit, CancellationToken cancellationToken)
    {
        var conditions = ConnectionFilterSql.Of(database, filter);
        var key = ConnectionFilterSql.PageKeyOf(filter);
        conditions.AddIf(after, $"({key}) > (@after_shard, @after)", "after");
        return ListAsync(
            $"{conditions.Where} order by {key} limit @limit",
            cancellationToken,
            conditions.Parameters(("limit", limit), ("after_shard", after?.Shard)));
    }

    public Task<int> CountAsync(ConnectionFilter filter, int ceiling, CancellationToken cancellationToken)
    {
        var conditions = ConnectionFilterSql.Of(database, filter);
        return database.ReadAsync(
            session => session.FirstAsync(
                $"""
                select count(*) from (
                    select 1 from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
                    {conditions.Where} limit @ceiling) as found
                """,
                static row => row.Int(),
                conditions.Parameters(("ceiling", ceiling))),
            cancellationToken);
    }

    public Task<GrantResult> SaveGrantAsync(NewGrant grant, CancellationToken cancellationToken) => _grants.SaveAsync(grant, cancellationToken);

    public Task<bool> CompleteAsync(ConnectionId id, int grantNo, DateTimeOffset? dueAt, DateTimeOffset now, CancellationToken cancellationToken) =>
        _levers.CompleteAsync(id, grantNo, dueAt, now, cancellationToken);

    public Task<GrantResult?> CompleteWaitingAsync(ConnectSession from, ConnectSession to, NewGrant grant, CancellationToken cancellationToken) =>
        _grants.CompleteWaitingAsync(from, to, grant, cancellationToken);

    public Task<ConnectionSnapshot?> PatchAsync(
        ConnectionId id, ConnectionPatch patch, DateTimeOffset now, CancellationToken cancellationToken) =>
        _levers.PatchAsync(id, patch, now, cancellationToken);

    public Task<ConnectionSnapshot?> ApplyAsync(ConnectionId id, LeverChange change, DateTimeOffset now, CancellationToken cancellationToken) =>
        _levers.ApplyAsync(id, change, now, cancellationToken);

    public Task EraseTokensAsync(ConnectionId id, DateTimeOffset now, CancellationToken cancellationToken) =>
        _removal.EraseTokensAsync(id, now, cancellationToken);

    public Task<bool> DeletePendingAsync(ConnectionId id, int grantNo, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        _removal.DeletePendingAsync(id, grantNo, reason, now, cancellationToken);

    public Task<bool> DeleteAsync(ConnectionId id, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        _removal.DeleteAsync(id, reason, now, cancellationToken);

    public Task<int> RestoreAsync(IReadOnlyList<ConnectionSnapshot> states, DateTimeOffset now, CancellationToken cancellationToken) =>
        _restorer.RestoreAsync(states, now, cancellationToken);

    public Task<ConnectionSummary> SummarizeAsync(string environment, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.SnapshotAsync(session => ConnectionSummaryQuery.ReadAsync(session, environment, now), cancellationToken);

    private Task<IReadOnlyList<ConnectionSnapshot>> ListAsync(
        string rest, CancellationToken cancellationToken, params (string Name, object? Value)[] parameters) =>
        database.ReadAsync<IReadOnlyList<ConnectionSnapshot>>(
            async session => await session.ListAsync(ConnectionSql.Select + rest, ConnectionSql.ReadSnapshot, parameters).ConfigureAwait(false),
            cancellationToken);
}
