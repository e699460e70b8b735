namespace Rekindle.Storage;

/// <summary>The database as a whole: schema, keys it was sealed with, reachability.</summary>
public interface IDatabase
{
    /// <summary>Applies what is missing of the numbered migrations; safe when several processes start at once.</summary>
    /// <returns>Names of those applied by this call.</returns>
    /// <exception cref="StoreException">The database is newer than this program, or cannot be reached.</exception>
    Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Names of migrations that have not been applied.</summary>
    Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellationToken);

    /// <summary>What <see cref="MigrateAsync"/> would do: statements, whom they keep waiting, for how long. Changes nothing.</summary>
    Task<MigrationPlan> PlanMigrationAsync(CancellationToken cancellationToken);

    /// <summary>Check values of the encryption keys in use, by key id.</summary>
    Task<IReadOnlyDictionary<string, byte[]>> ReadKeyChecksAsync(CancellationToken cancellationToken);

    /// <summary>Records a key's check value; false when that id is there with another value.</summary>
    Task<bool> AddKeyCheckAsync(string keyId, byte[] check, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>A round trip that proves it can be written. Throws <see cref="StoreException"/> otherwise.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Which history of the database this is. Another one than before: a replica was promoted, or a backup restored, and the last commits may
    /// be missing. Null: the database does not let us know.
    /// </summary>
    Task<string?> ReadTimelineAsync(CancellationToken cancellationToken);

    /// <summary>The database's own clock, where leases run on it; null where they run on this machine's (I12).</summary>
    Task<DateTimeOffset?> ReadClockAsync(CancellationToken cancellationToken);

    /// <summary>For people: <c>SQLite 3.40.1, /data/rekindle.db</c>. Never a password.</summary>
    string Description { get; }

    /// <summary>Where it is met, for comparing (I14): <c>db:5432/rekindle</c>, several separated by commas; <c>/data/rekindle.db</c>.</summary>
    string Endpoint { get; }
}
