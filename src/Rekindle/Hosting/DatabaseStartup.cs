using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rekindle.Encryption;
using Rekindle.Ownership;
using Rekindle.Providers;
using Rekindle.Storage;

namespace Rekindle.Hosting;

/// <summary>
/// Before anything is claimed: the schema is there, the database was sealed with the keys we hold, and it is ours. Where it is not,
/// the start goes on and the database is frozen (I14); a new key is never made over existing data (F80).
/// </summary>
internal sealed class DatabaseStartup(
    IDatabase database, KeyCheck keys, DatabaseOwnership ownership, IAttemptStore attempts, IntegrationDirectory directory, KeyRing ring,
    RekindleOptions options, TimeProvider time, ILogger<DatabaseStartup> logger) : IHostedService
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

        await ownership.StartAsync(await keys.CheckAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        await attempts.MaintainAsync(time.GetUtcNow(), options.Refresh.AttemptRetention, cancellationToken).ConfigureAwait(false);
        await directory.ReloadAsync(cancellationToken).ConfigureAwait(false);
        logger.DatabaseReady(database.Description, ring.Current.Id);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
