using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>Whether a link may be used now, for what, and whether what it leads to can be connected.</summary>
internal sealed class ConnectGate(
    IConnectSessionStore sessions, IConnectionStore connections, IntegrationDirectory directory, ConnectLinks links,
    DatabaseOwnership ownership, RefreshClock clock)
{
    /// <summary>The session behind a link, as it is stored; null with the reason.</summary>
    public async Task<(ConnectSession? Session, ConnectView.Problem? Problem)> OpenAsync(string link, CancellationToken cancellationToken)
    {
        if (links.Read(link) is not var (id, expiresAt))
        {
            return (null, new ConnectView.Problem(ConnectErrors.BadLink));
        }

        // The link's own end: it says so also when the session is no longer kept.
        var session = await sessions.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (session is null || expiresAt <= clock.Now)
        {
            return (null, new ConnectView.Problem(ConnectErrors.Expired, ReturnTo: session is null ? null : WayBack(session, ConnectErrors.Expired)));
        }

        return session.WhyNotUsable(clock.Now) is { } error
            ? (null, new ConnectView.Problem(error, error.CanRetry ? link : null, WayBack(session, error)))
            : (session, null);
    }

    /// <summary>The integration that was fixed or chosen; null: there are several to choose from.</summary>
    public async Task<(IntegrationEntry? Entry, IReadOnlyList<IntegrationEntry> Options)> ChosenAsync(
        ConnectSession session, string? chosen, CancellationToken cancellationToken)
    {
        var all = await directory.AllAsync(cancellationToken).ConfigureAwait(false);
        if (session.Integration is { } fixedOne)
        {
            return (all.FirstOrDefault(e => e.Integration.Environment == session.Environment && e.Integration.Key == fixedOne), []);
        }

        IntegrationEntry[] options =
        [
            .. all.Where(e => e.Integration.Environment == session.Environment && e.Provider is not null && e.Integration.State != IntegrationState.Paused
                    && (session.ReturnUrl is null || ReturnUrls.Allows(e.Integration.AllowedReturnUrls, session.ReturnUrl)))
                .OrderBy(e => e.Integration.DisplayName, StringComparer.OrdinalIgnoreCase),
        ];
        return (options is [var only] ? only : options.FirstOrDefault(e => e.Integration.Key == chosen), options);
    }

    /// <summary>Why an integration cannot be connected now; null: it can.</summary>
    public async Task<ConnectError?> WhyNotAsync(ConnectSession session, IntegrationEntry? entry, CancellationToken cancellationToken)
    {
        if (entry?.Provider is null)
        {
            return ConnectErrors.Misconfigured(entry?.Integration.DisplayName ?? session.Integration ?? "the provider", "The integration, or its provider's entry, is gone.");
        }

        if (entry.Integration.State == IntegrationState.Paused)
        {
            return ConnectErrors.Unavailable(entry, "The integration is paused.");
        }

        var unready = entry.Unready is null ? null : await directory.MakeReadyAsync(entry, cancellationToken).ConfigureAwait(false);
        return unready is null ? null : ConnectErrors.Unavailable(entry, unready);
    }

    /// <summary>What the session leads to with this integration.</summary>
    public async Task<(ConnectTarget Target, ConnectError? Error)> TargetAsync(
        ConnectSession session, IntegrationEntry entry, CancellationToken cancellationToken)
    {
        var named = session.Reconnects is { } id
            ? await connections.GetAsync(id, cancellationToken).ConfigureAwait(false)
            : await connections.FindAsync(session.KeyFor(entry.Integration.Key), cancellationToken).ConfigureAwait(false);
        var target = entry.Provider?.Lifecycle.KeepsOneGrant != true
            ? ConnectTarget.Of(session, entry, named)
            : ConnectTarget.OfOneGrant(session, entry, named, await connections.FindBySubjectAsync(
                session.Environment, entry.Integration.Key, session.Tenant, session.Subject, cancellationToken).ConfigureAwait(false));
        return (target, target.Existing?.Connection.Status switch
        {
            _ when ownership.Freeze is { } freeze => ConnectErrors.Frozen(freeze),
            null when session.Reconnects is not null => ConnectErrors.Gone,
            ConnectionStatus.Disabled => ConnectErrors.Disabled,
            _ => null,
        });
    }

    /// <summary>The operator's product, told what happened; null: the session names no way back.</summary>
    public static Uri? WayBack(ConnectSession session, ConnectError error) => session.ReturnUrl is not { } url ? null : ReturnUrls.With(
        url, ("connect_session_id", session.Id), ("error", Names.Of(error.Code)), ("client_reference", session.ClientReference));
}
