using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>Ends at the provider what nobody completed, after our own copy is gone. An attempt: what fails here ends by itself some day.</summary>
internal sealed class AbandonedGrants(
    IConnectionStore connections, IntegrationDirectory directory, GrantKeeper keeper, WaitingConsents waiting, Sealer sealer)
{
    /// <summary>The grant of a first connection that was deleted.</summary>
    public async Task RevokeAsync(ConnectionSnapshot pending)
    {
        var (connection, tokens) = (pending.Connection, pending.Tokens!);
        if (await directory.FindAsync(connection.IntegrationId, CancellationToken.None).ConfigureAwait(false) is { Provider: not null } entry
            && Open(tokens.AccessToken, SecretKind.AccessToken) is { } accessToken)
        {
            var answer = new TokenAnswer { AccessToken = accessToken, RefreshToken = Open(tokens.RefreshToken, SecretKind.RefreshToken) };
            await keeper.DropAsync(entry, answer, entry.Variables(connection)).ConfigureAwait(false);
        }

        Secret? Open(SealedSecret? value, SecretKind kind) =>
            value is not null && sealer.Open(value, connection.SealContext(kind, tokens.GrantNo)) is OpenResult.Opened(var opened) ? opened : null;
    }

    /// <summary>The consent that waited in a session.</summary>
    /// <param name="session">The session as it was while the consent waited.</param>
    public async Task RevokeAsync(ConnectSession session)
    {
        if (waiting.Open(session) is { } consent
            && await directory.FindAsync(session.Environment, session.Integration!, CancellationToken.None).ConfigureAwait(false) is { Provider: not null } entry)
        {
            // A connection that lives again keeps its place: what the consent does not say stands there.
            var beside = await connections.GetAsync(session.ConnectionId!.Value, CancellationToken.None).ConfigureAwait(false);
            if (beside?.Tokens is { } tokens && tokens.GrantNo != consent.Beside?.GrantNo
                && tokens.GrantedAt.ToUnixTimeMilliseconds() == consent.GrantedAt.ToUnixTimeMilliseconds())
            {
                // It was completed: the session is of a database that has failed over since, and forgot it.
                return;
            }

            var variables = new Dictionary<string, string>(beside?.Connection.Variables ?? consent.Variables);
            foreach (var (name, value) in consent.Variables)
            {
                variables[name] = value;
            }

            await keeper.DropAsync(entry, consent.Tokens, entry.Variables(variables)).ConfigureAwait(false);
        }
    }
}
