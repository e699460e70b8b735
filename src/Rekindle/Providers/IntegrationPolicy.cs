using System.ComponentModel.DataAnnotations;

namespace Rekindle.Providers;

/// <summary>How an integration's connections are refreshed and when people are told. Stored as JSON; absent fields take the defaults.</summary>
public sealed record IntegrationPolicy
{
    private const int MostRequests = 1_000_000;
    private const int MostSlots = 1024;
    private const int RecoveryFactor = 5;

    /// <summary>Requests per <see cref="BudgetWindow"/>. Default 100.</summary>
    [Range(1, MostRequests)]
    public int BudgetRequests { get; init; } = 100;

    /// <summary>The sliding window of the budget. Default 600 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BudgetWindow { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Hard: never exceeded. Soft, the default: gives way, up to 20 times, before a token expires.</summary>
    public bool BudgetHard { get; init; }

    /// <summary>Most refreshes of this integration in flight per worker. Default 16.</summary>
    [Range(1, MostSlots)]
    public int Slots { get; init; } = 16;

    /// <summary>First soft failure's wait, doubled by each until four; then <see cref="BackoffCeiling"/>. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BackoffBase { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Wait from the fifth soft failure on. Default 3600 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan BackoffCeiling { get; init; } = TimeSpan.FromSeconds(3600);

    /// <summary>Largest margin before expiry. Default 10 min; short tokens take 20 % of their life.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Margin { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an outcome stays in doubt before a strict token is sent once more. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan InDoubtHold { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a verdict that a grant is over waits before it is published, so that many at once can be seen for what they are
    /// (I10, F1). Nothing is sent meanwhile. Default 60 s; zero publishes at once and leaves the guard nothing to hold.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ConfirmationDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Consecutive failures of any kind after which the user is asked (A8); 0, the default: never for transient ones.</summary>
    [Range(0, 10_000)]
    public int GiveUpAfter { get; init; }

    /// <summary>Auth failures before a warning (C3). Default 2.</summary>
    [Range(1, 100)]
    public int WarnAfter { get; init; } = 2;

    /// <summary>Ambiguous auth failures before the user is asked (C2). Default 3.</summary>
    [Range(2, 100)]
    public int DisconnectAfter { get; init; } = 3;

    /// <summary>Transient failures before one note (C3). Default 5.</summary>
    [Range(1, 1000)]
    public int TransientNoteAfter { get; init; } = 5;

    /// <summary>Least time between two strikes that count. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StrikeSpacing { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether an account may be connected whose permission ends and cannot be renewed (no refresh token came). Default false.</summary>
    public bool AcceptWithoutRefreshToken { get; init; }

    /// <summary>Whether an account may be connected that was granted less than was asked for. Default false.</summary>
    public bool AcceptMissingScopes { get; init; }

    /// <summary>Until then budget and slots are raised, to work off a backlog (A12); null or past: they are not.</summary>
    public DateTimeOffset? RecoveryUntil { get; init; }

    /// <summary>The budget that counts at an instant.</summary>
    public int BudgetAt(DateTimeOffset now) => RecoveryUntil > now ? Math.Min(BudgetRequests * RecoveryFactor, MostRequests) : BudgetRequests;

    /// <summary>The slots that count at an instant.</summary>
    public int SlotsAt(DateTimeOffset now) => RecoveryUntil > now ? Math.Min(Slots * RecoveryFactor, MostSlots) : Slots;

    /// <summary>Whether an account other than the pinned one may take over a connection at reconnect. Default false (F78).</summary>
    public bool AllowAccountChange { get; init; }
}
