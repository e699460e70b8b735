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
    ILogger<GrantKeeper> logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RevocationDeadline = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _ended = new();

    /// <summary>
    /// Stores it. What the provider just gave exists once: the journal keeps it, and the write is repeated until it lands (I5), which a person waits
    /// for no longer than half a minute.
    /// </summary>
    public async Task<SavedGrant> SaveAsync(NewGrant grant, IReadOnlyDictionary<string, string> metadata)
    {
        // One that waits for its completion is of no use without the code that goes back with the person.
        var entry = grant.Status == ConnectionStatus.Active ? JournalledGrant.Of(grant) : null;
        var kept = entry is null ? Task.FromResult(false) : journal.KeepAsync(entry);
        var result = await UntilStoredAsync(grant.Key.Integration, tries => StoreAsync(grant, tries)).ConfigureAwait(false);
        if (result is null && await kept.ConfigureAwait(false))
        {
            _ = Task.Run(() => KeepTryingAsync(grant, entry!, metadata), CancellationToken.None);
            return new SavedGrant(null, IsKept: true);
        }

        if (result is null)
        {
            logger.GrantLost(grant.Key.Integration);
        }

        Settle(entry);
        return new SavedGrant(result is null ? null : await StoredAsync(result, metadata).ConfigureAwait(false), IsKept: false);
    }

    /// <summary>Stores a session with the consent that waits in it, as <see cref="SaveAsync"/>; null: the store stayed away.</summary>
    public Task<bool?> KeepWaitingAsync(ConnectSession from, ConnectSession to) => UntilStoredAsync<bool?>(
        to.Integration ?? "", async _ => await sessions.AdvanceAsync(from, to, CancellationToken.None).ConfigureAwait(false));

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

    /// <summary>Ends the repeating; what is not stored by then is in the journal.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        _ended.Dispose();
    }

    private Task<GrantResult> StoreAsync(NewGrant grant, int tries) =>
        connections.SaveGrantAsync(grant with { IsRepetition = tries > 0 }, CancellationToken.None);

    private async Task<T?> UntilStoredAsync<T>(string integration, Func<int, Task<T>> store)
    {
        var started = clock.Time.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await store(tries).ConfigureAwait(false);
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

    private async Task KeepTryingAsync(NewGrant grant, JournalledGrant entry, IReadOnlyDictionary<string, string> metadata)
    {
        var ended = _ended.Token;
        while (!ended.IsCancellationRequested)
        {
            await Task.Delay(LongPause, clock.Time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                var result = await StoreAsync(grant, tries: 1).ConfigureAwait(false);
                Settle(entry);
                await StoredAsync(result, metadata).ConfigureAwait(false);
                logger.GrantStoredLate(grant.Key.Integration);
                return;
            }
            catch (StoreException e)
            {
                logger.GrantNotStored(grant.Key.Integration, e.Message);
            }
        }
    }

    private void Settle(JournalledGrant? entry)
    {
        if (entry is not null)
        {
            journal.Settle(entry.Id);
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

/// <summary>What became of a grant that was to be stored.</summary>
/// <param name="Result">What the store says; null: it stayed away.</param>
/// <param name="IsKept">Whether it is in the journal, and stored as soon as the store is back.</param>
internal sealed record SavedGrant(GrantResult? Result, bool IsKept);
