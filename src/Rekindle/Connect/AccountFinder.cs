using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Connect;

/// <summary>Finds out whose account a new grant is, as the provider's entry says it is found.</summary>
internal sealed class AccountFinder(TokenExchange exchange, RefreshClock clock)
{
    private const int Tries = 3;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>The account; null without an error: this provider has no way to tell.</summary>
    /// <param name="entry">Integration.</param>
    /// <param name="grant">The tokens just obtained.</param>
    /// <param name="answer">What the browser brought.</param>
    /// <param name="verifier">The flow's verifier, which the nonce was made from.</param>
    /// <param name="variables">Values of the URL variables.</param>
    public async Task<(ProviderAccount? Account, ConnectError? Error)> FindAsync(
        IntegrationEntry entry, ExchangedCode grant, ConnectAnswer answer, Secret verifier, IReadOnlyDictionary<string, string> variables)
    {
        var rules = entry.Provider!.Identity;
        switch (rules.Source)
        {
            case IdentitySource.None:
                return (null, null);
            case IdentitySource.Callback:
                return Known(entry, ProviderAccount.Of(answer[rules.Path], null));
            case IdentitySource.TokenAnswer:
                return OfBody(entry, grant.Body);
            case IdentitySource.IdToken:
                return OfIdToken(entry, grant, verifier, variables);
            default:
                return await AskAsync(entry, grant, variables).ConfigureAwait(false);
        }
    }

    private (ProviderAccount? Account, ConnectError? Error) OfIdToken(
        IntegrationEntry entry, ExchangedCode grant, Secret verifier, IReadOnlyDictionary<string, string> variables)
    {
        if (grant.Tokens.IdToken is not { } idToken)
        {
            return (null, ConnectErrors.UnknownAccount(entry, "The answer holds no ID token: ask for the scope openid."));
        }

        var expected = new IdTokenExpectation(
            entry.Provider!.IssuerFor(variables), entry.Credentials.ClientId, OneTimeSecret.NonceOf(verifier), clock.Now);
        using var claims = IdTokenClaims.Read(idToken, expected, out var problem);
        return claims is null ? (null, ConnectErrors.Forged(entry, problem)) : Known(entry, Read(claims, entry.Provider.Identity));
    }

    private async Task<(ProviderAccount? Account, ConnectError? Error)> AskAsync(
        IntegrationEntry entry, ExchangedCode grant, IReadOnlyDictionary<string, string> variables)
    {
        var material = new GrantMaterial { AccessToken = grant.Tokens.AccessToken, Variables = variables };
        if (TokenRequestBuilder.Identity(entry.Provider!, material) is not TokenRequestOutcome.Ready(var request))
        {
            return (null, ConnectErrors.UnknownAccount(entry, "The provider's entry gives no usable address to ask."));
        }

        // Harmless to repeat, and the grant in hand would be lost with it.
        ExchangeResult result;
        var i = 0;
        do
        {
            result = await exchange.SendAsync(request, Deadline, null, CancellationToken.None).ConfigureAwait(false);
        }
        while (++i < Tries && result.Answer is null or { Status: >= 500 });

        if (result.Answer is not { IsSuccessStatus: true, Truncated: false } told)
        {
            return (null, ConnectErrors.UnknownAccount(entry, result.Answer is { } answer ? $"The question was answered with HTTP {answer.Status}." : "The question was not answered."));
        }

        return OfBody(entry, told.Body);
    }

    private static (ProviderAccount? Account, ConnectError? Error) OfBody(IntegrationEntry entry, ReadOnlyMemory<byte> body)
    {
        using var document = AnswerDocument.Parse(body, truncated: false);
        return Known(entry, Read(document, entry.Provider!.Identity));
    }

    private static (ProviderAccount? Account, ConnectError? Error) Known(IntegrationEntry entry, ProviderAccount? account) => account is null
        ? (null, ConnectErrors.UnknownAccount(entry, $"There was no account id where the provider's entry expects it ({entry.Provider!.Identity.Path})."))
        : (account, null);

    private static ProviderAccount? Read(AnswerDocument document, IdentityRules rules)
    {
        return ProviderAccount.Of(Scalar(rules.Path), Scalar(rules.NamePath));

        string? Scalar(string? path) => path is not null && document.Find(path) is [var value, ..] ? AnswerValue.Scalar(value) : null;
    }
}
