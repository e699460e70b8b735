using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>A lease just taken, with everything a refresh needs to know.</summary>
public sealed record Claim
{
    /// <summary>The connection as it stood.</summary>
    public required Connection Connection { get; init; }

    /// <summary>The token set as it stood: the parent of whatever comes of this claim.</summary>
    public required TokenSet Tokens { get; init; }

    /// <summary>The attempt this lease is for.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>Instance id of the holder.</summary>
    public required string Holder { get; init; }

    /// <summary>Counts the leases of this connection.</summary>
    public required long Fence { get; init; }

    /// <summary>Raised by levers and new grants.</summary>
    public required int Epoch { get; init; }

    /// <summary>When it was due; null: never (an on-demand claim).</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Leases in a row that ended without outcome.</summary>
    public int OpenIntents { get; init; }

    /// <summary>Since when it is unknown whether the provider used up the refresh token; null: it is not in doubt.</summary>
    public DateTimeOffset? InDoubtSince { get; init; }

    /// <summary>Stored jitter, 0 to 999 thousandths of the jitter range.</summary>
    public int Jitter { get; init; }

    /// <summary>When a caller last asked for its token, to the hour.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>Who takes a lease and for how long.</summary>
/// <param name="Holder">Instance id of the worker.</param>
/// <param name="Now">Time by the caller's clock; rules due times.</param>
/// <param name="Lease">How long; counted on the store's lease clock.</param>
/// <param name="AttemptId">The attempt, for a claim of one.</param>
/// <param name="Timeline">The timeline that the claimer knows: on another one nothing is claimed. Null: not asked.</param>
/// <param name="DespiteVerdict">Also while a verdict that the grant is over is held: an operator's order.</param>
public sealed record LeaseTerms(
    string Holder, DateTimeOffset Now, TimeSpan Lease, Guid AttemptId, string? Timeline = null, bool DespiteVerdict = false);

/// <summary>A claim of due connections.</summary>
/// <param name="Holder">Instance id of the worker.</param>
/// <param name="Now">Time by the caller's clock; rules due times. Attempt ids are made from it.</param>
/// <param name="Lease">How long; counted on the store's lease clock.</param>
/// <param name="Quotas">Open integrations that have permits, and how many of each.</param>
/// <param name="DueWithin">Rows due up to this much later count as due (C5); zero otherwise.</param>
/// <param name="Timeline"><inheritdoc cref="LeaseTerms" path="/param[@name='Timeline']"/></param>
public sealed record ClaimRequest(
    string Holder, DateTimeOffset Now, TimeSpan Lease, IReadOnlyList<ClaimQuota> Quotas, TimeSpan DueWithin = default, string? Timeline = null);

/// <summary>How many connections of one integration to claim.</summary>
public sealed record ClaimQuota(int IntegrationId, int Limit);

/// <summary>The row that is due first in an integration's queue.</summary>
/// <param name="DueAt">When it is, or was, due.</param>
/// <param name="EndsAt">When its token ends; null: it has ended, or does not end.</param>
public sealed record QueueHead(DateTimeOffset DueAt, DateTimeOffset? EndsAt);

/// <summary>Scheduled connections whose access tokens live equally long.</summary>
/// <param name="IntegrationId">Integration.</param>
/// <param name="Lifetime">From issue to end; null: they do not end.</param>
/// <param name="Count">How many connections.</param>
public sealed record LifetimeGroup(int IntegrationId, TimeSpan? Lifetime, int Count);

/// <summary>A claim of open intents.</summary>
/// <param name="Holder">Instance id of the worker.</param>
/// <param name="WorkerVersion">Version of the worker's program, for the attempts it records.</param>
/// <param name="Now">Time by the caller's clock.</param>
/// <param name="Lease">How long; counted on the store's lease clock.</param>
/// <param name="Waits">Per open integration: how long after the lost lease's end a token may be sent again, and how many to take.</param>
/// <param name="Timeline"><inheritdoc cref="LeaseTerms" path="/param[@name='Timeline']"/></param>
/// <param name="Except">Connections that are left alone: the caller itself knows what became of their refresh. Null: none.</param>
public sealed record OpenIntentRequest(
    string Holder, string WorkerVersion, DateTimeOffset Now, TimeSpan Lease, IReadOnlyList<OpenIntentWait> Waits, string? Timeline = null,
    IReadOnlySet<ConnectionId>? Except = null);

/// <summary>The wait of one integration's open intents (I3): zero where the provider's reuse rule allows repeating.</summary>
public sealed record OpenIntentWait(int IntegrationId, TimeSpan Wait, int Limit);

/// <summary>What a claim of one connection found.</summary>
public abstract record ClaimAnswer
{
    private ClaimAnswer()
    {
    }

    /// <summary>The lease is ours.</summary>
    public sealed record Taken(Claim Claim) : ClaimAnswer;

    /// <summary>Somebody refreshes it now.</summary>
    public sealed record Held(string Holder, DateTimeOffset LeaseUntil) : ClaimAnswer;

    /// <summary>An open intent whose wait has not passed.</summary>
    public sealed record InDoubt(DateTimeOffset SettlesAt) : ClaimAnswer;

    /// <summary>The token set is no longer the one the caller knew, or the connection may not be refreshed as it stands.</summary>
    public sealed record Moved(ConnectionSnapshot Snapshot) : ClaimAnswer;

    /// <summary>There is no such connection.</summary>
    public sealed record Unknown : ClaimAnswer;
}

/// <summary>A lease given back unused.</summary>
/// <param name="Id">Connection.</param>
/// <param name="AttemptId">The attempt the lease was for.</param>
/// <param name="DueAt">New due time; null: as it was.</param>
public sealed record LeaseRelease(ConnectionId Id, Guid AttemptId, DateTimeOffset? DueAt = null);

/// <summary>A lease as an operator sees it (A4).</summary>
public sealed record LeaseView
{
    /// <summary>Connection.</summary>
    public required ConnectionId ConnectionId { get; init; }

    /// <summary>Key of the connection.</summary>
    public required ConnectionKey Key { get; init; }

    /// <summary>Instance id of the holder.</summary>
    public required string Holder { get; init; }

    /// <summary>The holder's program version; null: it never reported.</summary>
    public string? HolderVersion { get; init; }

    /// <summary>The holder's last sign of life.</summary>
    public DateTimeOffset? HolderSeenAt { get; init; }

    /// <summary>Attempt it is for.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>Counts the leases of this connection.</summary>
    public required long Fence { get; init; }

    /// <summary>When it was taken.</summary>
    public required DateTimeOffset AcquiredAt { get; init; }

    /// <summary>When it ends, or ended.</summary>
    public required DateTimeOffset LeaseUntil { get; init; }

    /// <summary>Leases in a row that ended without outcome.</summary>
    public int OpenIntents { get; init; }
}
