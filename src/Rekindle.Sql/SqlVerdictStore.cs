using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sql;

/// <summary>Held verdicts, with the same statements on both databases. The table is nearly always empty.</summary>
internal sealed class SqlVerdictStore(SqlDatabase database) : IVerdictStore
{
    // A verdict is held while its schedule row says so and its parent stands; one that was published counts as long as it is true.
    private const string Standing =
        """
        from held_verdicts v
        join refresh_schedule s on s.shard = v.shard and s.connection_id = v.connection_id
        join token_sets t on t.shard = v.shard and t.connection_id = v.connection_id
        join integrations i on i.id = v.integration_id
        """;

    private const string IsHeld = "v.published_at is null and s.verdict_held and t.grant_no = v.grant_no and t.version = v.version";

    private const string IsTrue = "t.grant_no = v.grant_no and t.version = v.version and (s.verdict_held or v.published_at is not null)";

    // What waits has yet to be weighed, however long it has waited; what was published before the integration's state last changed was weighed then.
    private const string IsRecent =
        $"{IsTrue} and ({IsHeld} and v.released_at is null or v.found_at >= case when i.state_since > @from then i.state_since else @from end)";

    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    public Task<IReadOnlyList<VerdictTally>> TallyAsync(DateTimeOffset now, TimeSpan window, CancellationToken cancellationToken) =>
        database.SnapshotAsync<IReadOnlyList<VerdictTally>>(
            async session =>
            {
                // Hardly ever is there anything.
                var suspect = await session.ListAsync("select id from integrations where state = 'suspect'", static row => row.Int()).ConfigureAwait(false);
                if (suspect.Count == 0
                    && !await session.AnyAsync("select 1 from held_verdicts where published_at is null limit 1").ConfigureAwait(false))
                {
                    return [];
                }

                var counts = await session.ListAsync(
                    $"""
                    select v.integration_id,
                        sum(case when {IsHeld} then 1 else 0 end),
                        sum(case when {IsHeld} and v.publish_at <= @now and v.sampled_at is null and v.released_at is null then 1 else 0 end),
                        sum(case when {IsRecent} then 1 else 0 end),
                        min(case when {IsRecent} then v.tenant end), max(case when {IsRecent} then v.tenant end),
                        sum(case when v.sampled_at is not null and v.released_at is null and v.published_at is null and (i.state_since is null or v.sampled_at >= i.state_since)
                            and t.grant_no = v.grant_no and t.version > v.version then 1 else 0 end)
                    {Standing}
                    where v.published_at is null or v.found_at >= @from
                    group by v.integration_id
                    """,
                    static row => new Counts(row.Int(), (int)row.Long(), (int)row.Long(), (int)row.Long(), row.TextOrNull(), row.TextOrNull(), row.Long() > 0),
                    ("now", now), ("from", now - window)).ConfigureAwait(false);
                var tallies = new List<VerdictTally>();
                foreach (var count in counts.Where(c => c.Held > 0 || c.SampleLives))
                {
                    var tenant = count.FirstTenant == count.LastTenant && !string.IsNullOrEmpty(count.FirstTenant) ? count.FirstTenant : null;
                    var othersLive = tenant is not null && count.Due > 0
                        && await OthersLiveAsync(session, count.IntegrationId, tenant, now - window).ConfigureAwait(false);
                    tallies.Add(new(count.IntegrationId, count.Held, count.Due, count.Recent, tenant, othersLive, count.SampleLives));
                }

                tallies.AddRange(suspect.Except(tallies.Select(t => t.IntegrationId)).Select(id => new VerdictTally(id, 0, 0, 0, null, false, false)));
                return tallies;
            },
            cancellationToken);

    public async Task<int> PublishAsync(
        int integrationId, NotificationDraft? instead, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var due = await FindAsync(
            integrationId, "and v.publish_at <= @now and v.sampled_at is null and v.released_at is null order by v.publish_at", now, limit, cancellationToken)
            .ConfigureAwait(false);
        var published = 0;
        foreach (var id in due)
        {
            published += await database.WriteAsync(
                async session => await HeldVerdicts.PublishAsync(database, session, id, instead is null, now).ConfigureAwait(false) ? 1 : 0,
                cancellationToken).ConfigureAwait(false);
        }

        await database.WriteAsync(session => ForgetAsync(session, now), cancellationToken).ConfigureAwait(false);
        if (instead is not null && published > 0)
        {
            await database.WriteAsync(session => TellAsync(session, integrationId, instead, now), cancellationToken).ConfigureAwait(false);
        }

        return published;
    }

    public Task<int> SampleAsync(int integrationId, int count, DateTimeOffset now, CancellationToken cancellationToken) =>
        TryAgainAsync(integrationId, "order by case when v.sampled_at is null then 0 else 1 end, v.sampled_at, v.found_at", "sampled_at", now, count, cancellationToken);

    public async Task<int> ReleaseAsync(int integrationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var released = await TryAgainAsync(integrationId, "order by v.found_at", "released_at", now, int.MaxValue, cancellationToken).ConfigureAwait(false);

        // The samples that live have said what they had to say; the next incident needs samples of its own.
        await database.WriteAsync(
            session => session.ExecuteAsync(
                "update held_verdicts set released_at = @now where integration_id = @id and published_at is null and released_at is null",
                ("now", now), ("id", integrationId)),
            cancellationToken).ConfigureAwait(false);
        return released;
    }

    public Task<int> CountRefreshedAsync(int integrationId, DateTimeOffset since, int atMost, CancellationToken cancellationToken) => database.ReadAsync(
        session => session.FirstAsync(
            """
            select count(*) from (
                select 1 from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
                where c.integration_id = @integration and t.refreshed_at >= @since limit @most) as refreshed
            """,
            static row => (int)row.Long(), ("integration", integrationId), ("since", since), ("most", atMost)),
        cancellationToken);

    private async Task<int> TryAgainAsync(
        int integrationId, string order, string mark, DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var found = await FindAsync(integrationId, order, now, limit, cancellationToken).ConfigureAwait(false);
        var again = 0;
        foreach (var id in found)
        {
            again += await database.WriteAsync(
                async session =>
                {
                    var due = await session.ExecuteAsync(
                        """
                        update refresh_schedule set due_at = @now
                        where shard = @shard and connection_id = @id and verdict_held
                          and exists (select 1 from connections c where c.shard = @shard and c.id = @id and c.status in ('active', 'degraded'))
                        """,
                        ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
                    await session.ExecuteAsync(
                        $"update held_verdicts set {mark} = @now where shard = @shard and connection_id = @id and published_at is null",
                        ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
                    return due;
                },
                cancellationToken).ConfigureAwait(false);
        }

        return again;
    }

    private Task<List<ConnectionId>> FindAsync(int integrationId, string rest, DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => session.ListAsync(
                $"select v.connection_id {Standing} where v.integration_id = @integration and {IsHeld} {rest} limit @limit",
                static row => row.ConnectionId(), ("integration", integrationId), ("now", now), ("limit", limit)),
            cancellationToken);

    private static Task<bool> OthersLiveAsync(SqlSession session, int integrationId, string tenant, DateTimeOffset from) => session.AnyAsync(
        """
        select 1 from connections c join token_sets t on t.shard = c.shard and t.connection_id = c.id
        where c.integration_id = @integration and c.tenant <> @tenant and c.status = 'active' and t.refreshed_at >= @from limit 1
        """,
        ("integration", integrationId), ("tenant", tenant), ("from", from));

    private static Task<int> ForgetAsync(SqlSession session, DateTimeOffset now) => session.ExecuteAsync(
        """
        delete from held_verdicts where found_at < @old and not exists (
            select 1 from refresh_schedule s
            where s.shard = held_verdicts.shard and s.connection_id = held_verdicts.connection_id and s.verdict_held)
        """,
        ("old", now - Remembered));

    private static async Task<int> TellAsync(SqlSession session, int integrationId, NotificationDraft message, DateTimeOffset now)
    {
        var (environment, key) = await session.FirstAsync(
            "select environment, key from integrations where id = @id", static row => (row.Text(), row.Text()), ("id", integrationId)).ConfigureAwait(false);
        await NotificationSql.OpenAsync(session, integrationId, environment, key, message, now).ConfigureAwait(false);
        return 1;
    }

    private sealed record Counts(int IntegrationId, int Held, int Due, int Recent, string? FirstTenant, string? LastTenant, bool SampleLives);
}
