using Microsoft.Extensions.Logging;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Sql.Attempts;
using Rekindle.Sql.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>Writes results over their exact parents (I5), a batch in one transaction.</summary>
internal sealed class CommitWriter(SqlDatabase database, SqlAttemptStore attempts, ILogger logger)
{
    public async Task<IReadOnlyList<CommitResult>> WriteAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken)
    {
        var unrecorded = new List<Attempt>();
        var results = await database.WriteAsync<IReadOnlyList<CommitResult>>(
            async session =>
            {
                var written = new List<CommitResult>(commits.Count);
                foreach (var commit in commits)
                {
                    written.Add(await WriteOneAsync(session, commit, unrecorded).ConfigureAwait(false));
                }

                return written;
            },
            cancellationToken).ConfigureAwait(false);
        await UnrecordedAttempts.AppendAsync(attempts, unrecorded, logger).ConfigureAwait(false);
        return results;
    }

    private async Task<CommitResult> WriteOneAsync(SqlSession session, RefreshCommit commit, List<Attempt> unrecorded)
    {
        var before = await ScheduledConnection.LockAsync(database, session, commit.Claim.Connection.Id).ConfigureAwait(false);
        var result = await JudgeAsync(session, commit, before).ConfigureAwait(false);
        if (result is null)
        {
            return CommitResult.Applied;
        }

        var now = database.Time.GetUtcNow();
        var attempt = commit.Attempt;
        if (result != CommitResult.Applied)
        {
            attempt = CommitOutcome.Discarded(commit, result.Value);
            await KeepLateResultAsync(session, commit, now).ConfigureAwait(false);
            await ReleaseAsync(session, commit.Claim).ConfigureAwait(false);
        }
        else if ((commit.Holds is not null || commit.Fallback is not null || commit.Status == ConnectionStatus.NeedsReauthorization)
            && await LateResults.FindAsync(session, before!).ConfigureAwait(false) is { } late)
        {
            // The token that was found dead has a successor, which came back late: the verdict is about bytes that no longer count (I6).
            (result, attempt) = (CommitResult.Superseded, CommitOutcome.Renewed(commit));
            await LateResults.ApplyAsync(session, late, before!, now).ConfigureAwait(false);
            await LateResults.RecordAsync(session, late.Attempt, now, unrecorded).ConfigureAwait(false);
        }
        else
        {
            await ApplyAsync(session, commit, before!, now).ConfigureAwait(false);
        }

        await UnrecordedAttempts.TryInsertAsync(session, attempt, unrecorded).ConfigureAwait(false);
        return result.Value;
    }

    /// <summary>What becomes of a commit; null: an earlier try of it took effect.</summary>
    private static async Task<CommitResult?> JudgeAsync(SqlSession session, RefreshCommit commit, ScheduledConnection? before)
    {
        var claim = commit.Claim;
        if (before?.WrittenBy == claim.AttemptId)
        {
            return null;
        }

        var holdsLease = before?.AttemptId == claim.AttemptId;
        if ((!holdsLease || before!.Snapshot.LeaseUntil is null) && await IsRecordedAsync(session, commit.Attempt).ConfigureAwait(false))
        {
            return null;
        }

        if (!holdsLease)
        {
            return CommitResult.LeaseLost;
        }

        return before!.Snapshot.Tokens is { } tokens && tokens.GrantNo == claim.Tokens.GrantNo && tokens.Version == claim.Tokens.Version
            ? CommitResult.Applied
            : CommitResult.Superseded;
    }

    // The log holds this attempt with the decision that is asked for now: a discarded verdict is recorded with another one.
    private static Task<bool> IsRecordedAsync(SqlSession session, Attempt attempt) => session.AnyAsync(
        "select 1 from attempts where id = @id and decision = @decision", ("id", attempt.Id), ("decision", attempt.Decision));

    /// <summary>Writes a commit whose parent stands, and ends the lease.</summary>
    public static async Task ApplyAsync(SqlSession session, RefreshCommit commit, ScheduledConnection before, DateTimeOffset now)
    {
        if (commit.Holds is not null)
        {
            commit = await HeldVerdicts.KeepAsync(session, commit, before, now).ConfigureAwait(false);
        }

        var after = CommitOutcome.After(commit, before, now);
        if (commit.Tokens is not null)
        {
            await WriteTokensAsync(session, commit, now).ConfigureAwait(false);
        }
        else if (commit.Fallback is { } fallback && (fallback == Fallback.Spent || CommitOutcome.VerdictCounts(commit, before)))
        {
            // That the token put back was of no use is a fact about it, whatever a lever said meanwhile: it is not tried a second time.
            await ExchangeAsync(session, after.Id, fallback, now).ConfigureAwait(false);
        }

        await ConnectionSql.WriteStateAsync(session, after, now).ConfigureAwait(false);
        await WriteScheduleAsync(session, commit, before, after, now).ConfigureAwait(false);
        if (CommitOutcome.Dependents(commit, before, after.Status) is { } state)
        {
            await ConnectionSql.SetDependentsAsync(session, after.Id, state, now).ConfigureAwait(false);
        }

        if (CommitOutcome.VerdictCounts(commit, before))
        {
            if (before.Snapshot.Connection.Simulation is not null)
            {
                await NotificationSql.CloseTestsAsync(session, after.Id, now).ConfigureAwait(false);
            }

            await WriteNotificationsAsync(session, commit, after, now).ConfigureAwait(false);
        }

        var version = before.Snapshot.Tokens!.Version + (commit.Tokens is null ? 0 : 1);
        await ChangeFeedSql.AppendAsync(session, after.Id, version, now).ConfigureAwait(false);
    }

    // What is not stated is kept (I9). The refresh token that was just used up stays as the previous one until its successor has
    // worked once (I8): a refresh without rotation is that proof.
    private static Task<int> WriteTokensAsync(SqlSession session, RefreshCommit commit, DateTimeOffset now)
    {
        var tokens = commit.Tokens!;
        var id = commit.Claim.Connection.Id;
        return session.ExecuteAsync(
            """
            update token_sets set version = version + 1, attempt_id = @attempt, access_token = @access_token,
                refresh_token = coalesce(@refresh_token, refresh_token),
                previous_refresh_token = case when @rotated then refresh_token end, previous_sent_at = @previous_sent_at, fallback = null,
                issued_at = @issued_at, expires_at = @expires_at, expiry_source = @expiry_source,
                refresh_token_expires_at = coalesce(@refresh_token_expires_at, refresh_token_expires_at),
                scope = coalesce(@scope, scope), token_type = @token_type,
                refreshed_at = @issued_at, updated_at = @now
            where shard = @shard and connection_id = @id
            """,
            ("attempt", commit.Claim.AttemptId), ("access_token", tokens.AccessToken), ("refresh_token", tokens.RefreshToken),
            ("rotated", tokens.RefreshToken is not null),
            ("previous_sent_at", commit.PreviousSentAt), ("issued_at", tokens.IssuedAt),
            ("expires_at", tokens.ExpiresAt), ("expiry_source", Names.Of(tokens.ExpirySource)),
            ("refresh_token_expires_at", tokens.RefreshTokenExpiresAt),
            ("scope", tokens.Scopes is { } scopes ? SqlJson.Of(scopes) : null), ("token_type", tokens.TokenType),
            ("now", now), ("shard", id.Shard), ("id", id));
    }

    // The refresh token and the one before change places, sealed as they are: both belong to this grant (I8). Said twice, it is done once.
    private static Task<int> ExchangeAsync(SqlSession session, ConnectionId id, Fallback fallback, DateTimeOffset now) => session.ExecuteAsync(
        """
        update token_sets set refresh_token = previous_refresh_token, previous_refresh_token = refresh_token, fallback = @fallback, updated_at = @now
        where shard = @shard and connection_id = @id and previous_refresh_token is not null and coalesce(fallback, '') <> @fallback
        """,
        ("fallback", Names.Of(fallback)), ("now", now), ("shard", id.Shard), ("id", id));

    // The doubt about the token is a fact about the material and is written whatever the epoch; the due time is the verdict's.
    private static Task<int> WriteScheduleAsync(
        SqlSession session, RefreshCommit commit, ScheduledConnection before, Connection after, DateTimeOffset now)
    {
        var refreshed = after.Status is ConnectionStatus.Active or ConnectionStatus.Degraded;
        var expires = commit.Tokens is { } tokens ? tokens.ExpiresAt : before.Snapshot.Tokens!.ExpiresAt;
        return session.ExecuteAsync(
            """
            update refresh_schedule set lease_until = null, holder = null, leased_at = null, due_at = @due_at, degrade_at = @degrade_at,
                open_intents = @open_intents, in_doubt_since = @in_doubt_since, verdict_held = @verdict_held,
                priority = case when last_used_at >= @recently then 0 else 1 end
            where shard = @shard and connection_id = @id
            """,
            ("due_at", refreshed ? CommitOutcome.DueAt(commit, before) : null), ("degrade_at", after.Status == ConnectionStatus.Active ? expires : null),
            ("verdict_held", commit.Holds is not null || (before.Snapshot.VerdictHeld && commit.Tokens is null && refreshed)),
            ("open_intents", commit.OpenIntents), ("in_doubt_since", commit.InDoubtSince), ("recently", now - ScheduleRules.RecentlyUsed),
            ("shard", after.Id.Shard), ("id", after.Id));
    }

    private static async Task WriteNotificationsAsync(SqlSession session, RefreshCommit commit, Connection connection, DateTimeOffset now)
    {
        if (commit.ClosesNotifications)
        {
            await NotificationSql.CloseAsync(session, connection.Id, now).ConfigureAwait(false);
        }

        foreach (var draft in commit.Opens)
        {
            await NotificationSql.OpenAsync(session, connection.Id, connection.Key, connection.IntegrationId, draft, now).ConfigureAwait(false);
        }
    }

    private static Task KeepLateResultAsync(SqlSession session, RefreshCommit commit, DateTimeOffset now) =>
        commit.Tokens is null ? Task.CompletedTask : LateResults.KeepAsync(session, JournalledResult.Of(commit), now);

    private static Task<int> ReleaseAsync(SqlSession session, Claim claim) => session.ExecuteAsync(
        """
        update refresh_schedule set lease_until = null, holder = null, leased_at = null
        where shard = @shard and connection_id = @id and attempt_id = @attempt
        """,
        ("shard", claim.Connection.Id.Shard), ("id", claim.Connection.Id), ("attempt", claim.AttemptId));
}
