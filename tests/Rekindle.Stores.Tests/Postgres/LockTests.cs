using Npgsql;
using Rekindle.Postgres.Refresh;
using Rekindle.Storage;
using Rekindle.Stores.Tests.Contract;

namespace Rekindle.Stores.Tests.Postgres;

/// <summary>Orders of events that only a database with many writers knows.</summary>
public sealed class LockTests : PostgresTest
{
    private const int Gate = 4711;

    [Fact, Trait("Req", "A11")]
    public async Task Batches_with_the_same_connections_in_opposite_order_do_not_wait_in_a_circle()
    {
        await SeedAsync(Mail, 200, Now);
        var programs = Enumerable.Range(0, 4).Select(_ => OpenAnother()).ToArray();
        for (var round = 0; round < 5; round++)
        {
            var commits = (await ClaimDueAsync(limit: 200)).Select(c => Given.Success(c, Now) with { DueAt = Now }).ToArray();
            RefreshCommit[] backwards = [.. commits.Reverse()];

            var results = await Task.WhenAll(programs.Select((p, i) => Task.Run(() => p.Refresh.CommitAsync(i % 2 == 0 ? commits : backwards, default))));

            Assert.All(results.SelectMany(r => r), r => Assert.Equal(CommitResult.Applied, r));
        }
    }

    [Fact, Trait("Req", "A11")]
    public async Task A_row_that_somebody_else_has_locked_is_passed_over()
    {
        var locked = await ConnectDueAsync();
        var free = await ConnectDueAsync();
        await using var beside = await ConnectBesideAsync();
        await using var transaction = await beside.BeginTransactionAsync();
        await ScalarAsync(beside, $"select 1 from refresh_schedule where connection_id = {locked.Id.Value} for update");

        Assert.Equal(free.Id, Assert.Single(await ClaimDueAsync()).Connection.Id);
    }

    // The statement sees one state of the tables, and the rows it locks may be newer than that.
    [Fact, Trait("Req", "F8"), Trait("Failure", "F23")]
    public async Task A_grant_that_comes_between_a_claim_s_look_and_its_lock_is_not_claimed_with_the_old_tokens()
    {
        var connection = await ConnectDueAsync();
        await using var beside = await ConnectBesideAsync();
        await ScalarAsync(
            beside,
            $"create function gate() returns integer language sql volatile as 'select 1 from (select pg_advisory_xact_lock({Gate})) as passed'");
        await ScalarAsync(beside, $"select pg_advisory_lock({Gate})");

        var claiming = ClaimThroughGateAsync();
        await WaitForGateAsync(beside);
        await Connections.SaveGrantAsync(Given.Grant(Mail, connection.Key.Subject, Now) with { DueAt = Now }, default);
        await ScalarAsync(beside, $"select pg_advisory_unlock({Gate})");

        Assert.Equal(0, await claiming);
        var claim = Assert.Single(await ClaimDueAsync());
        Assert.Equal((2, "refresh-2"), (claim.Tokens.GrantNo, Given.Text(claim.Tokens.RefreshToken)));
    }

    // The statement of claims, held up after it has begun to see and before it looks.
    private async Task<int> ClaimThroughGateAsync()
    {
        await using var session = await ConnectBesideAsync();
        var gated = DueClaims.Statement.Replace("from unnest((select $1", "from (select gate() offset 0) as gate, unnest((select $1", StringComparison.Ordinal);
        Assert.NotEqual(DueClaims.Statement, gated);
        await using var command = new NpgsqlCommand(gated, session);
        object[] parameters =
        [
            new[] { Mail.Id }, new[] { 10 }, new[] { 1 }, new[] { 0L }, new[] { 0L }, Now.ToUnixTimeMilliseconds(), 180_000L, "slow",
            Enumerable.Range(0, 10).Select(_ => Guid.CreateVersion7()).ToArray(),
        ];
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }

        command.Parameters.Add(new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = 0;
        while (await reader.ReadAsync())
        {
            rows++;
        }

        return rows;
    }

    private static async Task WaitForGateAsync(NpgsqlConnection beside)
    {
        while (await ScalarAsync(beside, "select 1 from pg_locks where locktype = 'advisory' and not granted") is null)
        {
            await Task.Yield();
        }
    }
}
