using Rekindle.Storage;

namespace Rekindle.Stores.Tests.Contract;

/// <summary>The database as a whole.</summary>
public abstract class DatabaseContract<TStore> : StoreContract<TStore>
    where TStore : TestStore, new()
{
    private Sql.SqlDatabase Database => Stores.Database;

    [Fact, Trait("Req", "D8")]
    public async Task A_migrated_database_lacks_nothing_and_is_left_alone()
    {
        Assert.Empty(await Database.PendingAsync(default));
        Assert.Empty(await Database.MigrateAsync(default));
    }

    [Fact, Trait("Req", "D8")]
    public async Task A_fresh_database_lacks_everything_until_it_is_migrated()
    {
        await using var fresh = await EmptyAsync();
        var stores = fresh.Open();

        var pending = await stores.Database.PendingAsync(default);
        var applied = await stores.Database.MigrateAsync(default);

        Assert.Equal("0001_start", pending[0]);
        Assert.Equal(pending, applied);
        Assert.Empty(await stores.Database.PendingAsync(default));
        await stores.Database.ProbeAsync(default);
    }

    [Fact, Trait("Req", "D8")]
    public async Task Programs_that_start_at_once_migrate_once()
    {
        await using var fresh = await EmptyAsync();
        var programs = Enumerable.Range(0, 6).Select(_ => fresh.Open().Database).ToArray();

        var applied = await Task.WhenAll(programs.Select(p => Task.Run(() => p.MigrateAsync(default))));

        Assert.Single(applied, a => a.Count > 0);
        Assert.All(await Task.WhenAll(programs.Select(p => p.PendingAsync(default))), Assert.Empty);
    }

    [Fact, Trait("Req", "D8")]
    public async Task A_database_newer_than_the_program_is_refused_with_both_numbers()
    {
        await Stores.Database.WriteAsync(
            session => session.ExecuteAsync("insert into schema_migrations (number, name, works_with, applied_at) values (9999, '9999_future', 9999, 0)"), default);

        var migrate = await Assert.ThrowsAsync<StoreException>(() => Database.MigrateAsync(default));
        var pending = await Assert.ThrowsAsync<StoreException>(() => Database.PendingAsync(default));

        Assert.Contains("9999", migrate.Message, StringComparison.Ordinal);
        Assert.Contains("0001", migrate.Message, StringComparison.Ordinal);
        Assert.Equal(migrate.Message, pending.Message);
        Assert.False(migrate.IsTransient);
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_worker_goes_on_with_a_database_that_a_newer_one_migrated_and_said_to_survive()
    {
        var later = new Sql.Migration(2, "0002_later", "alter table connections add column later text;\ncreate table later (id integer primary key);\n", WorksWith: 1);
        await Database.WriteAsync(session => Sql.Migrator.ApplyAsync(Database, session, [new(1, "0001_start", "", 1), later]), default);
        var connection = await ConnectDueAsync();

        var older = OpenAnother();
        Assert.Empty(await older.Database.PendingAsync(default));
        Assert.Empty(await older.Database.MigrateAsync(default));
        var claim = await ClaimAsync(connection.Id);
        await CommitAsync(Given.Success(claim, Now));

        Assert.Equal(2, (await older.Connections.GetAsync(connection.Id, default))!.Tokens!.Version);
    }

    [Fact, Trait("Req", "A4")]
    public async Task A_plan_tells_statements_and_sizes_and_changes_nothing()
    {
        await ConnectDueAsync();
        var later = new Sql.Migration(
            2, "0002_later", "-- why\ncreate index by_later on connections (subject);\nalter table token_sets add column later bigint;\n", WorksWith: 1);

        var plan = await Database.ReadAsync(session => Sql.Migrator.PlanAsync(Database, session, [new(1, "0001_start", "", 1), later]), default);

        var step = Assert.Single(plan.Steps);
        Assert.Equal(("0002_later", 1), (step.Name, step.WorksWith));
        Assert.Collection(
            step.Statements,
            s => Assert.Equal(new PlannedStatement("create index by_later on connections (subject)", "connections", Blocking.Writers, 1, TimeSpan.FromSeconds(1 / 500_000.0)), s),
            s => Assert.Equal(new PlannedStatement("alter table token_sets add column later bigint", "token_sets", Blocking.Everybody, 0, TimeSpan.Zero), s));
        Assert.Empty((await Database.PlanMigrationAsync(default)).Steps);
        Assert.Empty(await Database.PendingAsync(default));
    }

    [Fact, Trait("Req", "D8")]
    public async Task A_database_that_was_not_migrated_says_so()
    {
        await using var fresh = await EmptyAsync();

        var e = await Assert.ThrowsAsync<StoreException>(() => fresh.Open().Integrations.ListAsync(default));

        Assert.Contains("migrated", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "D8"), Trait("Failure", "F80")]
    public async Task A_key_s_check_value_is_recorded_once_and_never_changed()
    {
        Assert.True(await Database.AddKeyCheckAsync("k1", [1, 2], Now, default));
        Assert.True(await Database.AddKeyCheckAsync("k1", [1, 2], Now, default));
        Assert.False(await Database.AddKeyCheckAsync("k1", [1, 3], Now, default));
        Assert.True(await Database.AddKeyCheckAsync("k2", [3], Now, default));

        var checks = await Database.ReadKeyChecksAsync(default);

        Assert.Equal(["k1", "k2"], checks.Keys.Order());
        Assert.Equal<byte>([1, 2], checks["k1"]);
    }

    [Fact, Trait("Req", "D8"), Trait("Failure", "F80")]
    public async Task Of_two_keys_with_one_id_at_the_same_time_one_is_recorded()
    {
        var programs = Enumerable.Range(0, 4).Select(_ => OpenAnother().Database).ToArray();
        var now = Now;

        var added = await Task.WhenAll(programs.Select((p, i) => Task.Run(() => p.AddKeyCheckAsync("k1", [(byte)i], now, default))));

        Assert.Single(added, a => a);
    }

    [Fact, Trait("Failure", "F03")]
    public async Task A_probe_proves_that_the_database_can_be_written() => await Database.ProbeAsync(default);

    [Fact, Trait("Req", "A14")]
    public void The_description_names_product_and_version() =>
        Assert.Matches(@"^(SQLite|PostgreSQL) \d+\.\d+", Database.Description);

    [Fact, Trait("Req", "F4")]
    public async Task A_cancelled_caller_leaves_nothing_half_written()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Connections.SaveGrantAsync(Given.Grant(Mail, "anna", Now), cancelled.Token));

        Assert.Equal(0, await Connections.CountAsync(new() { Environment = Environment }, 10, default));
        await ConnectAsync();
    }

    [Fact, Trait("Req", "F4")]
    public async Task Work_that_fails_halfway_leaves_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => ConnectAsync(g => g with
        {
            Seal = (_, _) => throw new InvalidOperationException("no key"),
        }));

        Assert.Equal(0, await Connections.CountAsync(new() { Environment = Environment }, 10, default));
        await ConnectAsync();
    }

    private static async Task<TStore> EmptyAsync()
    {
        var store = new TStore();
        await store.CreateEmptyAsync();
        return store;
    }
}
