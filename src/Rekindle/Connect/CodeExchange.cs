using Rekindle.Providers;
using Rekindle.Refresh;

namespace Rekindle.Connect;

/// <summary>
/// Turns an authorization code into tokens, through the same builder, exchange and classifier as every refresh (D3). A code is
/// good once, so its exchange is repeated only if the first provably did not leave.
/// </summary>
internal sealed class CodeExchange(TokenExchange exchange, RefreshClock clock)
{
    private const int Tries = 3;

    /// <summary>A person waits before a browser.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>The tokens, or why there are none.</summary>
    public async Task<(ExchangedCode? Grant, ConnectError? Error)> ExchangeAsync(IntegrationEntry entry, CodeGrant code)
    {
        var provider = entry.Provider!;
        var request = TokenRequestBuilder.ExchangeCode(provider, entry.Credentials, code, clock.Now);
        var (first, error) = await SendAsync(entry, request).ConfigureAwait(false);
        if (first is null || provider.Endpoints.Upgrade is null)
        {
            return (first, error);
        }

        // The first token is short-lived and good for one thing: to be exchanged for the lasting one.
        var material = new GrantMaterial { AccessToken = first.Tokens.AccessToken, Variables = code.Variables };
        var (lasting, refused) = await SendAsync(entry, TokenRequestBuilder.Upgrade(provider, entry.Credentials, material, clock.Now))
            .ConfigureAwait(false);
        return lasting is null
            ? (null, refused)
            : (first with { Tokens = Merge(first.Tokens, lasting.Tokens), SentAt = lasting.SentAt }, null);
    }

    // The upgrade says nothing of scopes, ID token and the values around the token: those of the first answer hold.
    private static TokenAnswer Merge(TokenAnswer first, TokenAnswer lasting) => lasting with
    {
        RefreshToken = lasting.RefreshToken ?? first.RefreshToken,
        Scopes = lasting.Scopes ?? first.Scopes,
        IdToken = lasting.IdToken ?? first.IdToken,
        Metadata = first.Metadata.Concat(lasting.Metadata.Where(pair => !first.Metadata.ContainsKey(pair.Key))).ToDictionary(),
    };

    private async Task<(ExchangedCode? Grant, ConnectError? Error)> SendAsync(IntegrationEntry entry, TokenRequestOutcome outcome)
    {
        if (outcome is not TokenRequestOutcome.Ready(var request))
        {
            return (null, ConnectErrors.Misconfigured(entry.Provider!.DisplayName, ((TokenRequestOutcome.Refused)outcome).Problem));
        }

        var result = await SendUntilItLeftAsync(request).ConfigureAwait(false);
        var classified = RefreshClassifier.Classify(entry.Provider!, result, new GrantMaterial());
        return classified.Tokens is { } tokens
            ? (new ExchangedCode(tokens, result.Answer!.Body, result.RequestedAt), null)
            : (null, Explain(entry, classified));
    }

    private async Task<ExchangeResult> SendUntilItLeftAsync(TokenRequest request)
    {
        for (var i = 1; ; i++)
        {
            var result = await exchange.SendAsync(request, Deadline, null, CancellationToken.None).ConfigureAwait(false);
            if (!result.ProvablyNotSent || i == Tries || result.Failure?.Kind is TransportFailureKind.AddressRefused or TransportFailureKind.Cancelled)
            {
                return result;
            }
        }
    }

    private static ConnectError Explain(IntegrationEntry entry, Classified classified)
    {
        var detail = string.Join(' ', new[] { classified.ErrorCode, classified.Message }.Where(text => text is not null));
        return classified.Class switch
        {
            RefreshClass.GrantDead or RefreshClass.ConsentRequired or RefreshClass.InteractionRequired => ConnectErrors.Rejected(entry, detail),
            RefreshClass.RateLimited or RefreshClass.ProviderUnavailable or RefreshClass.Network or RefreshClass.OutcomeUnknown =>
                ConnectErrors.Unreachable(entry, detail),
            RefreshClass.ClientMisconfigured or RefreshClass.RequestRejected or RefreshClass.ClientCredentialsMissing or RefreshClass.DecryptFailed =>
                ConnectErrors.Misconfigured(entry.Provider!.DisplayName, detail),
            _ => ConnectErrors.Refused(entry, detail),
        };
    }
}

/// <summary>What a code was exchanged for.</summary>
/// <param name="Tokens">The tokens.</param>
/// <param name="Body">The answer, for values that the entry knows how to find.</param>
/// <param name="SentAt">When the request for the access token was sent: its life counts from here.</param>
internal sealed record ExchangedCode(TokenAnswer Tokens, ReadOnlyMemory<byte> Body, DateTimeOffset SentAt);
