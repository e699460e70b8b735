using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Sqlite;

public sealed class SqliteClaimDueTests : ClaimDueContract<SqliteTestStore>;

public sealed class SqliteCommitTests : CommitContract<SqliteTestStore>;

public sealed class SqliteFallbackTests : FallbackContract<SqliteTestStore>;

public sealed class SqliteClaimOneTests : ClaimOneContract<SqliteTestStore>;

public sealed class SqliteOpenIntentTests : OpenIntentContract<SqliteTestStore>;

public sealed class SqliteJournalTests : JournalContract<SqliteTestStore>;

public sealed class SqliteRestoreTests : RestoreContract<SqliteTestStore>;

public sealed class SqliteCommitGuardTests : CommitGuardContract<SqliteTestStore>;

public sealed class SqliteInFlightTests : InFlightContract<SqliteTestStore>;

public sealed class SqliteLeverTests : LeverContract<SqliteTestStore>;

public sealed class SqliteSimulationTests : SimulationContract<SqliteTestStore>;

public sealed class SqliteGrantTests : GrantContract<SqliteTestStore>;

public sealed class SqliteConnectionReadTests : ConnectionReadContract<SqliteTestStore>;

public sealed class SqliteSummaryTests : SummaryContract<SqliteTestStore>;

public sealed class SqliteScheduleTests : ScheduleContract<SqliteTestStore>;

public sealed class SqliteBudgetTests : BudgetContract<SqliteTestStore>;

public sealed class SqliteChangeFeedTests : ChangeFeedContract<SqliteTestStore>;

public sealed class SqliteAttemptTests : AttemptContract<SqliteTestStore>;

public sealed class SqliteIntegrationTests : IntegrationContract<SqliteTestStore>;

public sealed class SqliteDependentTests : DependentContract<SqliteTestStore>;

public sealed class SqliteApiKeyTests : ApiKeyContract<SqliteTestStore>;

public sealed class SqliteIdempotencyTests : IdempotencyContract<SqliteTestStore>;

public sealed class SqliteAuditTests : AuditContract<SqliteTestStore>;

public sealed class SqliteObservationTests : ObservationContract<SqliteTestStore>;

public sealed class SqliteWorkerTests : WorkerContract<SqliteTestStore>;

public sealed class SqliteConnectSessionTests : ConnectSessionContract<SqliteTestStore>;

public sealed class SqliteDatabaseTests : DatabaseContract<SqliteTestStore>;

public sealed class SqliteConcurrencyTests : ConcurrencyContract<SqliteTestStore>;

public sealed class SqliteTextTests : TextContract<SqliteTestStore>;

public sealed class SqliteVerdictTests : VerdictContract<SqliteTestStore>;

public sealed class SqliteOwnershipTests : OwnershipContract<SqliteTestStore>;
