using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connections;

/// <summary>
/// Ends a grant at its provider. The status is revoked already, so no new flight starts; one that began before is waited
/// for, because only the newest token is worth revoking. Then the material is erased, whatever the provider answered.
/// </summary>
internal sealed class GrantRevoker(
    IConnectionStore connections, IntegrationDirectory directory, Sealer sealer, TokenExchange exchange, RefreshClock clock, ILogger<GrantRevoker> logger)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public async Task<RevocationOutcome> RevokeAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        var snapshot = await WaitForFlightAsync(id, cancellationToken).ConfigureAwait(false);
        if (snapshot?.Tokens is not { } tokens)
        {
            return RevocationOutcome.NothingToRevoke;
        }

        var entry = await directory.FindAsync(snapshot.Connection.IntegrationId, cancellationToken).ConfigureAwait(false);
        var outcome = entry?.Provider is null
            ? RevocationOutcome.NotSupported
            : await AtProviderAsync(entry, snapshot.Connection, tokens).ConfigureAwait(false);
        await connections.EraseTokensAsync(id, clock.Now, CancellationToken.None).ConfigureAwait(false);
        logger.Revoked(id.ToString(), Names.Of(outcome));
        return outcome;
    }

    private async Task<ConnectionSnapshot?> WaitForFlightAsync(ConnectionId id, CancellationToken cancellationToken)
    {
        var until = clock.Now + clock.Options.Lease;
        while (true)
        {
            var snapshot = await connections.GetAsync(id, cancellationToken).ConfigureAwait(false);
            if (snapshot?.LeaseUntil is not { } lease || lease <= clock.Now || clock.Now >= until)
            {
                return snapshot;
            }

            await Task.Delay(Poll, clock.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<RevocationOutcome> AtProviderAsync(IntegrationEntry entry, Connection connection, TokenSet tokens)
    {
        var grant = new GrantMaterial
        {
            AccessToken = Open(tokens.AccessToken, SecretKind.AccessToken),
            RefreshToken = Open(tokens.RefreshToken, SecretKind.RefreshToken),
            Scopes = tokens.Scopes,
            Variables = entry.Variables(connection),
        };
        if (TokenRequestBuilder.Revoke(entry.Provider!, entry.Credentials, grant, clock.Now) is not TokenRequestOutcome.Ready ready)
        {
            return RevocationOutcome.NotSupported;
        }

        var result = await exchange.SendAsync(ready.Request, clock.Options.HttpDeadline, null, CancellationToken.None).ConfigureAwait(false);
        return result.Answer is { IsSuccessStatus: true } ? RevocationOutcome.Revoked : RevocationOutcome.Refused;

        Secret? Open(SealedSecret? value, SecretKind kind) =>
            value is not null && sealer.Open(value, connection.SealContext(kind, tokens.GrantNo)) is OpenResult.Opened opened ? opened.Value : null;
    }
}

/// <summary>What became of a revocation at the provider.</summary>
public enum RevocationOutcome
{
    /// <summary>The provider confirmed it.</summary>
    Revoked,

    /// <summary>The provider refused or could not be reached: the grant may live on there until it ends by itself.</summary>
    Refused,

    /// <summary>The provider has no revocation that we know of.</summary>
    NotSupported,

    /// <summary>There was no token.</summary>
    NothingToRevoke,
}
