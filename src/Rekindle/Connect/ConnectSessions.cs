using Rekindle.Connections;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// The operator's side of connecting: makes links and says what became of them. The person's side is <see cref="ConnectFlow"/> and
/// <see cref="ConnectCallback"/>; the end of it is <see cref="ConnectCompletion"/>.
/// </summary>
public sealed class ConnectSessions
{
    private readonly IConnectSessionStore _sessions;
    private readonly IConnectionStore _connections;
    private readonly IAuditStore _audit;
    private readonly IntegrationDirectory _directory;
    private readonly ConnectLinks _links;
    private readonly DatabaseOwnership _ownership;
    private readonly RefreshClock _clock;
    private readonly ConnectOptions _options;

    internal ConnectSessions(
        IConnectSessionStore sessions, IConnectionStore connections, IAuditStore audit, IntegrationDirectory directory, ConnectLinks links,
        DatabaseOwnership ownership, RefreshClock clock, ConnectOptions options)
    {
        _sessions = sessions;
        _connections = connections;
        _audit = audit;
        _directory = directory;
        _links = links;
        _ownership = ownership;
        _clock = clock;
        _options = options;
    }

    private DateTimeOffset Now => _clock.Now;

    /// <summary>Makes a link for a first connection, or for connecting the same account again.</summary>
    /// <exception cref="FrozenException">The database may not be this deployment's: nobody is connected to a copy.</exception>
    public async Task<ConnectSessionResult> CreateAsync(ConnectRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ownership.ThrowIfFrozen();
        var all = await _directory.AllAsync(cancellationToken).ConfigureAwait(false);
        var offered = all.Where(e => e.Integration.Environment == request.Environment && (request.Integration ?? e.Integration.Key) == e.Integration.Key).ToArray();
        if (offered.Length == 0)
        {
            return new ConnectSessionResult.Refused(ConnectRefusal.UnknownIntegration, request.Integration is null
                ? $"There is no integration in environment '{request.Environment}'. Create one."
                : TokenErrors.UnknownIntegration(request.Environment, request.Integration).Message);
        }

        if (ConnectRequestCheck.Check(request, request.Integration is null ? null : offered[0], offered) is { } refused)
        {
            return refused;
        }

        var end = Now + _options.LinkLifetime;
        var made = await StoreAsync(
            new ConnectSession
            {
                Id = OneTimeSecret.NewSessionId(),
                Environment = request.Environment,
                Integration = request.Integration,
                Tenant = request.Tenant,
                Subject = request.Subject,
                Purpose = request.Purpose,
                Account = request.Account,
                Metadata = request.Metadata,
                Variables = request.Variables,
                ReturnUrl = request.ReturnUrl,
                ClientReference = request.ClientReference,
                AutoComplete = request.AutoComplete,
                CreatedAt = Now,
                ExpiresAt = end,
                LinkExpiresAt = end,
            },
            cancellationToken).ConfigureAwait(false);

        // A link for a key that is connected already is a reconnect link by another name.
        await _audit.AppendAsync(
            new AuditEntry(0, Now, request.Environment, request.Actor, "connect_session.create", $"{request.Integration}/{request.Tenant}/{request.Subject}", null),
            CancellationToken.None).ConfigureAwait(false);
        return made;
    }

    /// <summary>Makes a link that lets the same connection live again (C7). Audited: whoever has the link can do that.</summary>
    /// <exception cref="FrozenException">As for <see cref="CreateAsync"/>.</exception>
    public async Task<ConnectSessionResult> CreateReconnectAsync(
        ConnectionId id, ReconnectRequest request, string actor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ownership.ThrowIfFrozen();
        var snapshot = await _connections.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (snapshot?.Connection is not { } connection
            || await _directory.FindAsync(connection.IntegrationId, cancellationToken).ConfigureAwait(false) is not { } entry)
        {
            return new ConnectSessionResult.Refused(ConnectRefusal.UnknownConnection, $"There is no connection {id}.");
        }

        if (Refuse(request, connection, entry) is { } refused)
        {
            return refused;
        }

        var end = Now + (request.Lifetime ?? _options.ReconnectLinkLifetime);
        var made = await StoreAsync(
            new ConnectSession
            {
                Id = OneTimeSecret.NewSessionId(),
                Environment = connection.Key.Environment,
                Integration = connection.Key.Integration,
                Tenant = connection.Key.Tenant,
                Subject = connection.Key.Subject,
                Purpose = connection.Key.Purpose,
                Account = connection.Key.Account,
                Reconnects = id,
                ReturnUrl = request.ReturnUrl,
                ClientReference = request.ClientReference,
                AutoComplete = request.AutoComplete,
                CreatedAt = Now,
                ExpiresAt = end,
                LinkExpiresAt = end,
            },
            cancellationToken).ConfigureAwait(false);
        await _audit.AppendAsync(
            new AuditEntry(0, Now, connection.Key.Environment, actor, "connection.reconnect_link", id.ToString(), null), CancellationToken.None)
            .ConfigureAwait(false);
        return made;
    }

    /// <summary>A session as it stands now; null: there is none in that environment.</summary>
    public async Task<ConnectSession?> FindAsync(string environment, string id, CancellationToken cancellationToken = default) =>
        await _sessions.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } session && session.Environment == environment
            ? session.AsOf(Now)
            : null;

    private ConnectSessionResult.Refused? Refuse(ReconnectRequest request, Connection connection, IntegrationEntry entry)
    {
        if (connection.Status == ConnectionStatus.Disabled)
        {
            return new(ConnectRefusal.ConnectionDisabled, $"Connection {connection.Id} is disabled. Enable it first.");
        }

        if (ConnectRequestCheck.Reference(request.ClientReference).FirstOrDefault() is { } mistake)
        {
            return new(ConnectRefusal.InvalidRequest, mistake) { Mistakes = [mistake] };
        }

        if (request.Lifetime is { } lifetime && (lifetime < TimeSpan.FromMinutes(1) || lifetime > _options.ReconnectLinkLifetime))
        {
            var tooLong = $"expires_in must be from 60 to {_options.ReconnectLinkLifetime.TotalSeconds:0} (seconds).";
            return new(ConnectRefusal.InvalidRequest, tooLong) { Mistakes = [tooLong] };
        }

        // Where the same account can be recognised nobody else's consent can slip in, and nothing needs to be completed.
        var canCheck = connection.ProviderAccountId is not null && entry.Provider?.Identity.Source is not (null or IdentitySource.None);
        return ConnectRequestCheck.Return(request.ReturnUrl, needsNone: canCheck || request.AutoComplete, [entry]);
    }

    private async Task<ConnectSessionResult> StoreAsync(ConnectSession session, CancellationToken cancellationToken)
    {
        await _sessions.CreateAsync(session, cancellationToken).ConfigureAwait(false);
        return new ConnectSessionResult.Created(session, _links.Make(session.Id, session.LinkExpiresAt));
    }
}
