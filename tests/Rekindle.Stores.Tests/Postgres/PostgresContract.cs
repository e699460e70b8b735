using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

public sealed class PostgresClaimDueTests : ClaimDueContract<PostgresTestStore>;

public sealed class PostgresCommitTests : CommitContract<PostgresTestStore>;

public sealed class PostgresClaimOneTests : ClaimOneContract<PostgresTestStore>;

public sealed class PostgresOpenIntentTests : OpenIntentContract<PostgresTestStore>;

public sealed class PostgresCommitGuardTests : CommitGuardContract<PostgresTestStore>;
