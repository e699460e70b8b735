using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;
using Rekindle.Testing;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>Who forgets the setting is told of it.</summary>
public sealed class PoolerSettingTests : PostgresTest
{
    [Fact]
    public async Task A_pooler_that_was_not_announced_is_named_in_the_error()
    {
        var pooler = await Pooler.GetAsync();
        var program = Store.Open(options => options.ConnectionString = pooler.Before(Store.Database!));

        var e = await Assert.ThrowsAsync<StoreException>(() => program.Database.ProbeAsync(default));

        Assert.Contains("ThroughPooler", e.Message, StringComparison.Ordinal);
    }
}

[Trait("Speed", "slow")]
public sealed class PoolerClaimDueTests : ClaimDueContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerCommitTests : CommitContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerClaimOneTests : ClaimOneContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerOpenIntentTests : OpenIntentContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerJournalTests : JournalContract<PoolerTestStore>;

public sealed class PoolerRestoreTests : RestoreContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerCommitGuardTests : CommitGuardContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerInFlightTests : InFlightContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerLeverTests : LeverContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerSimulationTests : SimulationContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerGrantTests : GrantContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerConnectionReadTests : ConnectionReadContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerSummaryTests : SummaryContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerScheduleTests : ScheduleContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerBudgetTests : BudgetContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerChangeFeedTests : ChangeFeedContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerAttemptTests : AttemptContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerIntegrationTests : IntegrationContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerDependentTests : DependentContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerApiKeyTests : ApiKeyContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerIdempotencyTests : IdempotencyContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerAuditTests : AuditContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerWorkerTests : WorkerContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerConnectSessionTests : ConnectSessionContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerDatabaseTests : DatabaseContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerConcurrencyTests : ConcurrencyContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerTextTests : TextContract<PoolerTestStore>;

[Trait("Speed", "slow")]
public sealed class PoolerVerdictTests : VerdictContract<PoolerTestStore>;
