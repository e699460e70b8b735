using Microsoft.Extensions.Logging;
using Npgsql;
using Rekindle.Postgres;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>Meeting a database: what we ask of it, and what a person is told when it is not so.</summary>
public sealed class ConnectingTests : PostgresTest
{
    [Theory, Trait("Req", "D8")]
    [InlineData("Host=db;Colour=blue;Password=hunter2")]
    [InlineData("Database=rekindle;Password=hunter2")]
    [InlineData("Host=db;Port=many;Password=hunter2")]
    [InlineData("no connection string, hunter2")]
    public void A_connection_string_that_cannot_be_read_is_refused_without_repeating_it(string connectionString)
    {
        var e = Assert.Throws<StoreException>(() => Store.Open(o => o.ConnectionString = connectionString));

        Assert.False(e.IsTransient);
        Assert.Contains("Example: Host=", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Failure", "F03")]
    public async Task A_server_that_is_not_there_may_come_back()
    {
        var e = await FailsAsync("Host=127.0.0.1;Port=1;Database=rekindle;Username=rekindle;Password=hunter2");

        Assert.True(e.IsTransient);
        Assert.Contains("127.0.0.1:1/rekindle", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "D8")]
    public async Task A_database_that_is_not_there_has_to_be_made()
    {
        var e = await FailsAsync(With(c => c.Database = "nowhere"));

        Assert.False(e.IsTransient);
        Assert.Contains("createdb", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Failure", "F02")]
    public async Task A_database_that_forgets_what_it_acknowledged_is_refused()
    {
        await SetAsync("synchronous_commit = off");

        var e = await FailsAsync(Store.ConnectionString);

        Assert.False(e.IsTransient);
        Assert.Contains("synchronous_commit", e.Message, StringComparison.Ordinal);
    }

    [Theory, Trait("Failure", "F02")]
    [InlineData("local")]
    [InlineData("remote_apply")]
    public async Task Other_degrees_of_durability_are_the_operator_s_business(string degree)
    {
        await SetAsync($"synchronous_commit = {degree}");

        await OpenAnother().Database.ProbeAsync(default);
    }

    [Fact, Trait("Req", "D8")]
    public async Task Another_isolation_level_by_default_is_refused()
    {
        await SetAsync("default_transaction_isolation = 'serializable'");

        Assert.Contains("read committed", (await FailsAsync(Store.ConnectionString)).Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Failure", "F03")]
    public async Task A_read_only_database_fails_the_probe_and_may_change_its_mind()
    {
        await SetAsync("default_transaction_read_only = on");

        var e = await Assert.ThrowsAsync<StoreException>(() => OpenAnother().Database.ProbeAsync(default));

        Assert.True(e.IsTransient);
        Assert.Contains("read-only", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "D8")]
    public async Task A_database_in_another_encoding_is_refused()
    {
        await using (var beside = await ConnectBesideAsync())
        {
            await ScalarAsync(beside, "create database latin template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
        }

        Assert.Contains("UTF8", (await FailsAsync(With(c => c.Database = "latin"))).Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Failure", "F02")]
    public async Task A_server_without_fsync_is_warned_of_once()
    {
        var log = new ListLogger();
        var program = Store.Open(_ => { }, loggers: log);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => program.Database.ProbeAsync(default)));

        Assert.Single(log.Messages, m => m.Contains("fsync", StringComparison.Ordinal));
    }

    [Fact, Trait("Failure", "F26")]
    public async Task When_no_connection_comes_free_the_wait_ends_in_time()
    {
        var program = Store.Open(o => o.ConnectionString += ";Maximum Pool Size=1;Timeout=1");

        var e = await program.Database.ReadAsync(
            _ => Assert.ThrowsAsync<StoreException>(() => program.Integrations.ListAsync(default)), default);

        Assert.True(e.IsTransient);
        Assert.Contains("Maximum Pool Size", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Failure", "F26")]
    public async Task A_row_that_stays_locked_ends_the_wait_in_time()
    {
        var connection = await ConnectDueAsync();
        var program = Store.Open(o => o.ConnectionString += ";Options=-c lock_timeout=50ms");
        await using var beside = await ConnectBesideAsync();
        await using var transaction = await beside.BeginTransactionAsync();
        await ScalarAsync(beside, $"select 1 from refresh_schedule where connection_id = {connection.Id.Value} for update");

        var e = await Assert.ThrowsAsync<StoreException>(
            () => program.Refresh.ClaimOneAsync(connection.Id, 1, Given.Terms(Now), TimeSpan.Zero, default));

        Assert.True(e.IsTransient);
        Assert.Contains("locked", e.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Req", "D8")]
    public async Task Sessions_have_limits_unless_a_pooler_hands_them_out()
    {
        Assert.Equal(("10s", "30s", "30s", "off"), await LimitsAsync(OpenAnother()));
        Assert.Equal(("0", "0", "0", "on"), await LimitsAsync(Store.Open(o => o.ThroughPooler = true)));

        static Task<(string, string, string, string)> LimitsAsync(Sql.StoreSet program) => program.Database.ReadAsync(
            session => session.FirstAsync(
                """
                select current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
                    current_setting('jit')
                """,
                static row => (row.Text(), row.Text(), row.Text(), row.Text())),
            default);
    }

    [Fact, Trait("Req", "D8")]
    public async Task Through_a_pooler_the_work_is_the_same_and_nothing_stays_in_the_session()
    {
        var program = Store.Open(options =>
        {
            options.ConnectionString += ";Maximum Pool Size=1";
            options.ThroughPooler = true;
        });
        await SeedAsync(Mail, 30, Now);
        for (var round = 0; round < 3; round++)
        {
            var claims = await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)]), default);
            var results = await program.Refresh.CommitAsync([.. claims.Select(c => Given.Success(c, Now))], default);
            Assert.Equal(10, results.Count(r => r == CommitResult.Applied));
        }

        Assert.False(await program.Database.ReadAsync(session => session.AnyAsync("select 1 from pg_prepared_statements"), default));
    }

    [Fact, Trait("Req", "D8")]
    public async Task The_hot_statements_are_prepared_by_themselves()
    {
        var program = OpenWithOneSession();
        for (var round = 0; round < 3; round++)
        {
            await program.Refresh.ClaimDueAsync(new(Given.Worker, Now, Given.Lease, [new(Mail.Id, 10)]), default);
        }

        Assert.True(await program.Database.ReadAsync(
            session => session.AnyAsync("select 1 from pg_prepared_statements where statement like 'with quotas%'"), default));
    }

    private static async Task<StoreException> FailsAsync(string connectionString)
    {
        await using var stores = PostgresStores.Create(
            new PostgresOptions { ConnectionString = connectionString }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        return await Assert.ThrowsAsync<StoreException>(() => stores.Integrations.ListAsync(default));
    }

    private string With(Action<NpgsqlConnectionStringBuilder> change)
    {
        var settings = new NpgsqlConnectionStringBuilder(Store.ConnectionString);
        change(settings);
        return settings.ConnectionString;
    }

    // Holds for sessions that begin from now on.
    private async Task SetAsync(string setting)
    {
        await using var beside = await ConnectBesideAsync();
        await ScalarAsync(beside, $"alter database {new NpgsqlConnectionStringBuilder(Store.ConnectionString).Database} set {setting}");
    }

    private sealed class ListLogger : ILoggerFactory, ILogger
    {
        private readonly List<string> _messages = [];

        public IReadOnlyList<string> Messages
        {
            get
            {
                lock (_messages)
                {
                    return [.. _messages];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_messages)
            {
                _messages.Add(formatter(state, exception));
            }
        }
    }
}
