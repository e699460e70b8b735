using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Rekindle.Refresh;
using Rekindle.Storage;
using Rekindle.Testing;

namespace Rekindle.Server.Tests.Engine;

/// <summary>A result whose row the database cannot write holds up nobody else's, whatever it does to the connection.</summary>
[Trait("Req", "F4"), Trait("Failure", "F02")]
public sealed class BrokenRowTests
{
    private const int Due = 12;

    [Fact]
    public async Task A_row_that_breaks_the_connection_each_time_holds_up_no_other_of_its_batch()
    {
        await using var database = await (await PostgresServer.GetAsync()).CreateDatabaseAsync();
        await using var engine = await EngineHost.StartAsync(new EngineSettings
        {
            Store = (builder, _) => builder.UsePostgres(options =>
            {
                options.ConnectionString = database.ConnectionString;
                options.LeasesByCallersClock = true;
            }),
        });
        var leased = new List<LeasedRefresh>();
        for (var i = 0; i < Due; i++)
        {
            leased.Add(await engine.LeaseAsync(await engine.ImportAsync($"user-{i}")));
        }

        var broken = leased[Due / 2].Claim.Connection.Id;
        await using var beside = new NpgsqlConnection(database.ConnectionString);
        await beside.OpenAsync();
        await ExecuteAsync(beside, $"""
            create function break_off() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
            create trigger break_off before update on token_sets for each row when (new.connection_id = {broken.Value}) execute function break_off();
            """);
        var queue = engine.Get<CommitQueue>();
        var written = await CommitInOneBatchAsync(engine, beside, queue, leased);
        await engine.UntilAsync(() => Task.FromResult(queue.Waiting == 1), TimeSpan.FromMilliseconds(100));

        Assert.Equal(Due - 1, (await Task.WhenAll(leased.Select(l => engine.ReadAsync(l.Claim.Connection.Id)))).Count(s => s.Tokens!.Version == 2));
        Assert.Equal(1, (await engine.ReadAsync(broken)).Tokens!.Version);

        await ExecuteAsync(beside, "drop trigger break_off on token_sets");
        await engine.UntilAsync(() => Task.FromResult(queue.Waiting == 0), TimeSpan.FromSeconds(1));
        Assert.Contains(CommitResult.Applied, await Task.WhenAll(written));
        Assert.Equal(2, (await engine.ReadAsync(broken)).Tokens!.Version);
    }

    // What comes while a first one cannot be written makes one batch.
    private static async Task<IReadOnlyList<Task<CommitResult>>> CommitInOneBatchAsync(
        EngineHost engine, NpgsqlConnection beside, CommitQueue queue, List<LeasedRefresh> leased)
    {
        await using var transaction = await beside.BeginTransactionAsync();
        await ExecuteAsync(beside, "lock table token_sets in access exclusive mode");
        var written = new List<Task<CommitResult>> { Commit(leased[0]) };
        await engine.UntilAsync(async () => await IsAnybodyWaitingAsync(beside), TimeSpan.Zero);
        written.AddRange(leased.Skip(1).Select(Commit));
        await transaction.RollbackAsync();
        return written;

        Task<CommitResult> Commit(LeasedRefresh leased) => queue.CommitAsync(
            Commits.Success(leased.Claim, engine.Clock.Now, leased.Claim.Tokens.AccessToken, leased.Claim.Tokens.RefreshToken!), urgent: false, cacheStamp: 0);
    }

    private static async Task<bool> IsAnybodyWaitingAsync(NpgsqlConnection beside)
    {
        await using var command = new NpgsqlCommand("select exists (select 1 from pg_locks where not granted and database = (select oid from pg_database where datname = current_database()))", beside);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
