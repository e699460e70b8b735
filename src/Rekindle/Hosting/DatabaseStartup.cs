using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Hosting;

/// <summary>
/// Before anything is claimed: the schema is there, and the database was sealed with the keys we hold. A ring that cannot
/// open what is stored stops the start; a new key is never made over existing data (F80).
/// </summary>
internal sealed class DatabaseStartup(
    IDatabase database, IAttemptStore attempts, IntegrationDirectory directory, KeyRing ring, RekindleOptions options, TimeProvider time,
    ILogger<DatabaseStartup> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.MigrateAtStart)
        {
            foreach (var name in await database.MigrateAsync(cancellationToken).ConfigureAwait(false))
            {
                logger.MigrationApplied(name);
            }
        }
        else if (await database.PendingAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } pending)
        {
            throw new StoreException($"The database lacks {string.Join(", ", pending)}. Run 'rekindle-server migrate', or set Rekindle:MigrateAtStart.");
        }

        await CheckKeysAsync(cancellationToken).ConfigureAwait(false);
        await attempts.MaintainAsync(time.GetUtcNow(), options.Refresh.AttemptRetention, cancellationToken).ConfigureAwait(false);
        await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
        logger.DatabaseReady(database.Description, ring.Current.Id);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task CheckKeysAsync(CancellationToken cancellationToken)
    {
        var stored = await database.ReadKeyChecksAsync(cancellationToken).ConfigureAwait(false);
        var unknown = stored.Keys.Where(id => ring.Keys.All(k => k.Id != id)).ToArray();
        if (unknown.Length > 0)
        {
            throw new KeyRingException($"The database holds values sealed with key {string.Join(", ", unknown)}, which is not in this key ring "
                + $"({string.Join(", ", ring.Keys.Select(k => k.Id))}). Start with the key ring the database was used with; no new key can open what is stored.");
        }

        foreach (var key in ring.Keys)
        {
            if (!await database.AddKeyCheckAsync(key.Id, Convert.FromHexString(key.CheckValue), time.GetUtcNow(), cancellationToken).ConfigureAwait(false))
            {
                throw new KeyRingException($"Key {key.Id} of this key ring is another key than the one of that id the database was used with.");
            }
        }
    }
}
