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
    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile Snapshot? _snapshot;

    /// <summary>Made by the container.</summary>
    public IntegrationDirectory(IIntegrationStore store, ProviderCatalogue catalogue, Sealer sealer, ClientCredentialsOptions configured)
    {
        _store = store;
        _catalogue = catalogue;
        _sealer = sealer;
        _configured = configured;
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

    /// <inheritdoc/>
    public void Dispose() => _loading.Dispose();

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
        return new IntegrationEntry(integration, _catalogue.Find(integration.Provider), credentials);

        // An undecryptable client secret counts as missing: the halt that follows names the integration, not its users.
        Secret? Open(SealedSecret? value, SecretKind kind) =>
            value is not null && _sealer.Open(value, integration.SealContext(kind)) is OpenResult.Opened opened ? opened.Value : null;
    }

    private sealed record Snapshot(
        IReadOnlyCollection<IntegrationEntry> All,
        IReadOnlyDictionary<int, IntegrationEntry> ById, IReadOnlyDictionary<(string Environment, string Key), IntegrationEntry> ByKey);
}
