using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// The browser comes back from the provider. In this order: is it the browser that left, is the answer the provider's, is it a
/// refusal, and is it the first time. Only then is the code used; from then on the work is finished whether or not the browser
/// waits.
/// </summary>
public sealed class ConnectCallback
{
    private readonly ConnectGate _gate;
    private readonly IConnectSessionStore _sessions;
    private readonly IntegrationDirectory _directory;
    private readonly ConnectExchange _exchange;
    private readonly ConnectLinks _links;
    private readonly Sealer _sealer;
    private readonly RefreshClock _clock;
    private readonly ILogger<ConnectCallback> _logger;

    internal ConnectCallback(
        ConnectGate gate, IConnectSessionStore sessions, IntegrationDirectory directory, ConnectExchange exchange, ConnectLinks links, Sealer sealer,
        RefreshClock clock, ILogger<ConnectCallback> logger)
    {
        _gate = gate;
        _sessions = sessions;
        _directory = directory;
        _exchange = exchange;
        _links = links;
        _sealer = sealer;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Works on an answer.</summary>
    /// <param name="environment">Environment in the callback's address.</param>
    /// <param name="integration">Integration in the callback's address.</param>
    /// <param name="answer">What came; null: it could not be read.</param>
    /// <param name="browserOf">The cookie of this browser for a session, by the session's id; null: it has none.</param>
    /// <param name="site">Address under which browsers reach this deployment, as at the start.</param>
    /// <param name="cancellationToken">Ends the wait until the code is used, and nothing after that.</param>
    public async Task<ConnectView> FinishAsync(
        string environment, string integration, ConnectAnswer? answer, Func<string, string?> browserOf, Uri site, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(browserOf);
        var entry = await _directory.FindAsync(environment, integration, cancellationToken).ConfigureAwait(false);
        if (answer?.State is not { } state || entry?.Provider is null)
        {
            return Stray(entry, answer is null ? ConnectErrors.Malformed("The answer could not be read.") : ConnectErrors.UnknownState);
        }

        var session = await _sessions.FindByStateAsync(OneTimeSecret.StateHash(state, environment, integration), cancellationToken).ConfigureAwait(false);
        if (session is null)
        {
            return Stray(entry, ConnectErrors.UnknownState);
        }

        if (!OneTimeSecret.Matches(browserOf(session.Id), session.BrowserHash))
        {
            return await NoteWrongBrowserAsync(session, entry).ConfigureAwait(false);
        }

        if (session.State != ConnectState.Started)
        {
            return new ConnectView.Problem(session.State == ConnectState.Exchanging ? ConnectErrors.UnderWay : ConnectErrors.AlreadyAnswered);
        }

        var sent = new SentSignIn(session, entry, answer, ConnectPaths.Callback(site, environment, integration));
        return session.ExpiresAt <= _clock.Now
            ? await EndAsync(sent, session, ConnectErrors.Expired).ConfigureAwait(false)
            : await AcceptAsync(sent, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ConnectView> AcceptAsync(SentSignIn sent, CancellationToken cancellationToken)
    {
        var (session, entry) = (sent.Session, sent.Entry);
        var (target, error) = await _gate.TargetAsync(session, entry, cancellationToken).ConfigureAwait(false);
        sent = sent with { Target = target };
        error ??= CallbackChecks.Check(entry, sent.Answer, sent.Variables);
        if (error is not null)
        {
            return await EndAsync(sent, session, error).ConfigureAwait(false);
        }

        if (_sealer.Open(session.Verifier!, session.SealContext()) is not OpenResult.Opened(var verifier))
        {
            return await EndAsync(sent, session, ConnectErrors.Misconfigured(entry.Integration.DisplayName, "The verifier of this sign-in cannot be opened: was the key ring changed?"))
                .ConfigureAwait(false);
        }

        // Whoever makes this step uses the code; a second answer with the same state finds the step made.
        var exchanging = session with { State = ConnectState.Exchanging, ExpiresAt = _clock.Now + ConnectSessionRules.ExchangeTime };
        if (!await _sessions.AdvanceAsync(session, exchanging, cancellationToken).ConfigureAwait(false))
        {
            return new ConnectView.Problem(ConnectErrors.AlreadyAnswered);
        }

        var outcome = await _exchange.RunAsync(sent, verifier).ConfigureAwait(false);
        return outcome switch
        {
            ConnectOutcome.Connected connected => await ConnectedAsync(sent, exchanging, connected).ConfigureAwait(false),
            ConnectOutcome.Waiting waiting => await WaitAsync(sent, exchanging, waiting).ConfigureAwait(false),
            // There is no store to tell the session of; whoever asks for it sees it end, and the connection there.
            ConnectOutcome.Kept => new ConnectView.Problem(ConnectErrors.KeptForLater),
            ConnectOutcome.Refused(var refusal) => await EndAsync(sent, exchanging, refusal).ConfigureAwait(false),
            _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
        };
    }

    private async Task<ConnectView> ConnectedAsync(SentSignIn sent, ConnectSession exchanging, ConnectOutcome.Connected connected)
    {
        var connection = connected.Snapshot.Connection;
        var code = connected.Awaits ? OneTimeSecret.New() : null;
        var session = Ended(sent.Session, connection) with
        {
            State = code is null ? ConnectState.Connected : ConnectState.AwaitingCompletion,
            CompletionHash = code is null ? null : OneTimeSecret.Hash(OneTimeSecret.CompletionOf(code.Reveal(), connected.Snapshot.Tokens!.GrantNo)),
            ExpiresAt = code is null ? sent.Session.ExpiresAt : _clock.Now + _exchange.CompletionLifetime,
        };
        return await _sessions.AdvanceAsync(exchanging, session, CancellationToken.None).ConfigureAwait(false)
            ? Back(sent, session, connection, code)
            : new ConnectView.Problem(ConnectErrors.AlreadyAnswered);
    }

    private async Task<ConnectView> WaitAsync(SentSignIn sent, ConnectSession exchanging, ConnectOutcome.Waiting waiting)
    {
        var code = OneTimeSecret.New();
        var session = Ended(sent.Session, waiting.Existing) with
        {
            State = ConnectState.AwaitingCompletion,
            CompletionHash = OneTimeSecret.Hash(code.Reveal()),
            ExpiresAt = _clock.Now + _exchange.CompletionLifetime,
        };
        return await _exchange.WaitAsync(exchanging, session, waiting.Consent).ConfigureAwait(false) switch
        {
            true => Back(sent, session, waiting.Existing, code),
            false => new ConnectView.Problem(ConnectErrors.AlreadyAnswered),
            null => new ConnectView.Problem(ConnectErrors.Stored),
        };
    }

    private static ConnectSession Ended(ConnectSession session, Connection connection) => session with
    {
        Integration = connection.Key.Integration,
        Verifier = null,
        ConnectionId = connection.Id,
    };

    private ConnectView.Connected Back(SentSignIn sent, ConnectSession session, Connection connection, Secret? code)
    {
        _logger.Connected(session.Id, connection.Key.Integration, connection.Id.ToString(), Names.Of(session.State));
        return new ConnectView.Connected(session, sent.Entry, session.ReturnUrl is not { } url ? null : ReturnUrls.With(
            url, ("connect_session_id", session.Id), ("completion_code", code?.Reveal()), ("client_reference", session.ClientReference)));
    }

    /// <summary>The session keeps why it ended; its link can be used again until the link's own end, which no try puts off.</summary>
    private async Task<ConnectView> EndAsync(SentSignIn sent, ConnectSession current, ConnectError error)
    {
        var ended = sent.Session.With(error);
        await _sessions.AdvanceAsync(current, ended, CancellationToken.None).ConfigureAwait(false);
        _logger.ConnectFailed(sent.Session.Id, sent.Entry.Integration.Key, Names.Of(error.Code), error.Detail ?? "");
        var canRetry = error.CanRetry && ended.LinkExpiresAt > _clock.Now;
        return new ConnectView.Problem(
            error, canRetry ? _links.Make(ended.Id, ended.LinkExpiresAt) : null, ConnectGate.WayBack(ended, error));
    }

    /// <summary>
    /// Changes nothing but the note: the browser that began may still come. Whoever came instead gets no link, for it may be a
    /// person who was sent here with somebody else's answer.
    /// </summary>
    private async Task<ConnectView> NoteWrongBrowserAsync(ConnectSession session, IntegrationEntry entry)
    {
        var error = ConnectErrors.OtherBrowser(entry);
        if (session.State == ConnectState.Started)
        {
            await _sessions.AdvanceAsync(
                session, session with { ErrorCode = Names.Of(error.Code), Error = error.Text }, CancellationToken.None).ConfigureAwait(false);
        }

        _logger.ConnectFailed(session.Id, entry.Integration.Key, Names.Of(error.Code), "");
        return new ConnectView.Problem(error);
    }

    private ConnectView.Problem Stray(IntegrationEntry? entry, ConnectError error)
    {
        _logger.StrayAnswer(entry?.Integration.Key ?? "(unknown)", Names.Of(error.Code));
        return new ConnectView.Problem(error);
    }
}
