using Rekindle.Connections;
using Rekindle.Encryption;

namespace Rekindle.Storage;

/// <summary>Connect flows under way. Every step is guarded by the state it starts from, so that none can be taken twice.</summary>
public interface IConnectSessionStore
{
    /// <summary>Stores a new session.</summary>
    Task CreateAsync(ConnectSession session, CancellationToken cancellationToken);

    /// <summary>By id; null: there is none.</summary>
    Task<ConnectSession?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>By the hash of the state that went to the provider; null: there is none.</summary>
    Task<ConnectSession?> FindByStateAsync(byte[] stateHash, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces a session if it is still at the step that <paramref name="from"/> was read at: the same state, and the same sign-in at
    /// the provider. True when this call did.
    /// </summary>
    Task<bool> AdvanceAsync(ConnectSession from, ConnectSession to, CancellationToken cancellationToken);

    /// <summary>Sessions that ended before and still hold a consent that nobody completed, oldest first.</summary>
    Task<IReadOnlyList<ConnectSession>> ListAbandonedAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken);

    /// <summary>Removes sessions that ended before.</summary>
    Task PruneAsync(DateTimeOffset before, CancellationToken cancellationToken);
}

/// <summary>A connect flow.</summary>
public sealed record ConnectSession
{
    /// <summary>Its id, unguessable: it is in the link.</summary>
    public required string Id { get; init; }

    /// <summary>Environment.</summary>
    public required string Environment { get; init; }

    /// <summary>Integration; null: the person picks one.</summary>
    public string? Integration { get; init; }

    /// <summary>Tenant or empty.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The operator's user.</summary>
    public required string Subject { get; init; }

    /// <summary>Purpose.</summary>
    public string Purpose { get; init; } = ConnectionKey.DefaultPurpose;

    /// <summary>Account or empty.</summary>
    public string Account { get; init; } = "";

    /// <summary>Connection to live again; null: a first connection.</summary>
    public ConnectionId? Reconnects { get; init; }

    /// <summary>Metadata for the connection.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = Connection.Empty;

    /// <summary>URL variables the person gave.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = Connection.Empty;

    /// <summary>Where the browser goes afterwards; null: our own last page.</summary>
    public string? ReturnUrl { get; init; }

    /// <summary>The operator's own reference, given back on return.</summary>
    public string? ClientReference { get; init; }

    /// <summary>Whether the connection is active without the operator's backend completing it.</summary>
    public bool AutoComplete { get; init; }

    /// <summary>How far it is.</summary>
    public ConnectState State { get; init; } = ConnectState.Pending;

    /// <summary>SHA-256 of the <c>state</c> parameter; null: not yet sent to the provider.</summary>
    public byte[]? StateHash { get; init; }

    /// <summary>SHA-256 of the value in the browser's <c>__Host-</c> cookie.</summary>
    public byte[]? BrowserHash { get; init; }

    /// <summary>PKCE verifier, sealed.</summary>
    public SealedSecret? Verifier { get; init; }

    /// <summary>
    /// A consent that waits for its completion beside a connection that goes on with the grant it has, sealed; null: none waits. Dropping
    /// it leaves that connection as it is (I11).
    /// </summary>
    public SealedSecret? WaitingConsent { get; init; }

    /// <summary>SHA-256 of the one-time completion code.</summary>
    public byte[]? CompletionHash { get; init; }

    /// <summary>The connection that came of it, or that a consent waits for.</summary>
    public ConnectionId? ConnectionId { get; init; }

    /// <summary>Why it failed, as a stable code.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>Why it failed, in plain words.</summary>
    public string? Error { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the step that it is in ends: a sign-in that was begun may go on a little longer than its link.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When its link ends. Nothing puts that off.</summary>
    public required DateTimeOffset LinkExpiresAt { get; init; }
}

/// <summary>How far a connect flow is.</summary>
public enum ConnectState
{
    /// <summary>The link was made; nobody pressed the button.</summary>
    Pending,

    /// <summary>The browser is at the provider.</summary>
    Started,

    /// <summary>The callback came; the code is being exchanged.</summary>
    Exchanging,

    /// <summary>Connected; the operator's backend has still to complete it.</summary>
    AwaitingCompletion,

    /// <summary>Done.</summary>
    Connected,

    /// <summary>The person said no.</summary>
    Denied,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>The link ended unused.</summary>
    Expired,
}
