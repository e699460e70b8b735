using Rekindle.Connect;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>From the name a caller uses to one connection (A10): purpose, account, and what may stand in for a purpose.</summary>
public sealed class ConnectionResolver(IConnectionStore connections, IntegrationDirectory directory)
{
    /// <summary>The connection that a name leads to, or why there is none or not one alone. The name says its environment.</summary>
    public async Task<(ConnectionSnapshot? Found, TokenError? Error)> ResolveAsync(TokenQuery query, CancellationToken cancellationToken)
    {
        query = query with { Tenant = query.Tenant ?? "", Purpose = query.Purpose ?? ConnectionKey.DefaultPurpose };
        var environment = query.Environment ?? throw new ArgumentException("The query names no environment.", nameof(query));
        if (await directory.FindAsync(environment, query.Integration, cancellationToken).ConfigureAwait(false) is not { } entry)
        {
            return (null, TokenErrors.UnknownIntegration(environment, query.Integration));
        }

        var all = await connections.FindBySubjectAsync(environment, query.Integration, query.Tenant!, query.Subject, cancellationToken)
            .ConfigureAwait(false);
        var ofAccount = string.IsNullOrEmpty(query.Account)
            ? all
            : [.. all.Where(c => c.Connection.Key.Account == query.Account || c.Connection.ProviderAccountId == query.Account)];
        var candidates = Candidates(ofAccount, entry, query.Purpose!);
        return candidates.Length switch
        {
            1 => (candidates[0], null),
            > 1 => (null, TokenErrors.Ambiguous(query, [.. candidates.Select(c => c.Connection.Id)])),
            _ when ofAccount.Count > 0 => (null, TokenErrors.PurposeNotConnected(
                query, entry.ScopesOf(query.Purpose!), ofAccount.Select(c => c.Connection.Key.Purpose).Distinct())),
            _ => (null, TokenErrors.NotConnected(query)),
        };
    }

    /// <summary>Whether there is something to refresh with.</summary>
    internal bool CanRefresh(ConnectionSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return directory.TryFind(snapshot.Connection.IntegrationId)?.Provider?.Requests.RefreshKind switch
        {
            RefreshKind.None => false,
            RefreshKind.AccessToken => true,
            _ => snapshot.Tokens?.RefreshToken is not null,
        };
    }

    // The purpose's own connection first. One that ended steps aside for a grant that covers the purpose and lives.
    private static ConnectionSnapshot[] Candidates(IReadOnlyList<ConnectionSnapshot> all, IntegrationEntry entry, string purpose)
    {
        var own = all.Where(c => c.Connection.Key.Purpose == purpose).ToArray();
        var covering = all.Where(c => c.Connection.Key.Purpose != purpose && Covers(c, entry, purpose)).ToArray();
        return First(
            own.Where(IsUsable), StandIns(covering.Where(IsUsable)),
            own.Where(IsNotRevoked), StandIns(covering.Where(IsNotRevoked)),
            own, StandIns(covering));

        static bool IsUsable(ConnectionSnapshot c) => c.Connection.Status is not (ConnectionStatus.Revoked or ConnectionStatus.NeedsReauthorization);
        static bool IsNotRevoked(ConnectionSnapshot c) => c.Connection.Status is not ConnectionStatus.Revoked;
    }

    private static ConnectionSnapshot[] First(params IEnumerable<IEnumerable<ConnectionSnapshot>> wishes) =>
        wishes.Select(wish => wish.ToArray()).FirstOrDefault(found => found.Length > 0) ?? [];

    // Of several grants of one account that cover the purpose, the one that may do least.
    private static IEnumerable<ConnectionSnapshot> StandIns(IEnumerable<ConnectionSnapshot> covering) => covering
        .GroupBy(c => c.Connection.Key.Account)
        .Select(account => account.OrderBy(c => c.Tokens!.Scopes.Count).ThenBy(c => c.Connection.Id.Value).First());

    // Any grant that covers a purpose's scopes serves it, unless the purpose is declared separate. Where the provider keeps one grant
    // per user and client nothing can be separate: the purposes are views on that grant.
    private static bool Covers(ConnectionSnapshot candidate, IntegrationEntry entry, string purpose)
    {
        var declared = entry.Integration.Purposes.GetValueOrDefault(purpose);
        var mayShare = entry.Provider?.Lifecycle.KeepsOneGrant == true || declared is { Separate: false }
            || (declared is null && purpose == ConnectionKey.DefaultPurpose);
        return mayShare && candidate.Tokens is { } tokens && GrantedScopes.Suffice(tokens.Scopes, entry.ScopesOf(purpose));
    }
}
