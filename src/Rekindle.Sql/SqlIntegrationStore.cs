using Rekindle.Connect;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Integrations, with the same statements on every database.</summary>
internal sealed class SqlIntegrationStore(SqlDatabase database) : IIntegrationStore
{
    private const string Select =
        """
        select id, environment, key, provider, display_name, client_id, client_secret, previous_client_secret, private_key, secret_expires_at,
               scopes, purposes, variables, allowed_return_urls, connect_fields, policy, state, state_reason, state_since, throttled_until, next_probe_at,
               probes, config_version, created_at, updated_at
        from integrations

        """;

    public Task<IReadOnlyList<Integration>> ListAsync(CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<Integration>>(
        async session => await session.ListAsync(Select + "order by id", Read).ConfigureAwait(false), cancellationToken);

    public Task<Integration?> CreateAsync(Integration integration, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var id = await session.FirstAsync(
                """
                insert into integrations (environment, key, provider, display_name, client_id, client_secret, previous_client_secret,
                    private_key, secret_expires_at, scopes, purposes, variables, allowed_return_urls, connect_fields, policy, state, state_reason,
                    state_since, created_at, updated_at)
                values (@environment, @key, @provider, @display_name, @client_id, @client_secret, @previous_client_secret,
                    @private_key, @secret_expires_at, @scopes, @purposes, @variables, @allowed_return_urls, @connect_fields, @policy, @state, @state_reason,
                    @state_since, @created_at, @created_at)
                on conflict (environment, key) do nothing
                returning id
                """,
                static row => row.Int(),
                [.. Configuration(integration), ("environment", integration.Environment), ("key", integration.Key),
                    ("state", Names.Of(integration.State)), ("state_reason", integration.StateReason), ("state_since", integration.StateSince),
                    ("created_at", integration.CreatedAt)]).ConfigureAwait(false);
            if (id == 0)
            {
                return null;
            }

            await ChangeFeedSql.AppendIntegrationAsync(session, id, integration.CreatedAt).ConfigureAwait(false);
            return await GetAsync(session, id).ConfigureAwait(false);
        },
        cancellationToken);

    public Task<Integration?> UpdateAsync(Integration integration, DateTimeOffset now, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var changed = await session.ExecuteAsync(
                """
                update integrations set provider = @provider, display_name = @display_name, client_id = @client_id,
                    client_secret = @client_secret, previous_client_secret = @previous_client_secret, private_key = @private_key,
                    secret_expires_at = @secret_expires_at, scopes = @scopes, purposes = @purposes, variables = @variables,
                    allowed_return_urls = @allowed_return_urls, connect_fields = @connect_fields, policy = @policy, config_version = config_version + 1, updated_at = @now,
                    next_probe_at = case when state = 'misconfigured' then @now else next_probe_at end,
                    probes = case when state = 'misconfigured' then 0 else probes end
                where id = @id and config_version = @config_version
                """,
                [.. Configuration(integration), ("id", integration.Id), ("config_version", integration.ConfigVersion), ("now", now)])
                .ConfigureAwait(false);
            if (changed == 0)
            {
                return null;
            }

            await ChangeFeedSql.AppendIntegrationAsync(session, integration.Id, now).ConfigureAwait(false);
            return await GetAsync(session, integration.Id).ConfigureAwait(false);
        },
        cancellationToken);

    public Task<bool> SetStateAsync(int id, IntegrationStateChange change, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async session =>
            {
                var before = await LockAsync(session, id).ConfigureAwait(false);
                if (before is null || !Counts(before, change))
                {
                    return false;
                }

                await WriteNotificationsAsync(session, before, change, now).ConfigureAwait(false);
                if (!Changes(before, change))
                {
                    return false;
                }

                await session.ExecuteAsync(
                    """
                    update integrations set state = @state, state_reason = @reason, next_probe_at = @next_probe_at, probes = @probes,
                        state_since = case when state = @state then state_since else @now end, updated_at = @now
                    where id = @id
                    """,
                    ("state", Names.Of(change.State)), ("reason", change.Reason), ("next_probe_at", change.NextProbeAt),
                    ("probes", change.Probes), ("now", now), ("id", id)).ConfigureAwait(false);
                await ChangeFeedSql.AppendIntegrationAsync(session, id, now).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public Task ThrottleAsync(int id, DateTimeOffset until, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            var lengthened = await session.ExecuteAsync(
                "update integrations set throttled_until = @until where id = @id and (throttled_until is null or throttled_until < @until)",
                ("until", until), ("id", id)).ConfigureAwait(false);
            if (lengthened > 0)
            {
                await ChangeFeedSql.AppendIntegrationAsync(session, id, database.Time.GetUtcNow()).ConfigureAwait(false);
            }
        },
        cancellationToken);

    public Task<bool> DeleteAsync(int id, CancellationToken cancellationToken) => database.WriteAsync(
        async session =>
        {
            // Locked first: a connection that is being made meanwhile either is seen below, or waits and finds no integration.
            await LockAsync(session, id).ConfigureAwait(false);
            var deleted = await session.ExecuteAsync(
                "delete from integrations where id = @id and not exists (select 1 from connections where integration_id = @id)", ("id", id))
                .ConfigureAwait(false);
            if (deleted == 0)
            {
                return false;
            }

            var now = database.Time.GetUtcNow();
            await session.ExecuteAsync("delete from budgets where integration_id = @id", ("id", id)).ConfigureAwait(false);
            await NotificationSql.CloseAsync(session, id, now).ConfigureAwait(false);
            await ChangeFeedSql.AppendIntegrationAsync(session, id, now).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    // Evidence counts only against the configuration it was gathered under, and never lifts an operator's pause.
    private static bool Counts(Integration before, IntegrationStateChange change) =>
        (change.From is not { } from || from == before.State)
        && (change.FromProbes is not { } probes || probes == before.Probes)
        && (change.ConfigVersion is not { } version || (version == before.ConfigVersion && before.State != IntegrationState.Paused));

    // Evidence of a state that is there already changes nothing: of several workers that find the same, one does it.
    private static bool Changes(Integration before, IntegrationStateChange change) => change.ConfigVersion is null
        ? change.State != before.State || change.Reason != before.StateReason || change.NextProbeAt != before.NextProbeAt
        : change.State != before.State || change.Probes != before.Probes;

    private static async Task WriteNotificationsAsync(SqlSession session, Integration integration, IntegrationStateChange change, DateTimeOffset now)
    {
        if (change.ClosesNotifications)
        {
            await NotificationSql.CloseAsync(session, integration.Id, now).ConfigureAwait(false);
        }

        if (change.Opens is { } draft)
        {
            await NotificationSql.OpenAsync(session, integration.Id, integration.Environment, integration.Key, draft, now).ConfigureAwait(false);
        }
    }

    private static (string, object?)[] Configuration(Integration integration) =>
    [
        ("provider", integration.Provider), ("display_name", integration.DisplayName), ("client_id", integration.ClientId),
        ("client_secret", integration.ClientSecret), ("previous_client_secret", integration.PreviousClientSecret),
        ("private_key", integration.PrivateKey), ("secret_expires_at", integration.SecretExpiresAt),
        ("scopes", SqlJson.Of(integration.Scopes)), ("purposes", SqlJson.Of(integration.Purposes)),
        ("variables", SqlJson.Of(integration.Variables)), ("allowed_return_urls", SqlJson.Of(integration.AllowedReturnUrls)),
        ("connect_fields", SqlJson.Of(integration.ConnectFields)), ("policy", SqlJson.Of(integration.Policy)),
    ];

    private static Task<Integration?> GetAsync(SqlSession session, int id) =>
        session.FirstAsync(Select + "where id = @id", Read, ("id", id));

    private Task<Integration?> LockAsync(SqlSession session, int id) =>
        session.FirstAsync($"{Select}where id = @id{database.RowLock}", Read, ("id", id));

    private static Integration Read(SqlRow row) => new()
    {
        Id = row.Int(),
        Environment = row.Text(),
        Key = row.Text(),
        Provider = row.Text(),
        DisplayName = row.Text(),
        ClientId = row.Text(),
        ClientSecret = row.SealedOrNull(),
        PreviousClientSecret = row.SealedOrNull(),
        PrivateKey = row.SealedOrNull(),
        SecretExpiresAt = row.InstantOrNull(),
        Scopes = row.TextList(),
        Purposes = SqlJson.Read<Dictionary<string, PurposeRule>>(row.Text()),
        Variables = row.TextMap(),
        AllowedReturnUrls = row.TextList(),
        ConnectFields = SqlJson.Read<ConnectField[]>(row.Text()),
        Policy = SqlJson.Read<IntegrationPolicy>(row.Text()),
        State = row.Word<IntegrationState>(),
        StateReason = row.TextOrNull(),
        StateSince = row.InstantOrNull(),
        ThrottledUntil = row.InstantOrNull(),
        NextProbeAt = row.InstantOrNull(),
        Probes = row.Int(),
        ConfigVersion = row.Int(),
        CreatedAt = row.Instant(),
        UpdatedAt = row.Instant(),
    };
}
