using Rekindle.Storage;

namespace Rekindle.Ownership;

/// <summary>
/// Whether a database is the one that this deployment works on (I14): a pure function of what the database says, where it is met, and
/// what this machine's journal folder remembers of it.
/// <code>
/// the database is frozen for everybody                                   frozen, as it says
/// an older epoch, or a mark more than the journal's span behind          old backup
/// a move is announced:  met at its target, in time                       ours: the move is done
///                       anywhere else                                    frozen: moving, or elsewhere
/// another deployment · no endpoint in common                             frozen: a copy, for all we know
/// everything else: the same volume, no volume, a dump, a replica         ours
/// </code>
/// </summary>
internal static class OwnershipRules
{
    /// <summary>Why it is not to be refreshed here; null: it is ours.</summary>
    /// <param name="owner">What the database says.</param>
    /// <param name="here">This deployment, and where it meets the database.</param>
    /// <param name="remembered">What this machine remembers of this database; null: nothing.</param>
    /// <param name="span">How far back the journal can make good what a database has forgotten.</param>
    /// <param name="now">Time.</param>
    public static Freeze? Judge(DatabaseOwner owner, DatabasePlace here, RememberedMark? remembered, TimeSpan span, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(here);
        if (owner.Freeze is { } known)
        {
            return known;
        }

        if (remembered is { } seen && (owner.Epoch < seen.Epoch || (owner.Epoch == seen.Epoch && owner.Mark + span < seen.Mark)))
        {
            return new Freeze(FreezeReason.OldBackup, OldBackup(owner, seen, span), now);
        }

        if (owner.Move is { } move)
        {
            return IsAt(move.To, here) && now < move.Until ? null
                : IsAt(owner.Place, here) ? new Freeze(FreezeReason.Moving, $"It was announced that this database moves to {Words(move.To)}, until {move.Until:O}.", now)
                : Elsewhere(owner, here, IsAt(move.To, here) ? $" The move here that was announced had until {move.Until:O}." : "", now);
        }

        return IsAt(owner.Place, here) ? null : Elsewhere(owner, here, "", now);
    }

    /// <summary>Whether two names of a place mean the same: one deployment, and one endpoint in common.</summary>
    public static bool IsAt(DatabasePlace place, DatabasePlace here)
    {
        ArgumentNullException.ThrowIfNull(place);
        ArgumentNullException.ThrowIfNull(here);

        // A list of servers may gain or lose one at a time, as replicas come and go.
        return place.Deployment == here.Deployment && Endpoints(place).Intersect(Endpoints(here), StringComparer.OrdinalIgnoreCase).Any();
    }

    /// <summary>For people: <c>deployment 'default' at db:5432/rekindle</c>.</summary>
    public static string Words(DatabasePlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return $"deployment '{place.Deployment}' at {place.Endpoint}";
    }

    private static string[] Endpoints(DatabasePlace place) => place.Endpoint.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static Freeze Elsewhere(DatabaseOwner owner, DatabasePlace here, string more, DateTimeOffset now) => new(
        owner.Place.Deployment != here.Deployment ? FreezeReason.OtherDeployment : FreezeReason.OtherEndpoint,
        $"The database says that it belongs to {Words(owner.Place)}, and this is {Words(here)}: a copy, whose original may go on elsewhere.{more}",
        now);

    private static string OldBackup(DatabaseOwner owner, RememberedMark seen, TimeSpan span) => owner.Epoch < seen.Epoch
        ? $"The database is from before its owner was last confirmed (epoch {owner.Epoch}, and this machine's journal folder remembers {seen.Epoch})."
        : $"The database was last worked on at {owner.Mark:O}, and this machine's journal folder remembers work until {seen.Mark:O}: "
            + $"{(seen.Mark - owner.Mark).TotalSeconds:0} s are missing, more than the {span.TotalSeconds:0} s that the journal can make good.";
}
