using Microsoft.Extensions.Logging;
using Rekindle.Sql;
using Rekindle.Sql.Connections;
using Rekindle.Sqlite.Refresh;

namespace Rekindle.Sqlite;

/// <summary>All stores over one SQLite file.</summary>
internal static class SqliteStores
{
    /// <summary>Opens nothing yet: the file is met at the first use, and made by the migrations.</summary>
    public static StoreSet Create(SqliteOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var database = new SqliteDatabase(options, time);
        var attempts = new SqliteAttemptStore(database);
        return new()
        {
            Database = database,
            Refresh = new SqliteRefreshStore(database, attempts, loggers.CreateLogger<SqliteRefreshStore>()),
            Connections = new SqlConnectionStore(database),
            Integrations = new SqlIntegrationStore(database),
            Attempts = attempts,
            Budgets = new SqliteBudgetStore(database),
            Changes = new SqliteChangeFeed(database),
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
