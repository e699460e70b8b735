using Rekindle.Connections;

namespace Rekindle.Notifications;

/// <summary>A message to open. One is open per connection (or integration) and kind; another draft of it only counts up.</summary>
public sealed record NotificationDraft(NotificationKind Kind, Audience Audience, string Title, string Text)
{
    /// <summary>Of a message about one tenant's connections of an integration; empty otherwise.</summary>
    public string Tenant { get; init; } = "";
}

/// <summary>What a message is about.</summary>
public enum NotificationKind
{
    /// <summary>A connection fails and may need its user soon (C3).</summary>
    Warning,

    /// <summary>A connection needs its user.</summary>
    Disconnected,

    /// <summary>A connection has trouble that passes by itself.</summary>
    TransientNote,

    /// <summary>A stored token cannot be opened.</summary>
    Undecryptable,

    /// <summary>Scopes shrank.</summary>
    MissingScopes,

    /// <summary>Three leases in a row ended without outcome.</summary>
    Quarantined,

    /// <summary>An integration's client is misconfigured.</summary>
    IntegrationMisconfigured,

    /// <summary>An integration's answers cannot be understood.</summary>
    IntegrationUnclassified,

    /// <summary>An integration's provider does not answer.</summary>
    IntegrationUnavailable,

    /// <summary>Too many grants of an integration seem to have died at once: verdicts are held (F1).</summary>
    IntegrationSuspect,

    /// <summary>The connections of one tenant need their users, all for the same reason: its own administrator's doing.</summary>
    TenantDisconnected,

    /// <summary>Alert <c>not_attempted</c>: connections are due and nobody attempts them.</summary>
    AlertNotAttempted,

    /// <summary>Alert <c>overdue</c>: tokens are refreshed late.</summary>
    AlertOverdue,

    /// <summary>Alert <c>expired_while_active</c>: nobody marks connections whose token has ended.</summary>
    AlertExpiredWhileActive,

    /// <summary>Alert <c>budget_utilisation</c>: a budget is nearly used up.</summary>
    AlertBudgetUtilisation,

    /// <summary>Alert <c>journal_not_empty</c>: results wait in a journal for too long.</summary>
    AlertJournalNotEmpty,

    /// <summary>Alert <c>outcomes_pending</c>: outcomes stay unknown.</summary>
    AlertOutcomesPending,

    /// <summary>Alert <c>integration_throttled</c>: a provider throttles for long.</summary>
    AlertIntegrationThrottled,

    /// <summary>Alert <c>clock_skew</c>: a machine's clock is off.</summary>
    AlertClockSkew,

    /// <summary>Alert <c>frozen</c>: the database may not be this deployment's.</summary>
    AlertFrozen,
}

/// <summary>To whom a message goes.</summary>
public enum Audience
{
    /// <summary>The person whose account it is.</summary>
    User,

    /// <summary>Whoever runs this deployment.</summary>
    Operator,
}

/// <summary>A message as it stands.</summary>
public sealed record Notification
{
    /// <summary>Its id.</summary>
    public required long Id { get; init; }

    /// <summary>Environment.</summary>
    public required string Environment { get; init; }

    /// <summary>Integration's key.</summary>
    public required string Integration { get; init; }

    /// <summary>Connection; null: about the whole integration.</summary>
    public ConnectionId? ConnectionId { get; init; }

    /// <summary>What it is about.</summary>
    public required NotificationKind Kind { get; init; }

    /// <summary>To whom it goes.</summary>
    public required Audience Audience { get; init; }

    /// <summary>One line.</summary>
    public required string Title { get; init; }

    /// <summary>What is wrong and what to do.</summary>
    public required string Text { get; init; }

    /// <summary>When it opened.</summary>
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>When it closed; null: open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>How often the same thing was reported.</summary>
    public int Count { get; init; } = 1;

    /// <summary>Opened by a simulation: nothing of it happened.</summary>
    public bool IsTest { get; init; }
}
