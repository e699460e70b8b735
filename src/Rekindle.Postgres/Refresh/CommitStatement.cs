using System.Globalization;
using Rekindle.Attempts;
using Rekindle.Notifications;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>
/// Writes a batch of results in one statement and one round trip, as far as the common case goes: the lease is ours, and no
/// lever and no new grant came since the claim. A row for which that does not hold is left untouched and not
/// among the answer; <see cref="CommitWriter"/> deals with it.
/// </summary>
/// <remarks>
/// The schedule row is the lock of all that belongs to a connection, and is taken first. That our lease stands under our epoch
/// says already that the token set is the one we started from, since only a commit under a lease and a new grant, which raises
/// the epoch, change it; the token set's own guard (I5) says it again where the material is written.
/// </remarks>
internal sealed class CommitStatement(PostgresDatabase database)
{
    private const int FirstResult = 3;
    private static readonly int FirstAttempt = FirstResult + CommitRows.Results.Count;
    private static readonly int FirstMessage = FirstAttempt + CommitRows.Attempts.Count;

    /// <summary>$1 now, $2 used since then counts as lately used; then the arrays of <see cref="CommitRows"/>.</summary>
    public static string Text { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        with results as materialized (
            select * from {CommitRows.Results.Unnest(FirstResult, "result")}),
        released as (
            update refresh_schedule s set lease_until = null, holder = null, leased_at = null, due_at = r.due_at,
                degrade_at = case when r.status is null and r.access_token is null then s.degrade_at
                                  when {Ready} or coalesce(r.status, 'active') = 'active' then r.ends_at end,
                open_intents = r.open_intents, in_doubt_since = r.in_doubt_since, verdict_held = s.verdict_held and r.access_token is null,
                priority = case when s.last_used_at >= $2 then 0 else 1 end
            from results r
            where s.shard = r.shard and s.connection_id = r.connection_id and s.attempt_id = r.attempt_id
              -- Says the same as "lease_until is not null", without leading through the index of all leases.
              and s.holder is not null
              and s.epoch = r.epoch
              -- What the sweep has marked as ended meanwhile is not as it was claimed.
              and (not r.is_steady or s.degrade_at is not null)
            returning r.*),
        {Stored},
        changed as (
            update connections c set
                status = {After},
                consecutive_failures = r.consecutive_failures, consecutive_transient_failures = r.consecutive_transient_failures,
                strikes = r.strikes, first_strike_at = r.first_strike_at, last_strike_at = r.last_strike_at, next_retry_at = r.next_retry_at,
                last_refresh_error = r.last_refresh_error, last_failure_at = coalesce(r.last_failure_at, c.last_failure_at),
                disconnect_reason = r.disconnect_reason,
                degraded_at = case {After} when 'active' then null
                                           when 'degraded' then coalesce(r.degraded_at, c.degraded_at, $1)
                                           else r.degraded_at end,
                variables = coalesce(r.variables, c.variables), updated_at = $1
            from applied r
            where not r.is_steady and c.shard = r.shard and c.id = r.connection_id
            returning r.shard, r.connection_id, coalesce(r.dependents, case c.status when 'active' then 'active' when 'degraded' then 'degraded' else 'paused' end) as dependents),
        followed as (
            update dependents d set state = changed.dependents, state_since = $1
            from changed
            where d.shard = changed.shard and d.connection_id = changed.connection_id and d.state <> changed.dependents),
        messages as materialized (
            select m.* from {CommitRows.Messages.Unnest(FirstMessage, "m")} where m.attempt_id in (select attempt_id from applied)),
        closed as (
            update notifications n set closed_at = $1
            from applied r
            where r.closes and n.connection_id = r.connection_id and n.closed_at is null
              and not exists (select 1 from messages m where m.connection_id = n.connection_id and m.kind = n.kind)),
        opened as (
            insert into notifications (environment, integration_id, integration, shard, connection_id, kind, audience, title, body, opened_at)
            select environment, integration_id, integration, shard, connection_id, kind, audience, title, body, $1 from messages
            on conflict (connection_id, kind) where closed_at is null and connection_id is not null and not is_test
            do update set count = notifications.count + 1, title = excluded.title, body = excluded.body),
        recorded as (
            insert into attempts ({CommitRows.Attempts.Names})
            select a.* from {CommitRows.Attempts.Unnest(FirstAttempt, "a")} where a.id in (select attempt_id from applied)),
        told as (
            insert into change_feed (at, kind, connection_id, version)
            select $1, 'connection', connection_id, version + case when access_token is null then 0 else 1 end from applied)
        select attempt_id from applied
        """);

    /// <summary>The tokens of what was <c>released</c>, and with them what is <c>applied</c>. $1 now.</summary>
    public const string Stored =
        """
        stored as (
            -- What is not stated is kept (I9). The refresh token that was just used up stays as the previous one until its
            -- successor has worked once (I8): a refresh without rotation is that proof.
            update token_sets t set version = t.version + 1, attempt_id = r.attempt_id, access_token = r.access_token,
                refresh_token = coalesce(r.refresh_token, t.refresh_token),
                previous_refresh_token = case when r.refresh_token is not null then t.refresh_token end,
                previous_sent_at = r.previous_sent_at, fallback = null,
                issued_at = r.issued_at, expires_at = r.expires_at, expiry_source = r.expiry_source,
                refresh_token_expires_at = coalesce(r.refresh_token_expires_at, t.refresh_token_expires_at),
                scope = coalesce(r.scope, t.scope), token_type = r.token_type, refreshed_at = r.issued_at, updated_at = $1
            from released r
            where t.shard = r.shard and t.connection_id = r.connection_id and r.access_token is not null
              and t.grant_no = r.grant_no and t.version = r.version
            returning t.attempt_id),
        applied as materialized (
            select * from released r where r.access_token is null or r.attempt_id in (select attempt_id from stored))
        """;

    private const string Ready = "(r.status = 'degraded' and r.access_token is not null and (r.expires_at is null or r.expires_at > $1))";

    // A connection with a valid token is not degraded, whatever else is said about it (A9).
    private const string After =
        """
        case when coalesce(r.status, c.status) = 'degraded' and r.access_token is not null and (r.expires_at is null or r.expires_at > $1)
             then 'active' else coalesce(r.status, c.status) end
        """;

    /// <summary>Writes the results with these attempts. Answers the attempt ids of those that were applied.</summary>
    public Task<List<Guid>> ExecuteAsync(
        IReadOnlyList<RefreshCommit> commits, IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken) => database.StatementAsync(
            async session =>
            {
                session.FeedWritten = true;
                var now = database.Time.GetUtcNow();
                var command = session.Statement(Text);
                await using var disposal = command.ConfigureAwait(false);
                command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
                command.Parameters.Add(new() { Value = (now - ScheduleRules.RecentlyUsed).ToUnixTimeMilliseconds() });
                CommitRows.Results.Bind(command.Parameters, commits);
                CommitRows.Attempts.Bind(command.Parameters, attempts);
                CommitRows.Messages.Bind(command.Parameters, MessagesOf(commits));
                return await session.ListAsync(command, static row => row.Guid()).ConfigureAwait(false);
            },
            cancellationToken);

    // The same message twice in one statement would be one row changed twice: the last one speaks.
    private static (RefreshCommit Commit, NotificationDraft Draft)[] MessagesOf(IReadOnlyList<RefreshCommit> commits) =>
    [
        .. commits.SelectMany(commit => commit.Opens.Select(draft => (Commit: commit, Draft: draft)))
            .Reverse().DistinctBy(m => (m.Commit.Claim.AttemptId, m.Draft.Kind)),
    ];
}
