using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Notifications;
using Rekindle.Refresh;

namespace Rekindle.Storage;

/// <summary>Everything that one attempt changes, written in one transaction or not at all (DESIGN §1 step 7).</summary>
public sealed record RefreshCommit
{
    /// <summary>The lease it ran under; names the parent.</summary>
    public required Claim Claim { get; init; }

    /// <summary>The attempt. Failing to insert it never fails the token write (I15).</summary>
    public required Attempt Attempt { get; init; }

    /// <summary>New material; null: none came, and none is touched (I9).</summary>
    public NewTokens? Tokens { get; init; }

    /// <summary>
    /// The refresh token and the one before it change places, and this is written beside them (I8); null: they stay as they are. Only
    /// without <see cref="Tokens"/>.
    /// </summary>
    public Fallback? Fallback { get; init; }

    /// <summary>
    /// When the refresh token that <see cref="Tokens"/> replace may first have been used up, where a grace period begins: a doubt counts, and
    /// so does the use before a fallback. Null: none is replaced.
    /// </summary>
    public DateTimeOffset? PreviousSentAt => Tokens is { RefreshToken: not null }
        ? Earliest(Tokens.IssuedAt, Claim.InDoubtSince, Claim.Tokens.Fallback == Connections.Fallback.InUse ? Claim.Tokens.PreviousSentAt : null)
        : null;

    /// <summary>Status to take; null: keep. Never overrides revoked, disabled, standby or pending.</summary>
    public ConnectionStatus? Status { get; init; }

    /// <summary>Auth failures in a row.</summary>
    public int ConsecutiveFailures { get; init; }

    /// <summary>Transient failures in a row.</summary>
    public int ConsecutiveTransientFailures { get; init; }

    /// <summary>Strikes that counted.</summary>
    public int Strikes { get; init; }

    /// <summary>When the run of strikes began.</summary>
    public DateTimeOffset? FirstStrikeAt { get; init; }

    /// <summary>When the last strike counted.</summary>
    public DateTimeOffset? LastStrikeAt { get; init; }

    /// <summary>End of back-off.</summary>
    public DateTimeOffset? NextRetryAt { get; init; }

    /// <summary>Last error; null after a success.</summary>
    public string? LastRefreshError { get; init; }

    /// <summary>When the last failure happened; null: keep.</summary>
    public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>Why it needs its user.</summary>
    public DisconnectReason? DisconnectReason { get; init; }

    /// <summary>Since when it has had no valid token; null: it has one.</summary>
    public DateTimeOffset? DegradedAt { get; init; }

    /// <summary>Provider values that came with the answer (instance URL): merged into the connection's variables.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>When the next refresh is wanted; null: none.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Since when the outcome is in doubt; null: it is not.</summary>
    public DateTimeOffset? InDoubtSince { get; init; }

    /// <summary>Leases in a row without outcome: zero once there is one.</summary>
    public int OpenIntents { get; init; }

    /// <summary>A verdict that the grant is over, to be published later; null: there is none, or it counts at once.</summary>
    public HeldVerdict? Holds { get; init; }

    /// <summary>What happens to the dependents.</summary>
    public DependentState? Dependents { get; init; }

    /// <summary>Messages to open, or to count up when they are open already.</summary>
    public IReadOnlyList<NotificationDraft> Opens { get; init; } = [];

    /// <summary>Whether the connection's open messages close: after a success.</summary>
    public bool ClosesNotifications { get; init; }

    /// <summary>The connection as this commit leaves it if nothing else came meanwhile: what readers see until the store says otherwise.</summary>
    public ConnectionSnapshot ToSnapshot()
    {
        var (connection, tokens) = (Claim.Connection, Claim.Tokens);
        return new()
        {
            Connection = connection with { Status = Status ?? connection.Status, DegradedAt = DegradedAt, NextRetryAt = NextRetryAt },
            Tokens = Tokens is null ? tokens : tokens with
            {
                Version = tokens.Version + 1,
                AccessToken = Tokens.AccessToken,
                RefreshToken = Tokens.RefreshToken ?? tokens.RefreshToken,
                PreviousRefreshToken = Tokens.RefreshToken is null ? null : tokens.RefreshToken,
                PreviousSentAt = PreviousSentAt,
                Fallback = null,
                IssuedAt = Tokens.IssuedAt,
                ExpiresAt = Tokens.ExpiresAt,
                ExpirySource = Tokens.ExpirySource,
                RefreshTokenExpiresAt = Tokens.RefreshTokenExpiresAt ?? tokens.RefreshTokenExpiresAt,
                Scopes = Tokens.Scopes ?? tokens.Scopes,
                TokenType = Tokens.TokenType,
            },
            DueAt = DueAt,
        };
    }

    private static DateTimeOffset Earliest(DateTimeOffset sent, DateTimeOffset? doubted, DateTimeOffset? sentBefore)
    {
        sent = doubted < sent ? doubted.Value : sent;
        return sentBefore < sent ? sentBefore.Value : sent;
    }
}

/// <summary>A verdict that a grant is over, kept until it is published (I10).</summary>
/// <param name="Reason">Why the connection will need its user.</param>
/// <param name="PublishAt">When, unless too many die at once.</param>
/// <param name="Message">What its user will read.</param>
public sealed record HeldVerdict(DisconnectReason Reason, DateTimeOffset PublishAt, NotificationDraft Message);

/// <summary>New material as it is stored. A null refresh token keeps the one there is (I9).</summary>
public sealed record NewTokens
{
    /// <summary>The access token.</summary>
    public required SealedSecret AccessToken { get; init; }

    /// <summary>The rotated refresh token; null: none came. The one before becomes the previous one.</summary>
    public SealedSecret? RefreshToken { get; init; }

    /// <summary>When the request was sent.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>When the access token ends; null: it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Where the expiry came from.</summary>
    public ExpirySource ExpirySource { get; init; }

    /// <summary>When the refresh token ends; null: keep what is known.</summary>
    public DateTimeOffset? RefreshTokenExpiresAt { get; init; }

    /// <summary>Scopes granted; null: not stated, keep.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Token type.</summary>
    public string TokenType { get; init; } = "Bearer";
}

/// <summary>What became of a commit.</summary>
public enum CommitResult
{
    /// <summary>Written, now or by an earlier try of the same commit.</summary>
    Applied,

    /// <summary>
    /// The parent has moved on: another grant or version stands there. The attempt is recorded, the lease released,
    /// the verdict discarded (I6); material that came is kept sealed as a late result (I5).
    /// </summary>
    Superseded,

    /// <summary>The store is away; the result is on the journal's disk and is written when the store returns. Never a store's own answer.</summary>
    Journalled,

    /// <summary>The lease was no longer ours: as <see cref="Superseded"/>, and the present holder's lease is left alone.</summary>
    LeaseLost,
}
