using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>The last step of connecting an account that was not connected before, taken by the operator's backend.</summary>
/// <remarks>
/// Somebody can begin a sign-in for their own user at the operator's and get somebody else to finish it. Therefore a first
/// connection is <em>pending</em> until the operator's backend, which sees whose browser came back, completes it with the code
/// that this browser carries (DESIGN §5). A connection that is there goes on as it is, and the consent waits in its session.
/// </remarks>
public sealed class ConnectCompletion
{
    private readonly IConnectSessionStore _sessions;
    private readonly IConnectionStore _connections;
    private readonly IAuditStore _audit;
    private readonly ResultJournal _journal;
    private readonly IntegrationDirectory _directory;
    private readonly GrantWriter _grants;
    private readonly GrantKeeper _keeper;
    private readonly WaitingConsents _waiting;
    private readonly TokenCache _cache;
    private readonly DatabaseOwnership _ownership;
    private readonly RefreshClock _clock;

    internal ConnectCompletion(
        IConnectSessionStore sessions, IConnectionStore connections, IAuditStore audit, ResultJournal journal, IntegrationDirectory directory, GrantWriter grants,
        GrantKeeper keeper, WaitingConsents waiting, TokenCache cache, DatabaseOwnership ownership, RefreshClock clock)
    {
        _sessions = sessions;
        _connections = connections;
        _audit = audit;
        _journal = journal;
        _directory = directory;
        _grants = grants;
        _keeper = keeper;
        _waiting = waiting;
        _cache = cache;
        _ownership = ownership;
        _clock = clock;
    }

    /// <summary>Completes a connection with the code that the browser brought back. Once.</summary>
    /// <param name="environment">Environment of the caller.</param>
    /// <param name="id">The session.</param>
    /// <param name="code">The code.</param>
    /// <param name="actor">Who does it, for the audit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FrozenException">The database may not be this deployment's: nobody is connected to a copy.</exception>
    public async Task<CompletionResult> CompleteAsync(
        string environment, string id, string code, string actor, CancellationToken cancellationToken = default)
    {
        _ownership.ThrowIfFrozen();
        if (await _sessions.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } stored || stored.Environment != environment)
        {
            return Refuse(CompletionRefusal.UnknownSession);
        }

        var session = stored.AsOf(_clock.Now);
        if (session.State != ConnectState.AwaitingCompletion)
        {
            return Refuse(session switch
            {
                { State: ConnectState.Connected } => CompletionRefusal.AlreadyCompleted,
                { State: ConnectState.Expired, ConnectionId: not null } => CompletionRefusal.Expired,
                _ => CompletionRefusal.NotConnected,
            });
        }

        var done = session with { State = ConnectState.Connected, CompletionHash = null, WaitingConsent = null };
        var refusal = session.WaitingConsent is null
            ? await CompletePendingAsync(session, done, code, cancellationToken).ConfigureAwait(false)
            : await CompleteWaitingAsync(session, done, code, cancellationToken).ConfigureAwait(false);
        if (refusal is { } reason)
        {
            return Refuse(reason);
        }

        await _audit.AppendAsync(
            new AuditEntry(0, _clock.Now, environment, actor, "connection.complete", done.ConnectionId.ToString()!, null), CancellationToken.None)
            .ConfigureAwait(false);
        return new CompletionResult.Completed(done);
    }

    private async Task<CompletionRefusal?> CompletePendingAsync(ConnectSession session, ConnectSession done, string code, CancellationToken cancellationToken)
    {
        var connection = session.ConnectionId!.Value;
        var snapshot = await _connections.GetAsync(connection, cancellationToken).ConfigureAwait(false);
        if (snapshot?.Tokens is not { } tokens || !OneTimeSecret.Matches(OneTimeSecret.CompletionOf(code, tokens.GrantNo), session.CompletionHash))
        {
            return CompletionRefusal.WrongCode;
        }

        // The connection first: were the session marked first and this process to die in between, nobody could complete it any more.
        var entry = await _directory.FindAsync(snapshot.Connection.IntegrationId, cancellationToken).ConfigureAwait(false);
        var due = entry?.Provider is null ? null : _grants.DueAt(tokens, entry);
        var completed = await _connections.CompleteAsync(connection, tokens.GrantNo, due, _clock.Now, CancellationToken.None).ConfigureAwait(false);
        _cache.Invalidate(connection);
        if (completed)
        {
            _journal.NoteChange(await _connections.GetAsync(connection, CancellationToken.None).ConfigureAwait(false));
        }

        if (!completed && !await WasCompletedAsync(connection, tokens.GrantNo).ConfigureAwait(false))
        {
            return CompletionRefusal.WrongCode;
        }

        return await _sessions.AdvanceAsync(session, done, CancellationToken.None).ConfigureAwait(false) ? null : CompletionRefusal.AlreadyCompleted;
    }

    private async Task<CompletionRefusal?> CompleteWaitingAsync(ConnectSession session, ConnectSession done, string code, CancellationToken cancellationToken)
    {
        if (!OneTimeSecret.Matches(code, session.CompletionHash))
        {
            return CompletionRefusal.WrongCode;
        }

        var snapshot = await _connections.GetAsync(session.ConnectionId!.Value, cancellationToken).ConfigureAwait(false);
        if (snapshot?.Connection is not { } connection || _waiting.Open(session) is not { } consent
            || await _directory.FindAsync(connection.IntegrationId, cancellationToken).ConfigureAwait(false) is not { Provider: not null } entry)
        {
            return CompletionRefusal.ConnectionChanged;
        }

        // Another account was looked at when the person came back, and the connection must still be what it was then.
        var grant = _grants.FromConsent(connection.Key, entry, consent) with { Replaces = consent.Beside, AllowAccountChange = true };
        return await _keeper.CompleteWaitingAsync(session, done, grant).ConfigureAwait(false) switch
        {
            GrantResult.Replaced => null,
            null => CompletionRefusal.AlreadyCompleted,
            _ => CompletionRefusal.ConnectionChanged,
        };
    }

    private static CompletionResult.Refused Refuse(CompletionRefusal reason) => new(reason, reason switch
    {
        CompletionRefusal.UnknownSession => "There is no such connect session.",
        CompletionRefusal.NotConnected => "There is nothing to complete: the person has not come back from the provider, or it did not work. Read the session's status.",
        CompletionRefusal.WrongCode => "The code is not the one that this sign-in ended with. It is in the query of the return address, as completion_code.",
        CompletionRefusal.AlreadyCompleted => "The connection was completed before, or needs no completion.",
        CompletionRefusal.ConnectionChanged =>
            "The connection was connected anew, ended, disabled or deleted after the person consented, and is left as it is. Create a new connect session.",
        _ => "The connection was not completed in time. Create a new connect session.",
    });

    // The same call before ours reached the connection and died before it reached the session.
    private async Task<bool> WasCompletedAsync(ConnectionId id, int grantNo) =>
        await _connections.GetAsync(id, CancellationToken.None).ConfigureAwait(false) is { Tokens: { } tokens, Connection.Status: not ConnectionStatus.Pending }
        && tokens.GrantNo == grantNo;
}
