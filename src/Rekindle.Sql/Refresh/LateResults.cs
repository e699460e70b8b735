using System.Globalization;
using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Sql.Attempts;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>
/// Material that came back when its lease was no longer ours, or out of a journal (I5). It is kept sealed, and stored after all
/// over its exact parent as soon as nobody refreshes the connection: a token set from which the provider has moved on
/// is worth nothing, and its successor everything.
/// </summary>
internal static class LateResults
{
    private const string Columns =
        "attempt_id, grant_no, version, epoch, access_token, refresh_token, issued_at, expires_at, expiry_source, refresh_token_expires_at, scope, "
        + "token_type, variables, due_at";

    public static Task<int> KeepAsync(SqlSession session, JournalledResult result, DateTimeOffset now)
    {
        var (tokens, id) = (result.Tokens, result.Attempt.ConnectionId);
        return session.ExecuteAsync(
            $"""
            insert into late_results (shard, connection_id, {Columns}, created_at)
            values (@shard, @id, @attempt, @grant_no, @version, @epoch, @access_token, @refresh_token, @issued_at, @expires_at, @expiry_source,
                @refresh_token_expires_at, @scope, @token_type, @variables, @due_at, @now)
            on conflict (attempt_id) do nothing
            """,
            ("shard", id.Shard), ("id", id), ("attempt", result.Attempt.Id), ("grant_no", result.GrantNo), ("version", result.Version),
            ("epoch", result.Epoch), ("access_token", tokens.AccessToken), ("refresh_token", tokens.RefreshToken),
            ("issued_at", tokens.IssuedAt), ("expires_at", tokens.ExpiresAt), ("expiry_source", Names.Of(tokens.ExpirySource)),
            ("refresh_token_expires_at", tokens.RefreshTokenExpiresAt), ("scope", tokens.Scopes is { } scopes ? SqlJson.Of(scopes) : null),
            ("token_type", tokens.TokenType), ("variables", SqlJson.Of(result.Variables)), ("due_at", result.DueAt), ("now", now));
    }

    /// <summary>The late result whose parent is the token set as it stands; null: there is none.</summary>
    public static Task<JournalledResult?> FindAsync(SqlSession session, ScheduledConnection standing) => session.FirstAsync(
        $"""
        select {Columns} from late_results
        where connection_id = @id and settled_at is null and grant_no = @grant_no and version = @version order by issued_at desc limit 1
        """,
        row => Read(row, standing),
        ("id", standing.Snapshot.Connection.Id), ("grant_no", standing.Snapshot.Tokens?.GrantNo ?? 0),
        ("version", standing.Snapshot.Tokens?.Version ?? 0));

    /// <summary>Stores a result whose parent stands. Whatever lease there was ends: its outcome would be about a token that no longer counts.</summary>
    public static async Task ApplyAsync(SqlSession session, JournalledResult result, ScheduledConnection before, DateTimeOffset now)
    {
        await CommitWriter.ApplyAsync(session, ToCommit(result, before), before, now).ConfigureAwait(false);
        await SettleAsync(session, before.Snapshot.Connection.Id, result.Attempt.Id, now).ConfigureAwait(false);
    }

    /// <summary>Marks a late result as over: stored after all, or superseded.</summary>
    public static Task<int> SettleAsync(SqlSession session, ConnectionId id, Guid attemptId, DateTimeOffset now) => session.ExecuteAsync(
        "update late_results set settled_at = @now where connection_id = @id and attempt_id = @attempt and settled_at is null",
        ("now", now), ("id", id), ("attempt", attemptId));

    /// <summary>The attempt on record for a result that was stored late; under a new id where the log has that attempt already.</summary>
    public static async Task RecordAsync(SqlSession session, Attempt attempt, DateTimeOffset now, List<Attempt> unrecorded)
    {
        var known = await session.FirstAsync(
            $"select {AttemptSql.Columns} from attempts where id = @id", AttemptSql.Read, ("id", attempt.Id)).ConfigureAwait(false);
        var record = known is null ? attempt : known with
        {
            Id = Guid.CreateVersion7(now),
            CreatedAt = now,
            Action = AttemptAction.TokenRefreshed,
            Class = RefreshClass.Success,
            IsTransient = false,
            Decision = string.Create(CultureInfo.InvariantCulture, $"committed late: the result of attempt {attempt.Id}"),
            NextRetryAt = attempt.NextRetryAt,
            WhoActs = WhoActs.Nobody,
            Rotated = attempt.Rotated,
            Error = null,
            ErrorCode = null,
        };
        await UnrecordedAttempts.TryInsertAsync(session, record with { NextStep = "none" }, unrecorded).ConfigureAwait(false);
    }

    // As the engine would have committed it: a success clears whatever the failures before it left (C1).
    private static RefreshCommit ToCommit(JournalledResult result, ScheduledConnection before) => new()
    {
        Claim = new Claim
        {
            Connection = before.Snapshot.Connection,
            Tokens = before.Snapshot.Tokens!,
            AttemptId = result.Attempt.Id,
            Holder = result.Attempt.Worker,
            Fence = before.Fence,
            Epoch = result.Epoch,
            InDoubtSince = before.Snapshot.InDoubtSince,
        },
        Attempt = result.Attempt,
        Tokens = result.Tokens,
        Variables = result.Variables,
        Status = ConnectionStatus.Active,
        DueAt = result.DueAt,
        Dependents = DependentState.Active,
        ClosesNotifications = true,
    };

    private static JournalledResult Read(SqlRow row, ScheduledConnection standing)
    {
        var connection = standing.Snapshot.Connection;
        var (attempt, grantNo, version, epoch) = (row.Guid(), row.Int(), row.Int(), row.Int());
        var tokens = new NewTokens
        {
            AccessToken = row.Sealed(),
            RefreshToken = row.SealedOrNull(),
            IssuedAt = row.Instant(),
            ExpiresAt = row.InstantOrNull(),
            ExpirySource = row.Word<ExpirySource>(),
            RefreshTokenExpiresAt = row.InstantOrNull(),
            Scopes = row.TextOrNull() is { } scopes ? SqlJson.ReadList(scopes) : null,
            TokenType = row.Text(),
        };
        return new()
        {
            GrantNo = grantNo,
            Version = version,
            Epoch = epoch,
            Tokens = tokens,
            Variables = row.TextMap(),
            DueAt = row.InstantOrNull(),
            Attempt = new Attempt
            {
                Id = attempt,
                CreatedAt = tokens.IssuedAt,
                ConnectionId = connection.Id,
                IntegrationId = connection.IntegrationId,
                Key = connection.Key,
                Source = RefreshSource.Scheduled,
                Action = AttemptAction.TokenRefreshed,
                Class = RefreshClass.Success,
                Decision = "committed late",
                NextStep = "",
                Worker = standing.Holder ?? "",
                WorkerVersion = "",
                GrantNo = grantNo,
                Version = version,
                Rotated = tokens.RefreshToken is not null,
            },
        };
    }
}
