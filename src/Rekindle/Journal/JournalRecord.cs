using Rekindle.Connections;
using Rekindle.Storage;

namespace Rekindle.Journal;

/// <summary>One entry of the journal: a closed set.</summary>
internal abstract record JournalRecord(DateTimeOffset At)
{
    /// <summary>A request with a refresh token is about to leave. Written, not synced: it outlives the process, which is all it is for.</summary>
    public sealed record Sent(Guid AttemptId, ConnectionId ConnectionId, DateTimeOffset At) : JournalRecord(At);

    /// <summary>Tokens came back.</summary>
    public sealed record Kept(JournalledResult Result, DateTimeOffset At) : JournalRecord(At);

    /// <summary>A code was exchanged; open until the database has the grant.</summary>
    public sealed record Consented(JournalledGrant Grant, DateTimeOffset At) : JournalRecord(At);

    /// <summary>
    /// What a connection is after a new grant or a lever, as the database said when it had stored it. Never open: kept only in case the database
    /// forgets.
    /// </summary>
    public sealed record Changed(ConnectionSnapshot State, DateTimeOffset At) : JournalRecord(At);

    /// <summary>A connection was deleted.</summary>
    public sealed record Deleted(ConnectionId ConnectionId, string Reason, DateTimeOffset At) : JournalRecord(At);

    /// <summary>The database has them.</summary>
    public sealed record Settled(Guid AttemptId, DateTimeOffset At) : JournalRecord(At);
}
