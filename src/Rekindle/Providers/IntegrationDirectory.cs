using Rekindle.Encryption;
using Rekindle.Storage;

namespace Rekindle.Providers;

/// <summary>
/// All integrations with their provider and opened client credentials, in memory: read whole at start and again when the
/// change feed says so. Immutable snapshots, swapped.
/// </summary>
public sealed class IntegrationDirectory : IDisposable
{
    private readonly IIntegrationStore _store;
    private readonly ProviderCatalogue _catalogue;
    private readonly Sealer _sealer;
    private readonly ClientCredentialsOptions _configured;
    private readonly ProviderDiscovery _discovery;
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile Snapshot? _snapshot;

    /// <summary>Made by the container.</summary>
    internal IntegrationDirectory(
        IIntegrationStore store, ProviderCatalogue catalogue, Sealer sealer, ClientCredentialsOptions configured, ProviderDiscovery discovery)
    {
        _store = store;
        _catalogue = catalogue;
        _sealer = sealer;
        _configured = configured;
        _discovery = discovery;
    }

    /// <summary>By environment and key; null: there is none.</summary>
    public async ValueTask<IntegrationEntry?> FindAsync(string environment, string key, CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken).ConfigureAwait(false)).ByKey.GetValueOrDefault((environment, key));

    /// <summary>By row number; null: there is none.</summary>
    public async ValueTask<IntegrationEntry?> FindAsync(int id, CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken).ConfigureAwait(false)).ById.GetValueOrDefault(id);

    /// <summary>By row number, from memory only.</summary>
    internal IntegrationEntry? TryFind(int id) => _snapshot?.ById.GetValueOrDefault(id);

    /// <summary>All of them.</summary>
    public async ValueTask<IReadOnlyCollection<IntegrationEntry>> AllAsync(CancellationToken cancellationToken) =>
        (await CurrentAsync(cancellationToken).ConfigureAwait(false)).All;

    /// <summary>Reads everything anew. Called when something changed here or elsewhere.</summary>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var entries = (await _store.ListAsync(cancellationToken).ConfigureAwait(false)).Select(Enter).ToArray();
            _snapshot = new Snapshot(
                entries,
                entries.ToDictionary(e => e.Integration.Id),
                entries.ToDictionary(e => (e.Integration.Environment, e.Integration.Key)));
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Reads the discovery document of an integration that needs one. Returns why it still cannot be used; null: it can.</summary>
    internal async Task<string?> MakeReadyAsync(IntegrationEntry entry, CancellationToken cancellationToken)
    {
        if (await TryMakeReadyAsync(entry.Integration, cancellationToken).ConfigureAwait(false))
        {
            await ReloadAsync(cancellationToken).ConfigureAwait(false);
        }

        return (await FindAsync(entry.Integration.Id, cancellationToken).ConfigureAwait(false))?.Unready;
    }

    /// <summary>Reads the discovery documents that are missing or old.</summary>
    internal async Task MakeAllReadyAsync(CancellationToken cancellationToken)
    {
        var all = await AllAsync(cancellationToken).ConfigureAwait(false);
        var changed = await Task.WhenAll(all.Select(entry => TryMakeReadyAsync(entry.Integration, cancellationToken))).ConfigureAwait(false);
        if (changed.Contains(true))
        {
            await ReloadAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _loading.Dispose();

    private async Task<bool> TryMakeReadyAsync(Integration integration, CancellationToken cancellationToken) =>
        _catalogue.Find(integration.Provider) is { } provider && _discovery.IsWanted(provider, integration)
        && await _discovery.ReadAsync(provider, integration, cancellationToken).ConfigureAwait(false);

    private async ValueTask<Snapshot> CurrentAsync(CancellationToken cancellationToken)
    {
        if (_snapshot is null)
        {
            await ReloadAsync(cancellationToken).ConfigureAwait(false);
        }

        return _snapshot!;
    }

    private IntegrationEntry Enter(Integration integration)
    {
        // Credentials missing from the record come from configuration (E4); missing everywhere is found when they are needed.
        var fallback = _configured.For(integration.Environment, integration.Key);
        var clientId = integration.ClientId.Length > 0 ? integration.ClientId : fallback?.ClientId ?? "";
        var credentials = new ClientCredentials(clientId, Open(integration.ClientSecret, SecretKind.ClientSecret) ?? Secret.OrNull(fallback?.ClientSecret))
        {
            PrivateKeyPem = Open(integration.PrivateKey, SecretKind.PrivateKey) ?? Secret.OrNull(fallback?.PrivateKeyPem),
            KeyId = fallback?.KeyId,
        };
        var (provider, unready) = _discovery.Complete(_catalogue.Find(integration.Provider), integration);
        return new IntegrationEntry(integration, provider, credentials) { Unready = unready };

        // An undecryptable client secret counts as missing: the halt that follows names the integration, not its users.
        Secret? Open(SealedSecret? value, SecretKind kind) =>
            value is not null && _sealer.Open(value, integration.SealContext(kind)) is OpenResult.Opened opened ? opened.Value : null;
    }

    private sealed record Snapshot(
        IReadOnlyCollection<IntegrationEntry> All,
        IReadOnlyDictionary<int, IntegrationEntry> ById, IReadOnlyDictionary<(string Environment, string Key), IntegrationEntry> ByKey);
}
