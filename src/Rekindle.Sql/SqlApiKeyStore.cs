using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>API keys, with the same statements on every database.</summary>
internal sealed class SqlApiKeyStore(SqlDatabase database) : IApiKeyStore
{
    private const string Select =
        "select id, environment, name, hash, scopes, integrations, tenants, created_at, expires_at, created_by from api_keys ";

    public Task CreateAsync(ApiKey key, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync(
                """
                insert into api_keys (id, environment, name, hash, scopes, integrations, tenants, created_at, expires_at, created_by)
                values (@id, @environment, @name, @hash, @scopes, @integrations, @tenants, @created_at, @expires_at, @created_by)
                """,
                ("id", key.Id), ("environment", key.Environment), ("name", key.Name), ("hash", key.Hash), ("scopes", SqlJson.Of(key.Scopes)),
                ("integrations", SqlJson.Of(key.Integrations)), ("tenants", SqlJson.Of(key.Tenants)), ("created_at", key.CreatedAt),
                ("expires_at", key.ExpiresAt), ("created_by", key.CreatedBy)).ConfigureAwait(false);
            await ChangeFeedSql.AppendApiKeyAsync(session, key.CreatedAt).ConfigureAwait(false);
        },
        cancellationToken);

    public Task<ApiKey?> FindAsync(string id, CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.FirstAsync(Select + "where id = @id", Read, ("id", id)), cancellationToken);

    public Task<IReadOnlyList<ApiKey>> ListAsync(string environment, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ApiKey>>(
            async session => await session.ListAsync(
                Select + "where environment = @environment order by created_at desc, id", Read, ("environment", environment)).ConfigureAwait(false),
            cancellationToken);

    public Task<bool> EndAsync(string environment, string id, DateTimeOffset at, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var shortened = await session.ExecuteAsync(
                """
                update api_keys set expires_at = @at
                where environment = @environment and id = @id and (expires_at is null or expires_at > @at)
                """,
                ("at", at), ("environment", environment), ("id", id)).ConfigureAwait(false);
            if (shortened > 0)
            {
                await ChangeFeedSql.AppendApiKeyAsync(session, database.Time.GetUtcNow()).ConfigureAwait(false);
                return true;
            }

            return await session.AnyAsync(
                "select 1 from api_keys where environment = @environment and id = @id", ("environment", environment), ("id", id))
                .ConfigureAwait(false);
        },
        cancellationToken);

    public Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(session => session.AnyAsync("select 1 from api_keys limit 1"), cancellationToken);

    private static ApiKey Read(SqlRow row) => new()
    {
        Id = row.Text(),
        Environment = row.Text(),
        Name = row.Text(),
        Hash = row.Bytes(),
        Scopes = row.TextList(),
        Integrations = row.TextList(),
        Tenants = row.TextList(),
        CreatedAt = row.Instant(),
        ExpiresAt = row.InstantOrNull(),
        CreatedBy = row.TextOrNull(),
    };
}
