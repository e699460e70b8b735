using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Sql;
using Rekindle.Storage;

namespace Rekindle.Postgres.Refresh;

/// <summary>The columns of a batch of results: what <see cref="CommitStatement"/> is fed with.</summary>
internal static class CommitRows
{
    /// <summary>The results.</summary>
    public static RowArrays<RefreshCommit> Results { get; } = new RowArrays<RefreshCommit>()
        .Small("shard", c => c.Claim.Connection.Id.Shard)
        .Long("connection_id", c => c.Claim.Connection.Id.Value)
        .Uuid("attempt_id", c => c.Claim.AttemptId)
        .Int("epoch", c => c.Claim.Epoch)
        .Flag("is_steady", IsSteady)
        .Int("grant_no", c => c.Claim.Tokens.GrantNo)
        .Int("version", c => c.Claim.Tokens.Version)
        .Sealed("access_token", c => c.Tokens?.AccessToken)
        .Sealed("refresh_token", c => c.Tokens?.RefreshToken)
        .Instant("previous_sent_at", c => c.PreviousSentAt)
        .Instant("issued_at", c => c.Tokens?.IssuedAt)
        .Instant("expires_at", c => c.Tokens?.ExpiresAt)
        .Text("expiry_source", c => c.Tokens is { } tokens ? Names.Of(tokens.ExpirySource) : null)
        .Instant("refresh_token_expires_at", c => c.Tokens?.RefreshTokenExpiresAt)
        .Text("scope", c => c.Tokens?.Scopes is { } scopes ? SqlJson.Of(scopes) : null)
        .Text("token_type", c => c.Tokens?.TokenType)
        .Text("status", c => c.Status is { } status ? Names.Of(status) : null)
        .Int("consecutive_failures", c => c.ConsecutiveFailures)
        .Int("consecutive_transient_failures", c => c.ConsecutiveTransientFailures)
        .Int("strikes", c => c.Strikes)
        .Instant("first_strike_at", c => c.FirstStrikeAt)
        .Instant("last_strike_at", c => c.LastStrikeAt)
        .Instant("next_retry_at", c => c.NextRetryAt)
        .Text("last_refresh_error", c => c.LastRefreshError)
        .Instant("last_failure_at", c => c.LastFailureAt)
        .Text("disconnect_reason", c => c.DisconnectReason is { } reason ? Names.Of(reason) : null)
        .Instant("degraded_at", c => c.DegradedAt)
        .Instant("ends_at", c => c.Tokens is { } tokens ? tokens.ExpiresAt : c.Claim.Tokens.ExpiresAt)
        .Text("variables", MergedVariables)
        .Instant("due_at", c => IsRefreshed(c.Status) ? c.DueAt : null)
        .Instant("in_doubt_since", c => c.InDoubtSince)
        .Int("open_intents", c => c.OpenIntents)
        .Text("dependents", c => c.Dependents is { } state ? Names.Of(state) : null)
        .Flag("closes", c => c.ClosesNotifications);

    /// <summary>Their attempts.</summary>
    public static RowArrays<Attempt> Attempts { get; } = new RowArrays<Attempt>()
        .Uuid("id", a => a.Id)
        .Instant("created_at", a => a.CreatedAt)
        .Small("shard", a => a.ConnectionId.Shard)
        .Long("connection_id", a => a.ConnectionId.Value)
        .Int("integration_id", a => a.IntegrationId)
        .Text("environment", a => a.Key.Environment)
        .Text("integration", a => a.Key.Integration)
        .Text("tenant", a => a.Key.Tenant)
        .Text("subject", a => a.Key.Subject)
        .Text("purpose", a => a.Key.Purpose)
        .Text("account", a => a.Key.Account)
        .Text("source", a => Names.Of(a.Source))
        .Text("action", a => Names.Of(a.Action))
        .Text("class", a => Names.Of(a.Class))
        .Flag("is_transient", a => a.IsTransient)
        .Text("decision", a => a.Decision)
        .Text("next_step", a => a.NextStep)
        .Instant("next_retry_at", a => a.NextRetryAt)
        .Text("who_acts", a => Names.Of(a.WhoActs))
        .Text("worker", a => a.Worker)
        .Text("worker_version", a => a.WorkerVersion)
        .Int("duration_ms", a => (int)a.Duration.TotalMilliseconds)
        .Int("grant_no", a => a.GrantNo)
        .Int("version", a => a.Version)
        .Flag("rotated", a => a.Rotated)
        .LongOrNull("expires_in", a => (long?)a.ExpiresIn?.TotalSeconds)
        .IntOrNull("status", a => a.Status)
        .Text("error_code", a => a.ErrorCode)
        .Text("error", a => a.Error)
        .Text("stages", a => a.Stages)
        .Text("request", a => a.Request)
        .Text("response", a => a.Response);

    /// <summary>Steady results and what varies about their attempts: what <see cref="SteadyStatement"/> is fed with.</summary>
    public static RowArrays<RefreshCommit> Steady { get; } = new RowArrays<RefreshCommit>()
        .Small("shard", c => c.Claim.Connection.Id.Shard)
        .Long("connection_id", c => c.Claim.Connection.Id.Value)
        .Uuid("attempt_id", c => c.Claim.AttemptId)
        .Int("epoch", c => c.Claim.Epoch)
        .Int("grant_no", c => c.Claim.Tokens.GrantNo)
        .Int("version", c => c.Claim.Tokens.Version)
        .Sealed("access_token", c => c.Tokens!.AccessToken)
        .Sealed("refresh_token", c => c.Tokens!.RefreshToken)
        .Instant("previous_sent_at", c => c.PreviousSentAt)
        .Instant("issued_at", c => c.Tokens!.IssuedAt)
        .Instant("expires_at", c => c.Tokens!.ExpiresAt)
        .Text("expiry_source", c => Names.Of(c.Tokens!.ExpirySource))
        .Instant("refresh_token_expires_at", c => c.Tokens!.RefreshTokenExpiresAt)
        .Text("scope", c => c.Tokens!.Scopes is { } scopes ? SqlJson.Of(scopes) : null)
        .Text("token_type", c => c.Tokens!.TokenType)
        .Instant("due_at", c => c.DueAt)
        .Instant("created_at", c => c.Attempt.CreatedAt)
        .Int("integration_id", c => c.Attempt.IntegrationId)
        .Text("environment", c => c.Attempt.Key.Environment)
        .Text("integration", c => c.Attempt.Key.Integration)
        .Text("tenant", c => c.Attempt.Key.Tenant)
        .Text("subject", c => c.Attempt.Key.Subject)
        .Text("purpose", c => c.Attempt.Key.Purpose)
        .Text("account", c => c.Attempt.Key.Account)
        .Text("next_step", c => c.Attempt.NextStep)
        .Instant("next_retry_at", c => c.Attempt.NextRetryAt)
        .Int("duration_ms", c => (int)c.Attempt.Duration.TotalMilliseconds)
        .LongOrNull("expires_in", c => (long?)c.Attempt.ExpiresIn?.TotalSeconds)
        .IntOrNull("http_status", c => c.Attempt.Status)
        .Text("stages", c => c.Attempt.Stages);

    /// <summary>The messages they open.</summary>
    public static RowArrays<(RefreshCommit Commit, NotificationDraft Draft)> Messages { get; } = new RowArrays<(RefreshCommit Commit, NotificationDraft Draft)>()
        .Uuid("attempt_id", m => m.Commit.Claim.AttemptId)
        .Text("environment", m => m.Commit.Claim.Connection.Key.Environment)
        .Int("integration_id", m => m.Commit.Claim.Connection.IntegrationId)
        .Text("integration", m => m.Commit.Claim.Connection.Key.Integration)
        .Small("shard", m => m.Commit.Claim.Connection.Id.Shard)
        .Long("connection_id", m => m.Commit.Claim.Connection.Id.Value)
        .Text("kind", m => Names.Of(m.Draft.Kind))
        .Text("audience", m => Names.Of(m.Draft.Audience))
        .Text("title", m => m.Draft.Title)
        .Text("body", m => m.Draft.Text);

    /// <summary>
    /// A refresh as it should be: the token was renewed, and the connection stays exactly as it was claimed. Nothing but the
    /// sweep can have changed it since, and that shows in the schedule.
    /// </summary>
    public static bool IsSteady(RefreshCommit commit)
    {
        var before = commit.Claim.Connection;
        return commit is { Tokens: not null, Status: null or ConnectionStatus.Active, Dependents: null or DependentState.Active, Variables.Count: 0 }
            && before is { Status: ConnectionStatus.Active, DegradedAt: null } && commit.Claim.Tokens.ExpiresAt is not null
            && commit.ConsecutiveFailures == before.ConsecutiveFailures
            && commit.ConsecutiveTransientFailures == before.ConsecutiveTransientFailures
            && commit.Strikes == before.Strikes
            && commit.FirstStrikeAt == before.FirstStrikeAt
            && commit.LastStrikeAt == before.LastStrikeAt
            && commit.NextRetryAt == before.NextRetryAt
            && commit.LastRefreshError == before.LastRefreshError
            && (commit.LastFailureAt is null || commit.LastFailureAt == before.LastFailureAt)
            && commit.DisconnectReason == before.DisconnectReason;
    }

    private static bool IsRefreshed(ConnectionStatus? after) => after is null or ConnectionStatus.Active or ConnectionStatus.Degraded;

    // Null: none came. The claim's are those that stand: nothing changes them without raising the epoch.
    private static string? MergedVariables(RefreshCommit commit)
    {
        if (commit.Tokens is null || commit.Variables.Count == 0)
        {
            return null;
        }

        var merged = new Dictionary<string, string>(commit.Claim.Connection.Variables);
        foreach (var (name, value) in commit.Variables)
        {
            merged[name] = value;
        }

        return SqlJson.Of(merged);
    }
}
