using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// The way of a person from a link to the provider. Looking at the link changes nothing: mail scanners look at links too. Pressing
/// the button binds the sign-in to the browser in which it was pressed.
/// </summary>
public sealed class ConnectFlow
{
    private readonly ConnectGate _gate;
    private readonly IConnectSessionStore _sessions;
    private readonly IntegrationDirectory _directory;
    private readonly Sealer _sealer;
    private readonly RefreshClock _clock;

    internal ConnectFlow(ConnectGate gate, IConnectSessionStore sessions, IntegrationDirectory directory, Sealer sealer, RefreshClock clock)
    {
        _gate = gate;
        _sessions = sessions;
        _directory = directory;
        _sealer = sealer;
        _clock = clock;
    }

    /// <summary>What a link shows.</summary>
    /// <param name="link">Last segment of the link.</param>
    /// <param name="integration">Integration chosen on the page before; null: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ConnectView> ViewAsync(string link, string? integration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(link);
        var (session, problem) = await _gate.OpenAsync(link, cancellationToken).ConfigureAwait(false);
        if (session is null)
        {
            return problem!;
        }

        var (entry, options) = await _gate.ChosenAsync(session, integration, cancellationToken).ConfigureAwait(false);
        if (entry is null && options.Count > 0)
        {
            return new ConnectView.Choose(options);
        }

        if (await _gate.WhyNotAsync(session, entry, cancellationToken).ConfigureAwait(false) is { } unusable)
        {
            return new ConnectView.Problem(unusable, link, ConnectGate.WayBack(session, unusable));
        }

        // Read again: it may have become ready just now.
        entry = await _directory.FindAsync(entry!.Integration.Id, cancellationToken).ConfigureAwait(false) ?? entry;
        var (target, error) = await _gate.TargetAsync(session, entry, cancellationToken).ConfigureAwait(false);
        var existing = target.Existing?.Connection;
        return error is null
            ? new ConnectView.Ask(session, entry, ConnectForm.Blank(session, entry, existing), existing) { Scopes = target.Scopes }
            : new ConnectView.Problem(error, ReturnTo: ConnectGate.WayBack(session, error));
    }

    /// <summary>The button was pressed: checks the answers and sends the browser to the provider.</summary>
    /// <param name="link">Last segment of the link.</param>
    /// <param name="integration">Integration chosen on the page before; null: none.</param>
    /// <param name="answers">The form's values, by field name.</param>
    /// <param name="site">Address under which browsers reach this deployment.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ConnectView> StartAsync(
        string link, string? integration, IReadOnlyDictionary<string, string> answers, Uri site, CancellationToken cancellationToken)
    {
        var view = await ViewAsync(link, integration, cancellationToken).ConfigureAwait(false);
        if (view is not ConnectView.Ask ask)
        {
            return view;
        }

        var form = ask.Form.Read(ask.Entry, answers);
        if (!form.IsComplete)
        {
            return ask with { Form = form };
        }

        var start = new SignIn(ask, form, OneTimeSecret.New(), OneTimeSecret.New(), ConnectPaths.Callback(site, ask.Session.Environment, ask.Entry.Integration.Key));
        var authorize = AddressOf(start);
        if (authorize is AuthorizeOutcome.Refused refused)
        {
            var error = ConnectErrors.Misconfigured(ask.Entry.Integration.DisplayName, refused.Problem);
            return new ConnectView.Problem(error, link, ConnectGate.WayBack(ask.Session, error));
        }

        var browser = OneTimeSecret.New();
        return await _sessions.AdvanceAsync(ask.Session, Started(start, browser), cancellationToken).ConfigureAwait(false)
            ? new ConnectView.Leave(ask.Session.Id, ((AuthorizeOutcome.Ready)authorize).Address, browser)
            : new ConnectView.Problem(ConnectErrors.UnderWay, link);
    }

    private static AuthorizeOutcome AddressOf(SignIn start)
    {
        var (ask, _, state, verifier, callback) = start;
        return TokenRequestBuilder.Authorize(ask.Entry.Provider!, ask.Entry.Credentials, new AuthorizeRequest
        {
            RedirectUri = callback.AbsoluteUri,
            State = state.Reveal(),
            CodeChallenge = OneTimeSecret.ChallengeOf(verifier),
            Nonce = ask.Scopes.Contains("openid") || ask.Entry.Provider!.Identity.Source == IdentitySource.IdToken ? OneTimeSecret.NonceOf(verifier) : null,
            Scopes = ask.Scopes,
            Variables = ask.Entry.Variables(VariablesOf(start)),
            LoginHint = ask.Existing?.ProviderAccountName is { } name && name.Contains('@', StringComparison.Ordinal) ? name : null,
        });
    }

    private static Dictionary<string, string> VariablesOf(SignIn start) => Merge(
        start.Ask.Session.Reconnects is null ? Connection.Empty : start.Ask.Existing!.Variables, start.Ask.Session.Variables, start.Form.Variables);

    private ConnectSession Started(SignIn start, Secret browser)
    {
        var session = start.Ask.Session;
        var least = _clock.Now + ConnectSessionRules.SignInTime;
        return session with
        {
            State = ConnectState.Started,
            StateHash = OneTimeSecret.StateHash(start.State.Reveal(), session.Environment, start.Ask.Entry.Integration.Key),
            BrowserHash = OneTimeSecret.Hash(browser.Reveal()),
            Verifier = _sealer.Seal(start.Verifier, session.SealContext()),
            Variables = Merge(session.Variables, start.Form.Variables),
            Metadata = Merge(session.Metadata, start.Form.Metadata),
            ErrorCode = null,
            Error = null,
            ExpiresAt = session.ExpiresAt > least ? session.ExpiresAt : least,
        };
    }

    private static Dictionary<string, string> Merge(params IEnumerable<IReadOnlyDictionary<string, string>> maps)
    {
        var merged = new Dictionary<string, string>();
        foreach (var (name, value) in maps.SelectMany(map => map))
        {
            merged[name] = value;
        }

        return merged;
    }

    private sealed record SignIn(ConnectView.Ask Ask, ConnectForm Form, Secret State, Secret Verifier, Uri Callback);
}
