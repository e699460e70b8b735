using Rekindle.Connections;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>
/// From a code to a stored grant: exchange, look at what was granted, find out whose it is, store. A grant that is refused after the
/// exchange is revoked only where that is known to end this one token and nothing else (I5).
/// </summary>
internal sealed class ConnectExchange(
    CodeExchange exchange, AccountFinder accounts, GrantWriter grants, GrantKeeper keeper, WaitingConsents waiting, IntegrationGuard guard, RefreshClock clock,
    ConnectOptions options)
{
    public TimeSpan CompletionLifetime => options.CompletionLifetime;

    /// <summary>Keeps a consent in its session until it is completed, as <see cref="GrantKeeper.KeepWaitingAsync"/>.</summary>
    public async Task<bool?> WaitAsync(ConnectSession from, ConnectSession to, Consent consent) => await keeper
        .KeepWaitingAsync(from, to with { WaitingConsent = waiting.Seal(to, consent) }).ConfigureAwait(false);

    public async Task<ConnectOutcome> RunAsync(SentSignIn sent, Secret verifier)
    {
        var (entry, variables) = (sent.Entry, sent.Variables);
        if (entry.Provider!.Variables.Any(v => v.Source == VariableSource.Callback && !v.TryResolve(variables.GetValueOrDefault(v.Name), out _, out _)))
        {
            return new ConnectOutcome.Refused(ConnectErrors.Malformed("A value that belongs to the provider's address is not one of those it may be."));
        }

        var code = new CodeGrant { Code = new Secret(sent.Answer.Code!), RedirectUri = sent.Callback.AbsoluteUri, CodeVerifier = verifier, Variables = variables };
        var (grant, error) = await exchange.ExchangeAsync(entry, code).ConfigureAwait(false);
        if (grant is null)
        {
            return new ConnectOutcome.Refused(error!);
        }

        await guard.NoteAcceptedAsync(entry.Integration).ConfigureAwait(false);
        error = NotRenewable(entry, grant.Tokens);
        var tooFew = TooFew(sent, grant.Tokens);

        // Where the provider keeps one grant per user, the one before ended with this consent: what was allowed now is all there is.
        error ??= sent.Target.IsShared ? null : tooFew;
        var outcome = error is null ? await KeepAsync(sent, grant, verifier).ConfigureAwait(false) : new ConnectOutcome.Refused(error);
        if (outcome is ConnectOutcome.Waiting && tooFew is not null)
        {
            outcome = new ConnectOutcome.Refused(tooFew);
        }

        if (outcome is ConnectOutcome.Refused)
        {
            await keeper.DropAsync(entry, grant.Tokens, variables).ConfigureAwait(false);
            return outcome;
        }

        return tooFew is null ? outcome : new ConnectOutcome.Refused(tooFew);
    }

    private static ConnectError? NotRenewable(IntegrationEntry entry, TokenAnswer tokens)
    {
        // Absent here means that there is none (I9). A token without end needs none.
        var renewable = entry.Provider!.Requests.RefreshKind != RefreshKind.RefreshToken || tokens.RefreshToken is not null || tokens.ExpiresAt is null;
        return renewable || entry.Integration.Policy.AcceptWithoutRefreshToken ? null : ConnectErrors.NotRenewable(entry);
    }

    private static ConnectError? TooFew(SentSignIn sent, TokenAnswer tokens)
    {
        var missing = GrantedScopes.Missing(sent.Target.Scopes, tokens.Scopes);
        return missing.Count == 0 || sent.Entry.Integration.Policy.AcceptMissingScopes
            ? null
            : ConnectErrors.TooFewScopes(sent.Entry, missing, sent.Target.IsShared);
    }

    private async Task<ConnectOutcome> KeepAsync(SentSignIn sent, ExchangedCode grant, Secret verifier)
    {
        var (account, error) = await accounts.FindAsync(sent.Entry, grant, sent.Answer, verifier, sent.Variables).ConfigureAwait(false);
        return error is null ? await StoreAsync(sent, grant, account).ConfigureAwait(false) : new ConnectOutcome.Refused(error);
    }

    private async Task<ConnectOutcome> StoreAsync(SentSignIn sent, ExchangedCode exchanged, ProviderAccount? account)
    {
        var (session, entry, existing) = (sent.Session, sent.Entry, sent.Existing);
        var before = existing?.Connection;
        var consent = new Consent
        {
            Tokens = exchanged.Tokens with { Scopes = exchanged.Tokens.Scopes ?? sent.Target.Scopes, IdToken = null },
            SentAt = exchanged.SentAt,
            GrantedAt = clock.Now,
            ClientId = entry.Credentials.ClientId,
            Account = account,
            Variables = VariablesOf(sent, exchanged),
            Beside = existing is null ? null : ReplacedGrant.Of(existing),
        };
        var changesAccount = before?.ProviderAccountId is { } pinned && account is not null && pinned != account.Id;
        var mayChange = entry.Integration.Policy.AllowAccountChange || IsFree(before);
        var isSame = before is { Status: not ConnectionStatus.Pending, ProviderAccountId: not null } && account is not null && !changesAccount;
        var awaits = !session.AutoComplete && !isSame;

        // Without a way back nobody could complete what another account consented to.
        if (changesAccount && (!mayChange || (awaits && session.ReturnUrl is null)))
        {
            return new ConnectOutcome.Refused(ConnectErrors.OtherAccount(entry, before!.ProviderAccountName));
        }

        if (awaits && before is { Status: not ConnectionStatus.Pending })
        {
            return new ConnectOutcome.Waiting(before, consent);
        }

        var grant = grants.FromConsent(before?.Key ?? session.KeyFor(entry.Integration.Key), entry, consent) with
        {
            Status = awaits ? ConnectionStatus.Pending : ConnectionStatus.Active,
            AllowAccountChange = mayChange,
            Metadata = before is null ? session.Metadata.Where(pair => pair.Value.Length > 0).ToDictionary(pair => pair.Key, pair => pair.Value) : null,
        };
        return await keeper.SaveAsync(grant, session.Metadata).ConfigureAwait(false) switch
        {
            { IsKept: true } => new ConnectOutcome.Kept(),
            { Result: GrantResult.Created(var snapshot) } => new ConnectOutcome.Connected(snapshot, awaits),
            { Result: GrantResult.Replaced(var snapshot) } => new ConnectOutcome.Connected(snapshot, awaits),
            { Result: GrantResult.AnotherAccount(var snapshot) } =>
                new ConnectOutcome.Refused(ConnectErrors.OtherAccount(entry, snapshot.Connection.ProviderAccountName)),
            _ => new ConnectOutcome.Refused(ConnectErrors.Stored),
        };
    }

    private static Dictionary<string, string> VariablesOf(SentSignIn sent, ExchangedCode exchanged) =>
        new([.. exchanged.Tokens.Metadata.Where(pair => !sent.NewVariables.ContainsKey(pair.Key)), .. sent.NewVariables]);

    // A first connection that nobody completed pins nobody, and one that was ended is anybody's to begin anew.
    private static bool IsFree(Connection? before) => before is { Status: ConnectionStatus.Pending or ConnectionStatus.Revoked };
}
