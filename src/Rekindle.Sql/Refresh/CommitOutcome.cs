using Rekindle.Attempts;
using Rekindle.Connections;
using Rekindle.Refresh;
using Rekindle.Sql.Connections;
using Rekindle.Storage;

namespace Rekindle.Sql.Refresh;

/// <summary>What a commit makes of a connection whose parent stands, as pure functions.</summary>
internal static class CommitOutcome
{
    /// <summary>
    /// Whether the commit's verdict counts: no lever and no new grant came since the claim (I2), or none that spoke last; and the status is one
    /// that refreshes decide about. Token material that came is stored in any case.
    /// </summary>
    public static bool VerdictCounts(RefreshCommit commit, ScheduledConnection before) =>
        (commit.Claim.Epoch == before.Epoch || Refutes(commit, before.Snapshot.Connection))
        && before.Snapshot.Connection.Status is ConnectionStatus.Active or ConnectionStatus.Degraded or ConnectionStatus.NeedsReauthorization;

    /// <summary>The connection as the commit leaves it.</summary>
    public static Connection After(RefreshCommit commit, ScheduledConnection before, DateTimeOffset now)
    {
        // The first real result ends a simulation; one of a refresh that began before it does not.
        var connection = VerdictCounts(commit, before)
            ? WithVerdict(before.Snapshot.Connection.WithoutSimulation(before.Snapshot.Tokens), commit, now)
            : before.Snapshot.Connection;
        if (commit.Tokens is not { } tokens)
        {
            return connection;
        }

        connection = connection with
        {
            Variables = Merge(connection.Variables, commit.Variables),
            DisconnectReason = Refutes(commit, connection) ? null : connection.DisconnectReason,
        };
        // A connection with a valid token is not degraded, whoever decides about the rest of it (A9).
        return connection.Status == ConnectionStatus.Degraded && (tokens.ExpiresAt is null || tokens.ExpiresAt > now)
            ? connection with { Status = ConnectionStatus.Active, DegradedAt = null }
            : connection;
    }

    /// <summary>When a refresh is wanted. A lever's time stands; where sending had stopped because of the token before, it goes on with the new one.</summary>
    public static DateTimeOffset? DueAt(RefreshCommit commit, ScheduledConnection before) =>
        VerdictCounts(commit, before) ? commit.DueAt : before.Snapshot.DueAt ?? (commit.Tokens is null ? null : commit.DueAt);

    /// <summary>The state that dependents take; null: they keep theirs.</summary>
    public static DependentState? Dependents(RefreshCommit commit, ScheduledConnection before, ConnectionStatus after)
    {
        if (VerdictCounts(commit, before) && commit.Dependents is { } told)
        {
            return told;
        }

        return after == before.Snapshot.Connection.Status ? null : ConnectionSql.DependentsOf(after);
    }

    /// <summary>The attempt of a commit that was not applied: what came back counts no longer, and that is on record.</summary>
    public static Attempt Discarded(RefreshCommit commit, CommitResult result) => commit.Attempt with
    {
        Decision = result == CommitResult.LeaseLost
            ? "verdict discarded: the lease was no longer ours"
            : "verdict discarded: the token set moved on",
        NextStep = commit.Tokens is null ? "none" : "the material that came is kept sealed as a late result",
        NextRetryAt = null,
    };

    /// <summary>The attempt of a dead verdict about a token whose successor came back late.</summary>
    public static Attempt Renewed(RefreshCommit commit) => commit.Attempt with
    {
        Decision = "verdict discarded: a late result has renewed the token",
        NextStep = "none",
        NextRetryAt = null,
    };

    // That the grant is over was said of a token which turns out to have a successor: it says nothing about the grant (I6), also where a lever was
    // pulled before it was said. What an operator asks for, or rehearses, stands.
    private static bool Refutes(RefreshCommit commit, Connection standing) =>
        commit.Tokens is not null && standing is { DisconnectReason: not (null or DisconnectReason.OperatorRequest), Simulation: null };

    private static Connection WithVerdict(Connection before, RefreshCommit commit, DateTimeOffset now)
    {
        var status = commit.Status ?? before.Status;
        return before with
        {
            Status = status,
            ConsecutiveFailures = commit.ConsecutiveFailures,
            ConsecutiveTransientFailures = commit.ConsecutiveTransientFailures,
            Strikes = commit.Strikes,
            FirstStrikeAt = commit.FirstStrikeAt,
            LastStrikeAt = commit.LastStrikeAt,
            NextRetryAt = commit.NextRetryAt,
            LastRefreshError = commit.LastRefreshError,
            LastFailureAt = commit.LastFailureAt ?? before.LastFailureAt,
            DisconnectReason = commit.DisconnectReason,
            DegradedAt = status switch
            {
                ConnectionStatus.Active => null,
                // The sweep may have found the token ended while the refresh was under way: its date stands.
                ConnectionStatus.Degraded => commit.DegradedAt ?? before.DegradedAt ?? now,
                _ => commit.DegradedAt,
            },
        };
    }

    private static IReadOnlyDictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> came)
    {
        if (came.Count == 0)
        {
            return before;
        }

        var merged = new Dictionary<string, string>(before);
        foreach (var (name, value) in came)
        {
            merged[name] = value;
        }

        return merged;
    }
}
