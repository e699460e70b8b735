using Microsoft.Extensions.Logging;
using Rekindle.Connections;
using Rekindle.Journal;
using Rekindle.Providers;
using Rekindle.Refresh;
using Rekindle.Storage;

namespace Rekindle.Connect;

/// <summary>Gets a new grant into the store, or rid of one that is not wanted.</summary>
internal sealed class GrantKeeper(
    IConnectionStore connections, IConnectSessionStore sessions, TokenCache cache, TokenExchange exchange, ResultJournal journal, RefreshWorker worker,
    RefreshClock clock,
    ILogger<GrantKeeper> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RevocationDeadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Stores it. What the provider just gave exists once, so the write is repeated while the store is away (I5); null: it stayed away.
    /// </summary>
    public async Task<GrantResult?> SaveAsync(NewGrant grant, IReadOnlyDictionary<string, string> metadata)
    {
        var result = await UntilStoredAsync(
            grant.Key.Integration, () => connections.SaveGrantAsync(grant, CancellationToken.None)).ConfigureAwait(false);
        return result is null ? null : await StoredAsync(result, metadata).ConfigureAwait(false);
    }

    /// <summary>Stores a session with the consent that waits in it, as <see cref="SaveAsync"/>; null: the store stayed away.</summary>
    public Task<bool?> KeepWaitingAsync(ConnectSession from, ConnectSession to) => UntilStoredAsync<bool?>(
        to.Integration ?? "", async () => await sessions.AdvanceAsync(from, to, CancellationToken.None).ConfigureAwait(false));

    /// <summary>Stores the consent that waited in a session; null: session or connection are no longer there for it.</summary>
    public async Task<GrantResult?> CompleteWaitingAsync(ConnectSession from, ConnectSession to, NewGrant grant)
    {
        var result = await connections.CompleteWaitingAsync(from, to, grant, CancellationToken.None).ConfigureAwait(false);
        return result is GrantResult.Replaced ? await StoredAsync(result, from.Metadata).ConfigureAwait(false) : result;
    }

    /// <summary>Revokes a grant that is not kept, where that is known to end this one token only: elsewhere it might end another connection's.</summary>
    public async Task DropAsync(IntegrationEntry entry, TokenAnswer tokens, IReadOnlyDictionary<string, string> variables)
    {
        var material = new GrantMaterial { AccessToken = tokens.AccessToken, RefreshToken = tokens.RefreshToken, Variables = variables };
        if (entry.Provider!.Lifecycle.RevocationIsHarmless
            && TokenRequestBuilder.Revoke(entry.Provider, entry.Credentials, material, clock.Now) is TokenRequestOutcome.Ready(var request))
        {
            await exchange.SendAsync(request, RevocationDeadline, null, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<T?> UntilStoredAsync<T>(string integration, Func<Task<T>> store)
    {
        var started = clock.Time.GetTimestamp();
        while (true)
        {
            try
            {
                return await store().ConfigureAwait(false);
            }
            catch (StoreException e) when (e.IsTransient && clock.Time.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Pause, clock.Time).ConfigureAwait(false);
            }
            catch (StoreException e)
            {
                logger.GrantNotStored(integration, e.Message);
                return default;
            }
        }
    }

    private async Task<GrantResult> StoredAsync(GrantResult result, IReadOnlyDictionary<string, string> metadata)
    {
        journal.NoteChange(result);
        cache.Granted(result);
        worker.Wake();
        return result is GrantResult.Replaced replaced ? await PatchAsync(replaced, metadata).ConfigureAwait(false) : result;
    }

    // Answers of the form are merged by name, an empty one takes the value away: what the operator wrote there meanwhile survives.
    private async Task<GrantResult> PatchAsync(GrantResult.Replaced replaced, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0)
        {
            return replaced;
        }

        var patch = new ConnectionPatch(null, metadata.ToDictionary(pair => pair.Key, pair => pair.Value.Length > 0 ? pair.Value : null));
        var patched = await connections.PatchAsync(replaced.Snapshot.Connection.Id, patch, clock.Now, CancellationToken.None).ConfigureAwait(false);
        return patched is null ? replaced : new GrantResult.Replaced(patched);
    }
}
