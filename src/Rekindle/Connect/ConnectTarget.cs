using Rekindle.Connections;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>What a sign-in leads to.</summary>
/// <param name="Existing">The connection that lives again or gets another grant; null: a first one.</param>
/// <param name="Scopes">What is asked for.</param>
/// <remarks>
/// Where the provider keeps one grant per user and client, a consent ends the grant before it (A10). There a session for a second
/// purpose leads to the connection that is already there, and asks for what that may do as well: otherwise the first purpose would
/// lose its grant, and nobody would know until its next refresh.
/// </remarks>
internal sealed record ConnectTarget(ConnectionSnapshot? Existing, IReadOnlyList<string> Scopes)
{
    /// <summary>Whether there is a grant that ends with the consent.</summary>
    public bool IsShared { get; private init; }

    /// <summary>The target of a session whose integration's provider keeps a grant for each consent.</summary>
    /// <param name="session">Session.</param>
    /// <param name="entry">Integration.</param>
    /// <param name="named">The connection that the session names by id or key; null: there is none.</param>
    public static ConnectTarget Of(ConnectSession session, IntegrationEntry entry, ConnectionSnapshot? named) =>
        new(named, entry.ScopesOf(session.Purpose));

    /// <summary>The target where the provider keeps one.</summary>
    /// <param name="session">Session.</param>
    /// <param name="entry">Integration.</param>
    /// <param name="named">The connection that the session names by id or key; null: there is none.</param>
    /// <param name="ofSubject">All connections of the session's subject under the integration.</param>
    public static ConnectTarget OfOneGrant(
        ConnectSession session, IntegrationEntry entry, ConnectionSnapshot? named, IEnumerable<ConnectionSnapshot> ofSubject)
    {
        var alive = ofSubject.Where(c => c.Connection.Key.Account == session.Account && c.Connection.Status != ConnectionStatus.Revoked).ToArray();
        var existing = session.Reconnects is not null || alive.Any(c => c.Connection.Id == named?.Connection.Id)
            ? named
            : alive.OrderBy(c => c.Connection.Id.Value).FirstOrDefault() ?? named;
        return new ConnectTarget(existing, Union(session, entry, [.. alive.Where(c => c.Connection.Status != ConnectionStatus.Pending)]))
        {
            IsShared = alive.Length > 0,
        };
    }

    // Only what the integration still declares is asked for again: a scope that its app gave up would be refused with everything else.
    private static IReadOnlyList<string> Union(ConnectSession session, IntegrationEntry entry, IReadOnlyCollection<ConnectionSnapshot> connected)
    {
        var granted = connected.SelectMany(c => c.Tokens?.Scopes ?? []).ToArray();
        var declared = entry.Integration.Purposes.Keys.Append(ConnectionKey.DefaultPurpose).SelectMany(entry.ScopesOf);
        return
        [
            .. entry.ScopesOf(session.Purpose)
                .Concat(connected.SelectMany(c => entry.ScopesOf(c.Connection.Key.Purpose)))
                .Concat(declared.Where(scope => granted.Length > 0 && GrantedScopes.Missing([scope], granted).Count == 0))
                .Distinct(StringComparer.Ordinal),
        ];
    }
}
