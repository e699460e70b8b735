using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

public sealed class PostgresClaimDueTests : ClaimDueContract<PostgresTestStore>;

public sealed class PostgresCommitTests : CommitContract<PostgresTestStore>;

public sealed class PostgresFallbackTests : FallbackContract<PostgresTestStore>;

public sealed class PostgresClaimOneTests : ClaimOneContract<PostgresTestStore>;

public sealed class PostgresOpenIntentTests : OpenIntentContract<PostgresTestStore>;

public sealed class PostgresJournalTests : JournalContract<PostgresTestStore>;

public sealed class PostgresRestoreTests : RestoreContract<PostgresTestStore>;

public sealed class PostgresCommitGuardTests : CommitGuardContract<PostgresTestStore>;

public sealed class PostgresInFlightTests : InFlightContract<PostgresTestStore>;

public sealed class PostgresLeverTests : LeverContract<PostgresTestStore>;

public sealed class PostgresSimulationTests : SimulationContract<PostgresTestStore>;

public sealed class PostgresGrantTests : GrantContract<PostgresTestStore>;

public sealed class PostgresConnectionReadTests : ConnectionReadContract<PostgresTestStore>;

public sealed class PostgresSummaryTests : SummaryContract<PostgresTestStore>;

public sealed class PostgresScheduleTests : ScheduleContract<PostgresTestStore>;

public sealed class PostgresBudgetTests : BudgetContract<PostgresTestStore>;

public sealed class PostgresChangeFeedTests : ChangeFeedContract<PostgresTestStore>;

public sealed class PostgresAttemptTests : AttemptContract<PostgresTestStore>;

public sealed class PostgresIntegrationTests : IntegrationContract<PostgresTestStore>;

public sealed class PostgresDependentTests : DependentContract<PostgresTestStore>;

public sealed class PostgresApiKeyTests : ApiKeyContract<PostgresTestStore>;

public sealed class PostgresIdempotencyTests : IdempotencyContract<PostgresTestStore>;

public sealed class PostgresAuditTests : AuditContract<PostgresTestStore>;

public sealed class PostgresObservationTests : ObservationContract<PostgresTestStore>;

public sealed class PostgresWorkerTests : WorkerContract<PostgresTestStore>;

public sealed class PostgresConnectSessionTests : ConnectSessionContract<PostgresTestStore>;

public sealed class PostgresDatabaseTests : DatabaseContract<PostgresTestStore>;

public sealed class PostgresConcurrencyTests : ConcurrencyContract<PostgresTestStore>;

public sealed class PostgresTextTests : TextContract<PostgresTestStore>;

public sealed class PostgresVerdictTests : VerdictContract<PostgresTestStore>;

public sealed class PostgresOwnershipTests : OwnershipContract<PostgresTestStore>;
