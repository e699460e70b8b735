using System.Globalization;
using Rekindle.Attempts;
using Rekindle.Refresh;
using Rekindle.Sql.Refresh;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>
/// <see cref="CommitStatement"/> for what nearly all results are: scheduled refreshes that renewed the token of a connection that was well,
/// with a compact attempt. It says the same as that statement says for them, with fewer than half of the arrays and without the
/// branches that such a result never takes; what is not applied is left to the others in the same way.
/// </summary>
internal sealed class SteadyStatement(PostgresDatabase database)
{
    private const int FirstResult = 6;

    /// <summary>$1 now, $2 used since then counts as lately used, $3 decision, $4 worker, $5 its version; then the arrays of <see cref="CommitRows.Steady"/>.</summary>
    public static string Text { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"""
        with results as materialized (
            select * from {CommitRows.Steady.Unnest(FirstResult, "result")}),
        released as (
            update refresh_schedule s set lease_until = null, holder = null, leased_at = null, due_at = r.due_at, degrade_at = r.expires_at,
                open_intents = 0, in_doubt_since = null, verdict_held = false, priority = case when s.last_used_at >= $2 then 0 else 1 end
            from results r
            where s.shard = r.shard and s.connection_id = r.connection_id and s.attempt_id = r.attempt_id
              and s.holder is not null and s.epoch = r.epoch and s.degrade_at is not null
            returning r.*),
        {CommitStatement.Stored},
        closed as (
            update notifications n set closed_at = $1 from applied r where n.connection_id = r.connection_id and n.closed_at is null),
        recorded as (
            insert into attempts (id, created_at, shard, connection_id, integration_id, environment, integration, tenant, subject, purpose, account,
                source, action, class, is_transient, decision, next_step, next_retry_at, who_acts, worker, worker_version, duration_ms,
                grant_no, version, rotated, expires_in, status, stages)
            select attempt_id, created_at, shard, connection_id, integration_id, environment, integration, tenant, subject, purpose, account,
                '{Names.Of(RefreshSource.Scheduled)}', '{Names.Of(AttemptAction.TokenRefreshed)}', '{Names.Of(RefreshClass.Success)}', false,
                $3, next_step, next_retry_at, '{Names.Of(WhoActs.Nobody)}', $4, $5, duration_ms,
                grant_no, version, refresh_token is not null, expires_in, http_status, stages
            from applied),
        told as (
            insert into change_feed (at, kind, connection_id, version) select $1, 'connection', connection_id, version + 1 from applied)
        select attempt_id from applied
        """);

    /// <summary>Those of a batch that this statement can write together.</summary>
    public static RefreshCommit[] Among(IReadOnlyList<RefreshCommit> commits) =>
        commits.FirstOrDefault(IsSteady)?.Attempt is { } first
            ? [.. commits.Where(c => IsSteady(c) && c.Attempt.Decision == first.Decision && c.Attempt.Worker == first.Worker && c.Attempt.WorkerVersion == first.WorkerVersion)]
            : [];

    /// <summary>Writes the results with their attempts. Answers the attempt ids of those that were applied.</summary>
    public Task<List<Guid>> ExecuteAsync(IReadOnlyList<RefreshCommit> commits, CancellationToken cancellationToken) => database.StatementAsync(
        async session =>
        {
            session.FeedWritten = true;
            var now = database.Time.GetUtcNow();
            var attempt = commits[0].Attempt;
            var command = session.Statement(Text);
            await using var disposal = command.ConfigureAwait(false);
            command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
            command.Parameters.Add(new() { Value = (now - ScheduleRules.RecentlyUsed).ToUnixTimeMilliseconds() });
            command.Parameters.Add(new() { Value = PostgresText.Clean(attempt.Decision) });
            command.Parameters.Add(new() { Value = PostgresText.Clean(attempt.Worker) });
            command.Parameters.Add(new() { Value = PostgresText.Clean(attempt.WorkerVersion) });
            CommitRows.Steady.Bind(command.Parameters, commits);
            return await session.ListAsync(command, static row => row.Guid()).ConfigureAwait(false);
        },
        cancellationToken);

    private static bool IsSteady(RefreshCommit commit) =>
        CommitRows.IsSteady(commit)
        && commit is { ClosesNotifications: true, Opens.Count: 0, OpenIntents: 0, InDoubtSince: null, Tokens.ExpiresAt: not null }
        && commit.Attempt is
        {
            Source: RefreshSource.Scheduled, Action: AttemptAction.TokenRefreshed, Class: RefreshClass.Success, IsTransient: false,
            WhoActs: WhoActs.Nobody, ErrorCode: null, Error: null, Request: null, Response: null,
        } attempt
        && attempt.Id == commit.Claim.AttemptId && attempt.ConnectionId == commit.Claim.Connection.Id
        && attempt.GrantNo == commit.Claim.Tokens.GrantNo && attempt.Version == commit.Claim.Tokens.Version
        && attempt.Rotated == (commit.Tokens!.RefreshToken is not null);
}
