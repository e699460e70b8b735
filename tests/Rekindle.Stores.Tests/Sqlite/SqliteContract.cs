using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Sqlite;

public sealed class SqliteClaimDueTests : ClaimDueContract<SqliteTestStore>;

public sealed class SqliteCommitTests : CommitContract<SqliteTestStore>;
