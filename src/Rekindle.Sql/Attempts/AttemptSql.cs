using Rekindle.Attempts;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Sql.Attempts;

/// <summary>Writing and reading attempts.</summary>
internal static class AttemptSql
{
    /// <summary>Columns in the order of <see cref="Read"/>.</summary>
    public const string Columns =
        """
        id, created_at, connection_id, integration_id, environment, integration, tenant, subject, purpose, account,
        source, action, class, is_transient, decision, next_step, next_retry_at, who_acts, worker, worker_version, duration_ms,
        grant_no, version, rotated, expires_in, status, error_code, error, stages, request, response, position
        """;

    private const string InsertSql =
        """
        insert into attempts (id, created_at, shard, connection_id, integration_id, environment, integration, tenant, subject, purpose, account,
            source, action, class, is_transient, decision, next_step, next_retry_at, who_acts, worker, worker_version, duration_ms,
            grant_no, version, rotated, expires_in, status, error_code, error, stages, request, response)
        values (@id, @created_at, @shard, @connection_id, @integration_id, @environment, @integration, @tenant, @subject, @purpose, @account,
            @source, @action, @class, @is_transient, @decision, @next_step, @next_retry_at, @who_acts, @worker, @worker_version, @duration_ms,
            @grant_no, @version, @rotated, @expires_in, @status, @error_code, @error, @stages, @request, @response)
        on conflict do nothing
        """;

    /// <summary>Appends an attempt; one that is there already stays as it is.</summary>
    public static Task InsertAsync(SqlSession session, Attempt attempt) => session.ExecuteAsync(
        InsertSql,
        ("id", attempt.Id), ("created_at", attempt.CreatedAt), ("shard", attempt.ConnectionId.Shard), ("connection_id", attempt.ConnectionId),
        ("integration_id", attempt.IntegrationId), ("environment", attempt.Key.Environment), ("integration", attempt.Key.Integration),
        ("tenant", attempt.Key.Tenant), ("subject", attempt.Key.Subject), ("purpose", attempt.Key.Purpose), ("account", attempt.Key.Account),
        ("source", Names.Of(attempt.Source)), ("action", Names.Of(attempt.Action)), ("class", Names.Of(attempt.Class)),
        ("is_transient", attempt.IsTransient), ("decision", attempt.Decision), ("next_step", attempt.NextStep),
        ("next_retry_at", attempt.NextRetryAt), ("who_acts", Names.Of(attempt.WhoActs)), ("worker", attempt.Worker),
        ("worker_version", attempt.WorkerVersion), ("duration_ms", (int)attempt.Duration.TotalMilliseconds), ("grant_no", attempt.GrantNo),
        ("version", attempt.Version), ("rotated", attempt.Rotated), ("expires_in", (long?)attempt.ExpiresIn?.TotalSeconds),
        ("status", attempt.Status), ("error_code", attempt.ErrorCode), ("error", attempt.Error), ("stages", attempt.Stages),
        ("request", attempt.Request), ("response", attempt.Response));

    public static Attempt Read(SqlRow row) => new()
    {
        Id = row.Guid(),
        CreatedAt = row.Instant(),
        ConnectionId = row.ConnectionId(),
        IntegrationId = row.Int(),
        Key = row.Key(),
        Source = row.Word<RefreshSource>(),
        Action = row.Word<AttemptAction>(),
        Class = row.Word<RefreshClass>(),
        IsTransient = row.Flag(),
        Decision = row.Text(),
        NextStep = row.Text(),
        NextRetryAt = row.InstantOrNull(),
        WhoActs = row.Word<WhoActs>(),
        Worker = row.Text(),
        WorkerVersion = row.Text(),
        Duration = TimeSpan.FromMilliseconds(row.Int()),
        GrantNo = row.Int(),
        Version = row.Int(),
        Rotated = row.Flag(),
        ExpiresIn = row.LongOrNull() is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Status = row.IntOrNull(),
        ErrorCode = row.TextOrNull(),
        Error = row.TextOrNull(),
        Stages = row.TextOrNull(),
        Request = row.TextOrNull(),
        Response = row.TextOrNull(),
        Position = row.Long(),
    };
}
