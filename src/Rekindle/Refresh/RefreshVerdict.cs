using Rekindle.Connections;
using Rekindle.Notifications;
using Rekindle.Storage;

namespace Rekindle.Refresh;

/// <summary>What one classified answer does to its connection, and what it says about its integration.</summary>
internal sealed record RefreshVerdict
{
    /// <summary>Status to take; null: keep.</summary>
    public ConnectionStatus? Status { get; init; }

    public int ConsecutiveFailures { get; init; }

    public int ConsecutiveTransientFailures { get; init; }

    public int Strikes { get; init; }

    public DateTimeOffset? FirstStrikeAt { get; init; }

    public DateTimeOffset? LastStrikeAt { get; init; }

    public DateTimeOffset? NextRetryAt { get; init; }

    public string? LastRefreshError { get; init; }

    public DisconnectReason? DisconnectReason { get; init; }

    public DateTimeOffset? DegradedAt { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public DateTimeOffset? InDoubtSince { get; init; }

    public DependentState? Dependents { get; init; }

    public IReadOnlyList<NotificationDraft> Opens { get; init; } = [];

    public bool ClosesNotifications { get; init; }

    /// <summary>The refresh token and the one before it change places; null: they stay as they are.</summary>
    public Fallback? Fallback { get; init; }

    /// <summary>The grant is over; said to be so after the confirmation delay.</summary>
    public HeldVerdict? Holds { get; init; }

    /// <summary>The rung of the back-off ladder before jitter, for the log.</summary>
    public TimeSpan BackoffBase { get; init; }

    /// <summary>Who can mend it.</summary>
    public WhoActs WhoActs { get; init; }

    /// <summary>What was decided, in words for the attempt log.</summary>
    public required string Decision { get; init; }

    /// <summary>What happens next, in words.</summary>
    public required string NextStep { get; init; }

    /// <summary>Pause the whole integration until then: the provider throttles it.</summary>
    public DateTimeOffset? ThrottleIntegrationUntil { get; init; }

    /// <summary>The connection as a failure at this time leaves it.</summary>
    public Connection ApplyTo(Connection connection, DateTimeOffset at) => connection with
    {
        Status = Status ?? connection.Status,
        ConsecutiveFailures = ConsecutiveFailures,
        ConsecutiveTransientFailures = ConsecutiveTransientFailures,
        Strikes = Strikes,
        FirstStrikeAt = FirstStrikeAt,
        LastStrikeAt = LastStrikeAt,
        NextRetryAt = NextRetryAt,
        LastRefreshError = LastRefreshError,
        LastFailureAt = at,
        DisconnectReason = DisconnectReason,
        DegradedAt = DegradedAt,
    };
}
