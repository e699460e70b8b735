using Rekindle.Connections;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Model;

/// <summary>A connection as the contract says it must be: no SQL, no locks, one thing after the other.</summary>
internal sealed class ModelConnection(ConnectionId id)
{
    private readonly Dictionary<Guid, CommitResult> _told = [];
    private readonly HashSet<Guid> _otherwiseOnRecord = [];
    private Guid? _taker;
    private readonly List<(int GrantNo, int Version, Guid Attempt, string Refresh, DateTimeOffset ExpiresAt)> _late = [];

    public ConnectionId Id => id;

    public ConnectionStatus Status { get; private set; }

    public int GrantNo { get; private set; }

    public int Version { get; private set; }

    /// <summary>The refresh token; null: erased.</summary>
    public string? Refresh { get; private set; }

    public DateTimeOffset ExpiresAt { get; private set; }

    public DateTimeOffset? DueAt { get; private set; }

    /// <summary>The attempt that a lease is for; null: there is no lease.</summary>
    public Guid? Lease { get; private set; }

    /// <summary>How long ago the lease was taken, or so it seems.</summary>
    public TimeSpan LeaseAge { get; private set; }

    public bool IsHeld => Lease is not null && LeaseAge < Given.Lease;

    public int Epoch { get; private set; }

    public bool NeedsUser { get; private set; }

    /// <summary>Whether that is because the provider said so of a token.</summary>
    public bool ByVerdict { get; private set; }

    public bool MayBeRefreshed => Status is ConnectionStatus.Active or ConnectionStatus.Degraded;

    public bool MayBeTaken(TimeSpan wait) => MayBeRefreshed && Refresh is not null && (Lease is null || LeaseAge >= Given.Lease + wait);

    public void SaveGrant(DateTimeOffset now)
    {
        (GrantNo, Version, Epoch) = (GrantNo + 1, Version + 1, Epoch + 1);
        (Status, Refresh, NeedsUser, ByVerdict) = (ConnectionStatus.Active, $"refresh-{GrantNo}", false, false);
        (ExpiresAt, DueAt) = (now.AddHours(1), now.AddMinutes(50));
    }

    public void Take(Guid attempt) => (Lease, _taker, LeaseAge) = (attempt, attempt, TimeSpan.Zero);

    /// <summary>Nobody takes over the open intent of a connection that is not refreshed: it goes on record, and ends.</summary>
    public void EndOpenIntent(TimeSpan wait)
    {
        if (Lease is { } lost && LeaseAge >= Given.Lease + wait && !(MayBeRefreshed && Refresh is not null))
        {
            _otherwiseOnRecord.Add(lost);
            Lease = null;
        }
    }

    public void Age(TimeSpan by) => LeaseAge += by;

    /// <summary>The fence rises and the lease ends now; whoever held it may still tell the outcome.</summary>
    public void Break() => LeaseAge = Given.Lease;

    public void Release(Guid attempt)
    {
        if (Lease == attempt)
        {
            Lease = null;
        }
    }

    /// <summary>Whether this result was sent to the store before.</summary>
    public bool WasTold(ModelClaim claim) => _told.ContainsKey(claim.Attempt);

    /// <summary>Whether the log says something else of it than what it came to (refused, then stored late; lost, then told after all): a repetition may hear either.</summary>
    public bool IsOtherwiseOnRecord(ModelClaim claim) => _otherwiseOnRecord.Contains(claim.Attempt);

    /// <summary>What the store must answer to a result, and what becomes of the connection.</summary>
    public CommitResult Commit(ModelClaim claim, DateTimeOffset now)
    {
        if (_told.TryGetValue(claim.Attempt, out var before))
        {
            return before;
        }

        // A lease that was given back is still the last one: its result has its parent, and nobody else is under way.
        var answer = _taker != claim.Attempt ? CommitResult.LeaseLost
            : (GrantNo, Version) != (claim.GrantNo, claim.Version) || Refresh is null ? CommitResult.Superseded
            : claim.Result == ModelResult.Death && HasSuccessor ? CommitResult.Superseded
            : CommitResult.Applied;
        _told[claim.Attempt] = answer;
        if (answer == CommitResult.Applied)
        {
            Apply(claim, now);
        }
        else if (claim.Result == ModelResult.Success)
        {
            _late.Add((claim.GrantNo, claim.Version, claim.Attempt, claim.NewRefresh, now.AddHours(1)));
        }

        Release(claim.Attempt);
        return answer;
    }

    /// <summary>Takes a late result over whose parent stands, as the store may whenever nobody refreshes; false: there is none of that name.</summary>
    public bool AdoptLate(string? refresh, DateTimeOffset? dueAt, ConnectionStatus status)
    {
        var found = _late.FindIndex(l => (l.GrantNo, l.Version) == (GrantNo, Version) && l.Refresh == refresh);
        if (found < 0 || Refresh is null)
        {
            return false;
        }

        // Whose epoch has passed keeps status and due time; which of the two it is, is looked at by the contract's own tests.
        (Version, Refresh, ExpiresAt, DueAt, Status) = (Version + 1, refresh, _late[found].ExpiresAt, dueAt, status);
        _otherwiseOnRecord.Add(_late[found].Attempt);
        _late.RemoveAt(found);
        Lease = null;

        // What was said of the token before it no longer counts; what an operator asked for does.
        (NeedsUser, ByVerdict) = (NeedsUser && !ByVerdict, false);
        return true;
    }

    public void Degrade(DateTimeOffset now)
    {
        if (Status == ConnectionStatus.Active && ExpiresAt <= now)
        {
            Status = ConnectionStatus.Degraded;
        }
    }

    public void Pull(LeverChange lever, DateTimeOffset now)
    {
        var alive = MayBeRefreshed || Status == ConnectionStatus.NeedsReauthorization;
        var usable = Refresh is not null && ExpiresAt > now ? ConnectionStatus.Active : ConnectionStatus.Degraded;
        (ConnectionStatus Status, DateTimeOffset? DueAt, bool NeedsUser)? after = lever switch
        {
            LeverChange.ForceRetry when alive => (usable, now, false),
            LeverChange.RequireReauthorization when alive => (ConnectionStatus.NeedsReauthorization, null, true),
            LeverChange.Disable when alive => (ConnectionStatus.Disabled, null, NeedsUser),
            LeverChange.Enable when Status == ConnectionStatus.Disabled =>
                NeedsUser ? (ConnectionStatus.NeedsReauthorization, null, true) : (usable, now, false),
            LeverChange.Revoke when Status != ConnectionStatus.Revoked => (ConnectionStatus.Revoked, null, true),
            _ => null,
        };
        if (after is { } changed)
        {
            (Status, DueAt, NeedsUser) = changed;
            ByVerdict &= NeedsUser && lever is not (LeverChange.RequireReauthorization or LeverChange.Revoke);
            Epoch++;
        }
    }

    /// <summary>What was erased counts as another version, so that nothing lands on it.</summary>
    public void Erase()
    {
        Version += Refresh is null ? 0 : 1;
        Refresh = null;
    }

    // A token whose successor came back late is dead because of it: the verdict says nothing about the grant.
    private bool HasSuccessor => _late.Exists(l => (l.GrantNo, l.Version) == (GrantNo, Version));

    private void Apply(ModelClaim claim, DateTimeOffset now)
    {
        var result = claim.Result;
        var counts = claim.Epoch == Epoch;
        if (result == ModelResult.Success)
        {
            (Version, Refresh, ExpiresAt) = (Version + 1, claim.NewRefresh, now.AddHours(1));
            Status = counts || Status == ConnectionStatus.Degraded ? ConnectionStatus.Active : Status;
        }

        if (!counts)
        {
            return;
        }

        NeedsUser = ByVerdict = result == ModelResult.Death;
        Status = result == ModelResult.Death ? ConnectionStatus.NeedsReauthorization : Status;
        DueAt = result switch
        {
            ModelResult.Success => now.AddMinutes(50),
            ModelResult.Trouble => now.AddMinutes(1),
            _ => null,
        };
    }
}

/// <summary>A lease that a worker believes to hold, rightly or not.</summary>
internal sealed record ModelClaim(Claim Claim, int Epoch, ModelResult Result)
{
    public Guid Attempt => Claim.AttemptId;

    public int GrantNo => Claim.Tokens.GrantNo;

    public int Version => Claim.Tokens.Version;

    public string NewRefresh => $"refresh-of-{Attempt}";
}

/// <summary>How a refresh ends.</summary>
internal enum ModelResult
{
    Success,
    Trouble,
    Death,
}
