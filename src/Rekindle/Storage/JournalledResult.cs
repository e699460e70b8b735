using Rekindle.Attempts;
using Rekindle.Connections;

namespace Rekindle.Storage;

/// <summary>
/// A refresh that brought tokens, as the journal keeps it: everything that storing it later needs, without what it cost to
/// get. Its parent is the token set of <see cref="GrantNo"/> and <see cref="Version"/> (I5).
/// </summary>
public sealed record JournalledResult
{
    /// <summary>Grant number it started from.</summary>
    public required int GrantNo { get; init; }

    /// <summary>Token-set version it started from.</summary>
    public required int Version { get; init; }

    /// <summary>Epoch of the claim: a lever or new grant that came later decides about status and due time.</summary>
    public required int Epoch { get; init; }

    /// <summary>The material.</summary>
    public required NewTokens Tokens { get; init; }

    /// <summary>Provider values that came with the answer.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>When the next refresh is wanted; null: none.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The attempt, without its captured request and answer.</summary>
    public required Attempt Attempt { get; init; }

    /// <summary>Whether the database once said that it holds this: then it is kept only in case the database forgets.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Of a commit that carries tokens.</summary>
    public static JournalledResult Of(RefreshCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        return new()
        {
            GrantNo = commit.Claim.Tokens.GrantNo,
            Version = commit.Claim.Tokens.Version,
            Epoch = commit.Claim.Epoch,
            Tokens = commit.Tokens ?? throw new ArgumentException("Without tokens there is nothing to keep.", nameof(commit)),
            Variables = commit.Variables,
            DueAt = commit.DueAt,
            Attempt = commit.Attempt with { Request = null, Response = null },
        };
    }
}

/// <summary>What became of a result that the journal gave back.</summary>
public enum ReplayResult
{
    /// <summary>The database had it already, or what came after it.</summary>
    AlreadyThere,

    /// <summary>It was missing, its parent stood, and now it is stored.</summary>
    Applied,

    /// <summary>
    /// Kept, and applied when its time comes: its parent stands while somebody refreshes the connection, or its parent is in another
    /// journal, of which the database has not been reminded yet.
    /// </summary>
    Deferred,

    /// <summary>The parent has moved on, or the connection is gone. Unless the database once had it, the material is kept sealed (I5).</summary>
    Superseded,
}

/// <summary>What a process that is gone has left behind.</summary>
/// <param name="Holder">Its instance id.</param>
/// <param name="Sent">Attempts whose request may have left it.</param>
/// <param name="MarksAreComplete">Whether an attempt that is not among them provably never left.</param>
public sealed record LostHolder(string Holder, IReadOnlySet<Guid> Sent, bool MarksAreComplete);

/// <summary>What became of the leases of a process that is gone.</summary>
/// <param name="Released">Given back: nothing was sent.</param>
/// <param name="InDoubt">Open intents now.</param>
public sealed record LostLeases(int Released, int InDoubt);
