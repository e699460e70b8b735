using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>How safe it is to present a connection's refresh token again, when its database may not be the newest.</summary>
public enum UnfreezeClass
{
    /// <summary>Presenting it can harm nothing: it is not used up, or nobody can have used it.</summary>
    Safe,

    /// <summary>Its access token is still valid, and its refresh token may have been used elsewhere.</summary>
    Valid,

    /// <summary>Its access token has ended, and its refresh token may have been used elsewhere.</summary>
    Doubtful,

    /// <summary>Its refresh token is known to be worth nothing: it has ended, or a newer one came. The account has to be connected again.</summary>
    Lost,
}

/// <summary>What is known about the time in which somebody else may have refreshed.</summary>
/// <param name="From">What the database has forgotten, or never seen, begins here.</param>
/// <param name="Until">And ends here; null: nobody else has worked on it.</param>
/// <param name="Now">Time.</param>
internal sealed record ForeignWork(DateTimeOffset From, DateTimeOffset? Until, DateTimeOffset Now);

/// <summary>Sorts connections by what presenting their refresh token could do. Pure.</summary>
internal static class UnfreezeRules
{
    /// <param name="grant">The connection.</param>
    /// <param name="provider">Its provider; null: the catalogue has it no more, and it is not refreshed anyway.</param>
    /// <param name="work">When somebody else may have refreshed it.</param>
    /// <param name="journal">What this machine's journals hold of it.</param>
    public static UnfreezeClass Sort(RefreshableGrant grant, ProviderDefinition? provider, ForeignWork work, JournalledFate journal)
    {
        ArgumentNullException.ThrowIfNull(grant);
        ArgumentNullException.ThrowIfNull(work);
        if (provider is null || !PresentsSomething(grant, provider))
        {
            return UnfreezeClass.Safe;
        }

        if (grant.RefreshTokenExpiresAt <= work.Now || journal.Kind == FateKind.Superseded)
        {
            return UnfreezeClass.Lost;
        }

        // The newest that is known here: the journal's, where it has all that came after the stored one.
        var isRecoverable = journal.Kind == FateKind.Recoverable;
        var (dueAt, isInDoubt) = isRecoverable ? (journal.DueAt, false) : (grant.DueAt, grant.IsInDoubt);
        var reuse = provider.Lifecycle.EffectiveReuse;
        if (reuse.Kind == ReuseKind.Reusable || work.Until is null
            || (reuse.Kind == ReuseKind.Grace && reuse.AllowsRepeat(work.Now - work.From))
            || (dueAt > work.Until && !isInDoubt))
        {
            return UnfreezeClass.Safe;
        }

        // A token without end is valid for good, and nothing is due.
        return grant.ExpiresAt is { } end && end <= work.Now ? UnfreezeClass.Doubtful : UnfreezeClass.Valid;
    }

    private static bool PresentsSomething(RefreshableGrant grant, ProviderDefinition provider) => provider.Requests.RefreshKind switch
    {
        RefreshKind.RefreshToken => grant.HasRefreshToken,
        RefreshKind.AccessToken => true,
        _ => false,
    };
}
