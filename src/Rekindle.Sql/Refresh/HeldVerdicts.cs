using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Refresh;
using Rekindle.Sql.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>Verdicts between the answer that brought them and their publication (I10).</summary>
internal static class HeldVerdicts
{
    /// <summary>
    /// Keeps a commit's verdict, or publishes it with the commit when it is the second one after a release: released verdicts are
    /// tested once (F1). Returns the commit as it is to be written.
    /// </summary>
    public static async Task<RefreshCommit> KeepAsync(SqlSession session, RefreshCommit commit, ScheduledConnection before, DateTimeOffset now)
    {
        if (!CommitOutcome.VerdictCounts(commit, before))
        {
            return commit with { Holds = null };
        }

        var (id, held) = (before.Snapshot.Connection.Id, commit.Holds!);
        var isTested = before.Snapshot.VerdictHeld && await session.AnyAsync(
            "select 1 from held_verdicts where shard = @shard and connection_id = @id and released_at is not null and published_at is null",
            ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            insert into held_verdicts (shard, connection_id, integration_id, tenant, grant_no, version, reason, title, body, found_at, publish_at, published_at)
            values (@shard, @id, @integration, @tenant, @grant_no, @version, @reason, @title, @body, @now, @publish_at, @published_at)
            on conflict (shard, connection_id) do update set grant_no = excluded.grant_no, version = excluded.version, reason = excluded.reason,
                title = excluded.title, body = excluded.body, publish_at = excluded.publish_at,
                found_at = case when @is_tested then held_verdicts.found_at else excluded.found_at end, sampled_at = null, released_at = null,
                published_at = excluded.published_at
            """,
            ("shard", id.Shard), ("id", id), ("integration", before.Snapshot.Connection.IntegrationId), ("tenant", before.Snapshot.Connection.Key.Tenant),
            ("grant_no", before.Snapshot.Tokens!.GrantNo), ("version", before.Snapshot.Tokens.Version), ("reason", Names.Of(held.Reason)),
            ("title", held.Message.Title), ("body", held.Message.Text), ("now", now), ("publish_at", held.PublishAt),
            ("is_tested", isTested), ("published_at", isTested ? now : null)).ConfigureAwait(false);
        return isTested
            ? commit with
            {
                Holds = null,
                Status = ConnectionStatus.NeedsReauthorization,
                DisconnectReason = held.Reason,
                Dependents = DependentState.Paused,
                Opens = [held.Message],
            }
            : commit;
    }

    /// <summary>Makes a held verdict true, if what it was about still stands and nobody is trying again.</summary>
    public static async Task<bool> PublishAsync(
        SqlDatabase database, SqlSession session, ConnectionId id, bool withMessage, DateTimeOffset now)
    {
        if (await ScheduledConnection.LockAsync(database, session, id).ConfigureAwait(false) is not { Snapshot: { VerdictHeld: true } standing })
        {
            return false;
        }

        var verdict = await session.FirstAsync(
            "select grant_no, version, reason, title, body from held_verdicts where shard = @shard and connection_id = @id and published_at is null",
            static row => new
            {
                GrantNo = row.Int(),
                Version = row.Int(),
                Reason = row.Word<DisconnectReason>(),
                Message = new NotificationDraft(NotificationKind.Disconnected, Audience.User, row.Text(), row.Text()),
            },
            ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        if (verdict is null || standing.LeaseUntil is not null
            || standing.Tokens?.GrantNo != verdict.GrantNo || standing.Tokens.Version != verdict.Version)
        {
            return false;
        }

        var after = standing.WithoutSimulation().Connection with
        {
            Status = ConnectionStatus.NeedsReauthorization,
            DisconnectReason = verdict.Reason,
            NextRetryAt = null,
        };
        await ConnectionSql.WriteStateAsync(session, after, now).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            update refresh_schedule set due_at = null, degrade_at = null, verdict_held = @no
            where shard = @shard and connection_id = @id
            """,
            ("no", false), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await session.ExecuteAsync(
            "update held_verdicts set published_at = @now where shard = @shard and connection_id = @id",
            ("now", now), ("shard", id.Shard), ("id", id)).ConfigureAwait(false);
        await ConnectionSql.SetDependentsAsync(session, id, DependentState.Paused, now).ConfigureAwait(false);
        if (withMessage)
        {
            await NotificationSql.OpenAsync(session, id, after.Key, after.IntegrationId, verdict.Message, now).ConfigureAwait(false);
        }

        await ChangeFeedSql.AppendAsync(session, id, standing.Tokens.Version, now).ConfigureAwait(false);
        return true;
    }
}
