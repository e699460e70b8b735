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
        var candidates = Alive([.. ofAccount.Where(c => c.Connection.Key.Purpose == query.Purpose)]);
        if (candidates.Count == 0)
        {
            candidates = Alive([.. ofAccount.Where(c => Covers(c, entry, query.Purpose!))]);
        }

        return candidates.Count switch
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

    // Any grant that covers a purpose's scopes serves it, unless the purpose is declared separate.
    private static bool Covers(ConnectionSnapshot candidate, IntegrationEntry entry, string purpose)
    {
        var needed = entry.Integration.Purposes.TryGetValue(purpose, out var rule) ? rule : null;
        return needed is { Separate: false, Scopes.Count: > 0 } && candidate.Tokens is { Scopes.Count: > 0 } tokens
            && needed.Scopes.All(s => tokens.Scopes.Contains(s, StringComparer.Ordinal));
    }

    // Ended connections answer only when nothing else does.
    private static IReadOnlyList<ConnectionSnapshot> Alive(IReadOnlyList<ConnectionSnapshot> found)
    {
        var alive = found.Where(c => c.Connection.Status is not ConnectionStatus.Revoked).ToArray();
        return alive.Length > 0 ? alive : found;
    }
}
