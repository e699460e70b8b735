using Microsoft.Extensions.Logging;
using Rekindle.Postgres.Refresh;
using Rekindle.Sql;
using Rekindle.Sql.Connections;

namespace Rekindle.Postgres;

/// <summary>All stores over one PostgreSQL database.</summary>
internal static class PostgresStores
{
    /// <summary>Opens nothing yet: the database is met at the first use.</summary>
    public static StoreSet Create(PostgresOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var database = new PostgresDatabase(options, time, loggers);
        var partitions = new AttemptPartitions(database, loggers.CreateLogger<AttemptPartitions>());
        var attempts = new PostgresAttemptStore(database, partitions);
        return new()
        {
            Database = database,
            Refresh = new PostgresRefreshStore(database, attempts, partitions, loggers.CreateLogger<PostgresRefreshStore>()),
            Connections = new SqlConnectionStore(database),
            Integrations = new SqlIntegrationStore(database),
            Attempts = attempts,
            Budgets = new PostgresBudgetStore(database),
            Changes = new PostgresChangeFeed(database),
            Dependents = new SqlDependentStore(database),
            Verdicts = new SqlVerdictStore(database),
            Notifications = new SqlNotificationStore(database),
            Observations = new SqlObservationStore(database),
            Workers = new SqlWorkerStore(database),
            ApiKeys = new SqlApiKeyStore(database),
            ConnectSessions = new SqlConnectSessionStore(database),
            Idempotency = new SqlIdempotencyStore(database),
            Audit = new SqlAuditStore(database),
            Ownership = new SqlOwnershipStore(database),
        };
    }
}
